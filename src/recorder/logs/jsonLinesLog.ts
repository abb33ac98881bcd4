import { numberOf } from "./consoleLog.ts";
import type { Log } from "./log.ts";
import { logOfRows, type Row } from "./tableLog.ts";

/** What a line says, or undefined where it is no JSON object. Python writes NaN and the infinities bare, which JSON forbids. */
export function jsonObject(line: string): object | undefined {
  for (const text of [line, line.replace(/(?<=[:[,]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '"$1"')]) {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Reads one JSON object a line; numbers within objects have the names of both, with a slash between. */
export function readJsonLines(text: string, place: string): Log {
  let others = 0;
  const rows = text.split("\n").flatMap((line): readonly Row[] => {
    if (line.trim() === "") return [];
    const object = jsonObject(line);
    if (object === undefined) others += 1;
    return object === undefined ? [] : [new Map(numbersIn(object, ""))];
  });
  const log = logOfRows(rows, "JSON lines", place);
  return others === 0 ? log : { ...log, remarks: [...log.remarks, `${others} lines are no JSON objects: left out.`] };
}

function numbersIn(value: object, prefix: string): readonly (readonly [name: string, value: number])[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (typeof inner === "number") return [[name, inner] as const];
    if (typeof inner === "string" && /^(?:nan|[-+]?inf(?:inity)?)$/i.test(inner))
      return [[name, numberOf(inner)] as const];
    return typeof inner === "object" && inner !== null && !Array.isArray(inner) ? numbersIn(inner, `${name}/`) : [];
  });
}
