import { numberOf, textOf } from "./columns.ts";
import type { DatabaseSync, StatementSync } from "./sqlite.ts";
import { addPoint, bucketNumber, bucketOf, coarsestLevel, type Bucket } from "./summary.ts";

/** One observable's summary and, per level from 1, the bucket that its next point may still fall into. */
interface Column {
  readonly id: number;
  readonly summary: Omit<Bucket, "number" | "firstStep">;
  firstStep: number;
  lastStep: number;
  /** Points at `lastStep` before the last one: one step may be measured twice. */
  repeats: number;
  readonly open: Bucket[];
  changed: boolean;
}

/** Writes points and keeps their summaries. What it remembers between commits is in the file after each. */
export class PointWriter {
  readonly #columns = new Map<string, Column>();
  readonly #insertObservable: StatementSync;
  readonly #updateObservable: StatementSync;
  readonly #insertPoint: StatementSync;
  readonly #putBucket: StatementSync;

  /** Takes up the columns that the file holds. */
  constructor(database: DatabaseSync) {
    this.#insertObservable = database.prepare("INSERT INTO observable VALUES (?, ?, 0, 0, 0, NULL, NULL, NULL, 0, 0)");
    this.#updateObservable = database.prepare(
      "UPDATE observable SET points = ?, firstStep = ?, lastStep = ?, lastValue = ?, minimum = ?, maximum = ?, notFinite = ?, repeats = ? WHERE id = ?",
    );
    this.#insertPoint = database.prepare("INSERT INTO point VALUES (?, ?, ?, ?, ?, ?)");
    this.#putBucket = database.prepare("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#load(database);
  }

  add(observable: string, step: number, value: number, error: number, measurement?: number): void {
    const column = this.#columns.get(observable) ?? this.#begin(observable, step);
    column.repeats = column.summary.count > 0 && step === column.lastStep ? column.repeats + 1 : 0;
    column.lastStep = step;
    column.changed = true;
    addPoint(column.summary, value);
    this.#insertPoint.run(column.id, step, column.repeats, value, error, measurement ?? null);
    for (let level = 1; level <= coarsestLevel; level++) {
      const bucket = column.open[level - 1];
      if (bucket?.number === bucketNumber(step, level)) {
        addPoint(bucket, value);
        continue;
      }
      if (bucket !== undefined) this.#write(column, bucket, level);
      column.open[level - 1] = bucketOf(step, level, value);
    }
  }

  /** Brings summaries and open buckets in the file up to the last point; called within the transaction that ends. */
  flush(): void {
    for (const column of this.#columns.values()) {
      if (!column.changed) continue;
      column.changed = false;
      const { count, last, minimum, maximum, notFinite } = column.summary;
      this.#updateObservable.run(
        count,
        column.firstStep,
        column.lastStep,
        last,
        minimum,
        maximum,
        notFinite,
        column.repeats,
        column.id,
      );
      column.open.forEach((bucket, index) => {
        this.#write(column, bucket, index + 1);
      });
    }
  }

  #write(column: Column, bucket: Bucket, level: number): void {
    this.#putBucket.run(
      column.id,
      level,
      bucket.number,
      bucket.firstStep,
      bucket.minimum,
      bucket.maximum,
      bucket.last,
      bucket.count,
      bucket.notFinite,
    );
  }

  #begin(observable: string, step: number): Column {
    const column: Column = {
      id: this.#columns.size + 1,
      summary: { minimum: Number.NaN, maximum: Number.NaN, last: Number.NaN, count: 0, notFinite: 0 },
      firstStep: step,
      lastStep: step,
      repeats: 0,
      open: [],
      changed: true,
    };
    this.#columns.set(observable, column);
    this.#insertObservable.run(column.id, observable);
    return column;
  }

  #load(database: DatabaseSync): void {
    const newest = database.prepare(
      "SELECT * FROM bucket WHERE observable = ? AND level = ? ORDER BY number DESC LIMIT 1",
    );
    for (const row of database.prepare("SELECT * FROM observable ORDER BY id").all()) {
      const id = numberOf(row, "id");
      const open: Bucket[] = [];
      for (let level = 1; level <= coarsestLevel; level++) {
        const bucket = newest.get(id, level);
        if (bucket !== undefined) {
          open.push({
            number: numberOf(bucket, "number"),
            firstStep: numberOf(bucket, "firstStep"),
            ...summaryOf(bucket),
          });
        }
      }
      this.#columns.set(textOf(row, "name"), {
        id,
        summary: summaryOf({ ...row, last: row["lastValue"] ?? null, count: row["points"] ?? null }),
        firstStep: numberOf(row, "firstStep"),
        lastStep: numberOf(row, "lastStep"),
        repeats: numberOf(row, "repeats"),
        open,
        changed: false,
      });
    }
  }
}

function summaryOf(row: Parameters<typeof numberOf>[0]): Omit<Bucket, "number" | "firstStep"> {
  return {
    minimum: numberOf(row, "minimum"),
    maximum: numberOf(row, "maximum"),
    last: numberOf(row, "last"),
    count: numberOf(row, "count"),
    notFinite: numberOf(row, "notFinite"),
  };
}
