import type { Forecast, Verdict } from "../theory/law.ts";
import { numberOf } from "./columns.ts";
import { PointWriter } from "./pointWriter.ts";
import type { LawLabel, RowSink, RunFacts } from "./rowSink.ts";
import type { RunManifest } from "./runManifest.ts";
import { RunFileError } from "./runFileError.ts";
import type { EventRow, LawStanding, MeasurementRow, VectorRow } from "./runRows.ts";
import { checkSchema, createTables, isBlank, rebuildAdvice } from "./schema.ts";
import { openDatabase, type DatabaseSync, type StatementSync } from "./sqlite.ts";

/** How far into its spool a run file reaches: the first byte and the first line (from 0) that are not yet in it. */
export interface SpoolPosition {
  readonly offset: number;
  readonly line: number;
}

/**
 * Writes a run file. Rows and the position up to which the spool is in them are committed together, so that after a
 * crash the file holds exactly the rows of the spool's first `position().offset` bytes.
 */
export class RunWriter implements RowSink, Disposable {
  readonly #database: DatabaseSync;
  readonly #points: PointWriter;
  readonly #statements: Readonly<
    Record<
      "measurement" | "method" | "vector" | "event" | "forecast" | "verdict" | "standing" | "facts" | "position",
      StatementSync
    >
  >;
  #inTransaction = false;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#points = new PointWriter(database);
    this.#statements = {
      // A method is said in few ways, some of them thousands of times.
      method: database.prepare("INSERT INTO method (text) VALUES (?) ON CONFLICT DO NOTHING"),
      measurement: database.prepare("INSERT INTO measurement VALUES (?, ?, (SELECT id FROM method WHERE text = ?), ?)"),
      vector: database.prepare("INSERT INTO vector VALUES (?, ?, ?, ?, ?)"),
      event: database.prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"),
      forecast: database.prepare(`INSERT INTO forecast VALUES (NULL${", ?".repeat(17)})`),
      verdict: database.prepare("INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?)"),
      standing: database.prepare("INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?)"),
      facts: database.prepare(
        "UPDATE run SET status = ?, error = ?, step = ?, seconds = ?, backend = ?, backendReason = ?, framework = ?, parameters = ?, optimizer = ?",
      ),
      position: database.prepare("UPDATE run SET spoolOffset = ?, spoolLine = ?"),
    };
  }

  /**
   * Takes up a run file, or makes it where there is none, or one that was never filled. Throws `RunFileError` where the file
   * cannot be written or is none of this version.
   */
  static open(file: string, manifest: RunManifest): RunWriter {
    let database: DatabaseSync | undefined;
    try {
      database = openDatabase(file, { patience: 5000 });
      if (isBlank(database)) createTables(database, JSON.stringify(manifest));
      checkSchema(database, file);
      // A derived file need not survive a power cut to the last row, only stay consistent.
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      return new RunWriter(database);
    } catch (error) {
      database?.close();
      throw unusable(file, error);
    }
  }

  position(): SpoolPosition {
    const row = this.#database.prepare("SELECT spoolOffset, spoolLine FROM run").get() ?? {};
    return { offset: numberOf(row, "spoolOffset"), line: numberOf(row, "spoolLine") };
  }

  /** How many rows of each countable kind there are: tells whether reading the spool again gives the same. */
  counts(): { readonly events: number; readonly forecasts: number; readonly verdicts: number } {
    const count = (table: string) =>
      numberOf(this.#database.prepare(`SELECT count(*) AS n FROM ${table} `).get() ?? {}, "n");
    return { events: count("event WHERE sequence > 1"), forecasts: count("forecast"), verdicts: count("verdict") };
  }

  point(observable: string, step: number, value: number, error: number, measurement?: number): void {
    this.#begin();
    this.#points.add(observable, step, value, error, measurement);
  }

  measurement({ cost, method, sample }: MeasurementRow, line: number): void {
    this.#begin();
    this.#statements.method.run(method);
    this.#statements.measurement.run(line, cost, method, sample ?? null);
  }

  vector(row: VectorRow, sequence: number): void {
    this.#begin();
    const { buffer, byteOffset, byteLength } = row.values;
    const amounts = new Uint8Array(buffer, byteOffset, byteLength);
    this.#statements.vector.run(row.name, row.step, sequence, amounts, JSON.stringify(row.labels));
  }

  event(row: EventRow): void {
    this.#begin();
    this.#statements.event.run(row.sequence, row.kind, row.step, row.time, row.severity, row.text, row.body);
  }

  forecast(forecast: Forecast, law: LawLabel): void {
    this.#begin();
    this.#statements.forecast.run(
      forecast.id,
      forecast.law,
      law.title,
      law.number,
      forecast.subject,
      forecast.observable,
      forecast.statistic,
      forecast.issuedAt,
      forecast.from,
      forecast.to,
      forecast.low,
      forecast.central,
      forecast.high,
      forecast.isBound === true ? 1 : 0,
      JSON.stringify(forecast.baselines),
      JSON.stringify(forecast.assumptions),
      forecast.statement,
    );
  }

  verdict(verdict: Verdict): void {
    this.#begin();
    const { forecast, outcome, scoredAt, measured, error, skill, reason } = verdict;
    this.#statements.verdict.run(forecast, outcome, scoredAt, measured, error, skill, reason);
  }

  standing(standing: LawStanding, ordinal: number): void {
    this.#begin();
    const { law, number, title, area, says, regime } = standing;
    this.#statements.standing.run(
      ordinal,
      law,
      number,
      title,
      area,
      says,
      regime === undefined ? null : JSON.stringify(regime),
    );
  }

  facts(facts: RunFacts): void {
    this.#begin();
    this.#statements.facts.run(
      facts.status,
      facts.error,
      facts.step,
      facts.seconds,
      facts.backend,
      facts.backendReason,
      facts.framework,
      facts.parameters,
      facts.optimizer,
    );
  }

  /** Makes everything since the last commit visible and lasting. */
  commit(position: SpoolPosition): void {
    this.#begin();
    this.#points.flush();
    this.#statements.position.run(position.offset, position.line);
    this.#database.exec("COMMIT");
    this.#inTransaction = false;
  }

  /**
   * Leaves one plain file, without a write-ahead log beside it. False while somebody reads it: the file is complete all
   * the same, and the caller may try again.
   */
  finish(): boolean {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    try {
      return this.#database.prepare("PRAGMA journal_mode = DELETE").get()?.["journal_mode"] === "delete";
    } catch (error) {
      if (error instanceof Error && error.message.includes("locked")) return false;
      throw error;
    }
  }

  /** Rows since the last commit are given up. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #begin(): void {
    if (this.#inTransaction) return;
    this.#database.exec("BEGIN IMMEDIATE");
    this.#inTransaction = true;
  }
}

function unusable(file: string, error: unknown): RunFileError {
  if (error instanceof RunFileError) return error;
  const because = error instanceof Error ? error.message : String(error);
  return new RunFileError(`${file} cannot be used as a run file (${because}). ${rebuildAdvice}`, { cause: error });
}
