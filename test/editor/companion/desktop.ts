/** The same claims for the desktop editor's own test host, which calls `run` and takes a rejection as a failure. */
import * as vscode from "vscode";
import { trustedClaims } from "./claims.ts";
import { check } from "./report.ts";

export async function run(): Promise<void> {
  const report = Object.entries(await check(trustedClaims, vscode));
  for (const [claim, wrong] of report)
    console.log(wrong === null ? `  passed: ${claim}` : `  FAILED: ${claim}\n${wrong}`);
  const failed = report.filter(([, wrong]) => wrong !== null).length;
  console.log(`${report.length - failed} passed, ${failed} failed`);
  if (failed > 0) throw new Error(`${failed} claims failed.`);
}
