import { numberOf } from "./columns.ts";
import type { SeriesRequest, SeriesSlice } from "./runRows.ts";
import type { DatabaseSync } from "./sqlite.ts";
import { bucketNumber, coarsestLevel } from "./summary.ts";

/** Reads a stretch of one observable at the finest level that has at most `request.buckets` buckets there. */
export function readSeries(database: DatabaseSync, request: SeriesRequest): SeriesSlice {
  const found = database.prepare("SELECT id FROM observable WHERE name = ?").get(request.observable);
  if (found === undefined) return sliceOf(request.observable, 0, []);
  const id = numberOf(found, "id");
  const limit = Math.max(1, request.buckets);
  // Counting stops at the limit, so that the levels that are too fine cost no more than the one that is read.
  const pointsAreTooMany = database
    .prepare("SELECT 1 FROM point WHERE observable = ? AND step BETWEEN ? AND ? LIMIT 1 OFFSET ?")
    .get(id, request.fromStep, request.toStep, limit);
  if (pointsAreTooMany === undefined) {
    const rows = database
      .prepare(
        `SELECT step AS firstStep, value AS minimum, value AS maximum, value AS last, 1 AS count,
           (value IS NULL OR abs(value) > 1.7976931348623157e308) AS notFinite
         FROM point WHERE observable = ? AND step BETWEEN ? AND ? ORDER BY step, repeat`,
      )
      .all(id, request.fromStep, request.toStep);
    return sliceOf(request.observable, 0, rows);
  }
  const tooMany = database.prepare(
    "SELECT 1 FROM bucket WHERE observable = ? AND level = ? AND number BETWEEN ? AND ? LIMIT 1 OFFSET ?",
  );
  const read = database.prepare(
    "SELECT * FROM bucket WHERE observable = ? AND level = ? AND number BETWEEN ? AND ? ORDER BY number",
  );
  for (let level = 1; ; level++) {
    const first = bucketNumber(request.fromStep, level);
    const last = bucketNumber(request.toStep, level);
    if (level === coarsestLevel || tooMany.get(id, level, first, last, limit) === undefined) {
      return sliceOf(request.observable, level, read.all(id, level, first, last));
    }
  }
}

function sliceOf(observable: string, level: number, rows: readonly Parameters<typeof numberOf>[0][]): SeriesSlice {
  const column = (name: string) => Float64Array.from(rows, (row) => numberOf(row, name));
  return {
    observable,
    level,
    steps: column("firstStep"),
    minimum: column("minimum"),
    maximum: column("maximum"),
    last: column("last"),
    count: column("count"),
    notFinite: column("notFinite"),
  };
}
