/** What runs a script, by the ending of its name. Light enough to be loaded where nothing is run yet. */
import path from "node:path";

const commonScripts: readonly string[] = [".js", ".mjs", ".cjs"];
const typedScripts: readonly string[] = [".ts", ".mts", ".cts"];
const pythonScripts: readonly string[] = [".py"];

export const scriptEndings: readonly string[] = [...commonScripts, ...typedScripts, ...pythonScripts];

/** Whether Node has to compile it first. */
export function isTyped(script: string): boolean {
  return typedScripts.includes(path.extname(script));
}

export function isPython(script: string): boolean {
  return pythonScripts.includes(path.extname(script));
}

export function isForNode(script: string): boolean {
  return commonScripts.includes(path.extname(script)) || isTyped(script);
}
