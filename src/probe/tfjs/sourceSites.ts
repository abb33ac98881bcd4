import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";
import type { SourceSite } from "../record.ts";

/** Deep enough for a layer that is made by helpers which are made by helpers. */
const depth = 40;

const ownFolder = import.meta.dirname;

/**
 * The place in the user's source that led here: the innermost call that is neither Node's, nor a package's, nor ours.
 * Positions are those of the original source where it is compiled as it is loaded. Undefined where there is no such call.
 *
 * `getCallSites` leaves `Error.prepareStackTrace` and `Error.stackTraceLimit`, which belong to the script, alone.
 */
export function callerSite(): SourceSite | undefined {
  // Source maps are for positions only: a package's own map would make its files look like the user's.
  const sites = getCallSites(depth, { sourceMap: false });
  const index = sites.findIndex(({ scriptName }) => isUsers(pathOf(scriptName)));
  const raw = sites[index];
  if (raw === undefined) return undefined;
  const site = process.sourceMapsEnabled ? (getCallSites(depth, { sourceMap: true })[index] ?? raw) : raw;
  const file = pathOf(site.scriptName) ?? pathOf(raw.scriptName);
  return file === undefined
    ? undefined
    : { file, line: Math.max(1, site.lineNumber), column: Math.max(1, columnOf(site)) };
}

/** Node renamed the property between 22.12 and 23.3. */
function columnOf(site: { readonly columnNumber?: number; readonly column?: number }): number {
  return site.columnNumber ?? site.column ?? 1;
}

function pathOf(scriptName: string): string | undefined {
  if (scriptName.startsWith("file:")) return fileURLToPath(scriptName);
  return /^([/\\]|[A-Za-z]:[/\\])/.test(scriptName) ? scriptName : undefined;
}

function isUsers(file: string | undefined): boolean {
  return file !== undefined && !file.startsWith(ownFolder) && !/[/\\]node_modules[/\\]/.test(file);
}
