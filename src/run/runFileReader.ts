import { existsSync } from "node:fs";
import type { Regime, Verdict } from "../theory/law.ts";
import { bytesOf, numberOf, textOf, type Row } from "./columns.ts";
import { forecastOf, verdictOf } from "./forecastRows.ts";
import { checkManifest, readManifest } from "./manifestFile.ts";
import type { RunDirectory } from "./runDirectory.ts";
import { RunFileError } from "./runFileError.ts";
import type { RunManifest } from "./runManifest.ts";
import type {
  EventRow,
  LawStanding,
  LedgerRow,
  ObservableSummary,
  Reading,
  RunOverview,
  RunReader,
  RunStatus,
  SeriesRequest,
  SeriesSlice,
  VectorRow,
  VectorSummary,
} from "./runRows.ts";
import { checkSchema, isBlank, rebuildAdvice } from "./schema.ts";
import { readReading } from "./readingRows.ts";
import { readSeries } from "./seriesRows.ts";
import { openDatabase, type DatabaseSync } from "./sqlite.ts";

/**
 * Reads one run's file, while it grows or after. The file is opened for each call and closed again: nothing is held that
 * would keep the recorder from closing the file, or anybody from deleting or rebuilding it. Where the run file does not
 * exist yet, the answers are those of a run that has recorded nothing; where the directory is no run, `RunFileError`.
 */
export class RunFileReader implements RunReader {
  readonly #directory: RunDirectory;

  constructor(directory: RunDirectory) {
    this.#directory = directory;
  }

  /** Bytes of the spool that are in the file: its rows are a function of them. */
  revision(): number {
    return this.#read((database) => numberOf(onlyRow(database), "spoolOffset"), 0);
  }

  overview(): RunOverview {
    return (
      this.#read((database) => overviewOf(this.#directory.path, database), undefined) ??
      emptyOverview(this.#directory.path, readManifest(this.#directory))
    );
  }

  series(request: SeriesRequest): SeriesSlice {
    return (
      this.#read((database) => readSeries(database, request), undefined) ?? {
        observable: request.observable,
        level: 0,
        steps: new Float64Array(),
        minimum: new Float64Array(),
        maximum: new Float64Array(),
        last: new Float64Array(),
        count: new Float64Array(),
        notFinite: new Float64Array(),
      }
    );
  }

  reading(observable: string, step: number): Reading | undefined {
    return this.#read((database) => readReading(database, observable, step), undefined);
  }

  vector(name: string, step: number): VectorRow | undefined {
    return this.#read((database) => {
      const row = database
        .prepare("SELECT * FROM vector WHERE name = ? AND step <= ? ORDER BY step DESC, sequence DESC LIMIT 1")
        .get(name, step);
      if (row === undefined) return undefined;
      // Copied: SQLite's bytes need not start where a Float64Array may.
      const values = new Float64Array(bytesOf(row, "amounts").slice().buffer);
      return { name, step: numberOf(row, "step"), values, labels: JSON.parse(textOf(row, "labels")) as string[] };
    }, undefined);
  }

  events(afterSequence: number, limit: number): readonly EventRow[] {
    return this.#read((database) => {
      const rows = database
        .prepare("SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?")
        .all(afterSequence, limit);
      return rows.map((row) => ({
        sequence: numberOf(row, "sequence"),
        kind: textOf(row, "kind"),
        step: numberOf(row, "step"),
        time: numberOf(row, "time"),
        severity: textOf(row, "severity") as EventRow["severity"],
        text: textOf(row, "text"),
        body: textOf(row, "body"),
      }));
    }, []);
  }

  ledger(): readonly LedgerRow[] {
    return this.#read((database) => {
      const verdicts = new Map<string, Verdict>();
      for (const row of database.prepare("SELECT * FROM verdict").all()) {
        verdicts.set(textOf(row, "forecast"), verdictOf(row));
      }
      const rows = database.prepare("SELECT * FROM forecast ORDER BY ordinal").all();
      return rows.map((row) => ({
        forecast: forecastOf(row),
        lawTitle: textOf(row, "lawTitle"),
        lawNumber: textOf(row, "lawNumber"),
        verdict: verdicts.get(textOf(row, "id")),
      }));
    }, []);
  }

  standings(): readonly LawStanding[] {
    return this.#read((database) => {
      const rows = database.prepare("SELECT * FROM standing ORDER BY ordinal").all();
      return rows.map((row) => ({
        law: textOf(row, "law"),
        number: textOf(row, "number"),
        title: textOf(row, "title"),
        area: textOf(row, "area"),
        says: textOf(row, "says"),
        regime: row["regime"] === null ? undefined : (JSON.parse(textOf(row, "regime")) as Regime),
      }));
    }, []);
  }

  [Symbol.dispose](): void {
    // Nothing is held between calls.
  }

  #read<Answer>(use: (database: DatabaseSync) => Answer, absent: Answer): Answer {
    const file = this.#directory.runFile;
    if (!existsSync(file)) return absent;
    let database: DatabaseSync | undefined;
    try {
      database = openDatabase(file, { readOnly: true, patience: 2000 });
      // A recorder that has just made the file has not made its tables yet.
      if (isBlank(database)) return absent;
      checkSchema(database, file);
      return use(database);
    } catch (error) {
      if (error instanceof RunFileError) throw error;
      const because = error instanceof Error ? error.message : String(error);
      throw new RunFileError(`${file} cannot be read (${because}). ${rebuildAdvice}`, { cause: error });
    } finally {
      database?.close();
    }
  }
}

function onlyRow(database: DatabaseSync): Row {
  const row = database.prepare("SELECT * FROM run").get();
  if (row === undefined) throw new RunFileError(`The run file holds no run. ${rebuildAdvice}`);
  return row;
}

function overviewOf(directory: string, database: DatabaseSync): RunOverview {
  const row = onlyRow(database);
  const manifest = checkManifest(JSON.parse(textOf(row, "manifest")), "The run file");
  const observables = database.prepare("SELECT * FROM observable ORDER BY id").all();
  return {
    ...emptyOverview(directory, manifest),
    status: textOf(row, "status") as RunStatus,
    error: textOf(row, "error"),
    step: numberOf(row, "step"),
    seconds: numberOf(row, "seconds"),
    backend: textOf(row, "backend"),
    backendReason: textOf(row, "backendReason"),
    framework: textOf(row, "framework"),
    parameters: numberOf(row, "parameters"),
    optimizer: textOf(row, "optimizer"),
    observables: observables.map(observableOf),
    vectors: vectorSummaries(database),
    revision: numberOf(row, "spoolOffset"),
  };
}

function observableOf(row: Row): ObservableSummary {
  return {
    name: textOf(row, "name"),
    points: numberOf(row, "points"),
    firstStep: numberOf(row, "firstStep"),
    lastStep: numberOf(row, "lastStep"),
    lastValue: numberOf(row, "lastValue"),
    minimum: numberOf(row, "minimum"),
    maximum: numberOf(row, "maximum"),
    notFinite: numberOf(row, "notFinite"),
  };
}

/** By seeking from one name to the next: counting would read every list there is. */
function vectorSummaries(database: DatabaseSync): VectorSummary[] {
  const next = database.prepare(
    "SELECT name, max(step) AS lastStep FROM vector WHERE name = (SELECT min(name) FROM vector WHERE name > ?)",
  );
  const found: VectorSummary[] = [];
  for (let row = next.get(""); row?.["lastStep"] != null; row = next.get(textOf(row, "name"))) {
    found.push({ name: textOf(row, "name"), lastStep: numberOf(row, "lastStep") });
  }
  return found;
}

function emptyOverview(directory: string, manifest: RunManifest): RunOverview {
  return {
    id: manifest.id,
    directory,
    script: manifest.script,
    arguments: manifest.arguments,
    startedAt: manifest.startedAt,
    status: "starting",
    error: "",
    step: 0,
    seconds: 0,
    backend: "",
    backendReason: "",
    framework: "",
    parameters: 0,
    optimizer: "",
    observables: [],
    vectors: [],
    revision: 0,
  };
}
