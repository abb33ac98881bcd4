/** The companion extension: checks the claims when the editor has started, and writes how they went to a file. */
import { renameSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { extension, restrictedClaims, trustedClaims } from "./claims.ts";
import { activationVariable, check, reportVariable } from "./report.ts";

export async function activate(): Promise<void> {
  const timing = process.env[activationVariable];
  if (timing !== undefined) write(timing, String((await extension(vscode).activate()).activation));
  const file = process.env[reportVariable];
  if (file === undefined) return;
  write(file, JSON.stringify(await check(vscode.workspace.isTrusted ? trustedClaims : restrictedClaims, vscode)));
}

/** Renamed into place, so that nobody reads half of it. */
function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
