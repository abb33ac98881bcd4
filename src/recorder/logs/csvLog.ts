import { parse } from "csv-parse/sync";
import { RunFileError } from "../../run/runFileError.ts";
import { numberOf } from "./consoleLog.ts";
import type { Log } from "./log.ts";
import { roleOf } from "./logNames.ts";
import { logOfRows, type Row } from "./tableLog.ts";

const delimiters = [",", ";", "\t"];

/** What separates the cells of a table with this first line; undefined where it is no header that names a step or an epoch. */
export function delimiterOf(firstLine: string): string | undefined {
  return delimiters.find((delimiter) => {
    const cells = firstLine.split(delimiter).map((cell) => cell.replaceAll('"', "").trim());
    const counted = cells.some((cell) => roleOf(cell) === "step" || roleOf(cell) === "epoch");
    return cells.length > 1 && counted && cells.every((cell) => Number.isNaN(numberOf(cell)));
  });
}

/** Reads a table with a header. Cells that are no numbers are passed over. Throws `RunFileError` where quotes do not close. */
export function readTable(text: string, delimiter: string, place: string): Log {
  let cells: string[][];
  try {
    cells = parse(text, { delimiter, bom: true, trim: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RunFileError(`${place} begins like a table, but cannot be read as one: ${why}`, { cause: error });
  }
  const [header = [], ...lines] = cells;
  const rows = lines.map((line): Row => {
    const named = line.flatMap((cell, column) => {
      const name = header[column] ?? "";
      const value = numberOf(cell);
      return name === "" || (Number.isNaN(value) && !/^[-+]?nan$/i.test(cell)) ? [] : [[name, value] as const];
    });
    return new Map(named);
  });
  return logOfRows(rows, "a table", place);
}
