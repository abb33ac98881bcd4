/**
 * One recorder a run. The lock is the operating system's own, on a file that SQLite locks for us on every platform: it
 * goes with its process however that ends, so no lock is ever stale and no process id is ever mistaken for another.
 */
import { existsSync } from "node:fs";
import type { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import { openDatabase, type DatabaseSync } from "../run/sqlite.ts";

/** Takes the lock, to be held until disposed; undefined while another recorder holds it. */
export function takeRecorderLock(directory: RunDirectory): Disposable | undefined {
  let database: DatabaseSync;
  try {
    database = openDatabase(directory.recorderLock, { patience: 500 });
  } catch (error) {
    throw new RunFileError(`Cannot record in ${directory.path}: ${String(error)}. Is the folder writable?`, {
      cause: error,
    });
  }
  const release = () => {
    database.close();
  };
  if (attempt(database, "BEGIN EXCLUSIVE")) return { [Symbol.dispose]: release };
  release();
  return undefined;
}

/** Whether a living recorder follows the run. */
export function isFollowed(directory: RunDirectory): boolean {
  if (!existsSync(directory.recorderLock)) return false;
  const database = openDatabase(directory.recorderLock, { readOnly: true, patience: 0 });
  try {
    return !attempt(database, "SELECT count(*) FROM sqlite_schema");
  } finally {
    database.close();
  }
}

/** False where another process holds the lock. */
function attempt(database: DatabaseSync, statement: string): boolean {
  try {
    database.exec(statement);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("locked")) return false;
    throw error;
  }
}
