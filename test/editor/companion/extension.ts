/** The companion extension: checks the claims when the editor has started, and writes how they went to a file. */
import { renameSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { restrictedClaims, trustedClaims } from "./claims.ts";
import { check, reportVariable } from "./report.ts";

export async function activate(): Promise<void> {
  const file = process.env[reportVariable];
  if (file === undefined) return;
  const report = await check(vscode.workspace.isTrusted ? trustedClaims : restrictedClaims, vscode);
  // Renamed into place, so that nobody reads half of it.
  writeFileSync(`${file}.new`, JSON.stringify(report));
  renameSync(`${file}.new`, file);
}
