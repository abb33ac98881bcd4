/** Typed access to the rows that SQLite hands out. A column that is missing or of another type is a fault of the file. */
import { RunFileError } from "./runFileError.ts";
import { rebuildAdvice } from "./schema.ts";

export type Row = Readonly<Record<string, null | number | bigint | string | Uint8Array>>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw wrongColumn(column);
  return value;
}

/** A number; NULL is NaN. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (value === null) return Number.NaN;
  if (typeof value !== "number") throw wrongColumn(column);
  return value;
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw wrongColumn(column);
  return value;
}

function wrongColumn(column: string): RunFileError {
  return new RunFileError(`The run file's column "${column}" does not hold what it should. ${rebuildAdvice}`);
}
