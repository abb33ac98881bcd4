import { existsSync } from "node:fs";
import type { SpoolRecord } from "../probe/record.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { SpoolReader } from "./spoolReader.ts";
import { parseLine, stepOf } from "./spoolRecord.ts";

/**
 * The records of a spool as far as it goes, up to the run's end. Lines that are no records, and records that go back in time,
 * are left out, as they are where a run is recorded.
 */
export function* recordsOf(directory: RunDirectory): Generator<SpoolRecord> {
  if (!existsSync(directory.spool)) return;
  using reader = new SpoolReader(directory.spool, { offset: 0, line: 0 });
  let step = 0;
  for (let lines = reader.read(); lines.length > 0; lines = reader.read()) {
    for (const line of lines) {
      const parsed = parseLine(line.text);
      if (parsed.is !== "record") continue;
      const { record } = parsed;
      const at = stepOf(record) ?? step;
      if (at < step && record.t !== "end") continue;
      step = Math.max(step, at);
      yield record;
      if (record.t === "end") return;
    }
  }
}
