/** Node's own SQLite, loaded when it is first needed: an older Node gets a sentence instead of a failed import. */
import { rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type * as nodeSqlite from "node:sqlite";
import { RunFileError } from "./runFileError.ts";

export type { DatabaseSync, StatementSync } from "node:sqlite";

export interface DatabaseOptions {
  readonly readOnly?: boolean;
  /** Milliseconds to wait for another process's lock. */
  readonly patience: number;
}

/** Opens a database file. Throws what SQLite throws: callers know what the file was meant to be. */
export function openDatabase(file: string, options: DatabaseOptions): DatabaseSync {
  const sqlite = process.getBuiltinModule("node:sqlite") as typeof nodeSqlite | undefined;
  if (sqlite === undefined) {
    throw new RunFileError(`Run files need Node 22.15 or newer with SQLite; this is Node ${process.versions.node}.`);
  }
  return new sqlite.DatabaseSync(file, {
    readOnly: options.readOnly ?? false,
    timeout: options.patience,
    enableForeignKeyConstraints: false,
  });
}

/** Removes a database file with SQLite's two helpers beside it. */
export function removeDatabase(file: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
}
