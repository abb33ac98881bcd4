/** The tables of a run file, and how a file is known to be one. */
import { OutdatedRunFileError, RunFileError } from "./runFileError.ts";
import type { DatabaseSync } from "./sqlite.ts";

/** Goes up with every change of the tables or of what their columns mean; older files are rebuilt from the spool. */
const schemaVersion = 4;

/** "ORRY": tells a run file from any other SQLite database. */
const applicationId = 0x4f525259;

/**
 * NaN is stored as NULL, which is what SQLite makes of it; columns of numbers have no other use for NULL. Infinities are
 * stored as they are.
 */
const tables = `
  CREATE TABLE run (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    manifest TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL,
    step INTEGER NOT NULL,
    seconds REAL NOT NULL,
    backend TEXT NOT NULL,
    backendReason TEXT NOT NULL,
    framework TEXT NOT NULL,
    parameters INTEGER NOT NULL,
    optimizer TEXT NOT NULL,
    spoolOffset INTEGER NOT NULL,
    spoolLine INTEGER NOT NULL
  );
  CREATE TABLE observable (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    points INTEGER NOT NULL,
    firstStep INTEGER NOT NULL,
    lastStep INTEGER NOT NULL,
    lastValue REAL,
    minimum REAL,
    maximum REAL,
    notFinite INTEGER NOT NULL,
    repeats INTEGER NOT NULL
  );
  CREATE TABLE point (
    observable INTEGER NOT NULL,
    step INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    value REAL,
    error REAL,
    measurement INTEGER,
    PRIMARY KEY (observable, step, repeat)
  ) WITHOUT ROWID;
  CREATE TABLE measurement (
    line INTEGER PRIMARY KEY,
    cost REAL NOT NULL,
    method INTEGER NOT NULL,
    sample INTEGER
  );
  CREATE TABLE method (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  );
  CREATE TABLE bucket (
    observable INTEGER NOT NULL,
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    firstStep INTEGER NOT NULL,
    minimum REAL,
    maximum REAL,
    last REAL,
    count INTEGER NOT NULL,
    notFinite INTEGER NOT NULL,
    PRIMARY KEY (observable, level, number)
  ) WITHOUT ROWID;
  CREATE TABLE vector (
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    amounts BLOB NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (name, step, sequence)
  ) WITHOUT ROWID;
  CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    step INTEGER NOT NULL,
    time REAL NOT NULL,
    severity TEXT NOT NULL,
    text TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE TABLE forecast (
    ordinal INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    law TEXT NOT NULL,
    lawTitle TEXT NOT NULL,
    lawNumber TEXT NOT NULL,
    subject TEXT NOT NULL,
    observable TEXT NOT NULL,
    statistic TEXT NOT NULL,
    issuedAt INTEGER NOT NULL,
    fromStep REAL NOT NULL,
    toStep REAL NOT NULL,
    low REAL NOT NULL,
    central REAL NOT NULL,
    high REAL NOT NULL,
    isBound INTEGER NOT NULL,
    baselines TEXT NOT NULL,
    assumptions TEXT NOT NULL,
    statement TEXT NOT NULL
  );
  CREATE TABLE verdict (
    forecast TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    scoredAt INTEGER NOT NULL,
    measured REAL,
    error REAL,
    skill REAL,
    reason TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE standing (
    ordinal INTEGER NOT NULL,
    law TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    area TEXT NOT NULL,
    says TEXT NOT NULL,
    regime TEXT
  ) WITHOUT ROWID;
`;

/** Whether the database has no tables at all: it was just made, or its maker died before it had filled it. */
export function isBlank(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** Makes the tables in a blank database and enters the run, all or nothing. */
export function createTables(database: DatabaseSync, manifest: string): void {
  database.exec(`BEGIN; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion};`);
  database.prepare("INSERT INTO run VALUES (1, ?, 'starting', '', 0, 0, '', '', '', 0, '', 0, 0)").run(manifest);
  database.exec("COMMIT");
}

/** Throws `RunFileError` unless the database is a run file of this version, and `OutdatedRunFileError` where it is of an earlier one. */
export function checkSchema(database: DatabaseSync, file: string): void {
  const application = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (application !== applicationId) {
    throw new RunFileError(`${file} is not a run file of Orrery. ${rebuildAdvice}`);
  }
  if (version !== schemaVersion) {
    const Fault = version < schemaVersion ? OutdatedRunFileError : RunFileError;
    throw new Fault(
      `${file} was written by another version of Orrery (its tables are version ${version}, these are ${schemaVersion}). ${rebuildAdvice}`,
    );
  }
}

/** What to do about every run file that cannot be read: the spool beside it holds all there is to know. */
export const rebuildAdvice = "Rebuild it from the run's spool: `orrery rebuild <run>`.";

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
