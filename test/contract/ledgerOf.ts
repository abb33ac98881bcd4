import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { rebuildRun } from "../../src/recorder/rebuild.ts";
import type { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { makeRun } from "../fault/runFixture.ts";

/** The run that a recorder makes of a spool, in a folder of its own within `folder`. */
export async function recorded(records: readonly SpoolRecord[], folder: string): Promise<RunDirectory> {
  const run = makeRun(mkdtempSync(path.join(folder, "run-")), "");
  writeFileSync(run.spool, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await rebuildRun(run);
  return run;
}

/** The forecasts that are made of a spool, with their verdicts. */
export async function ledgerOf(records: readonly SpoolRecord[]): Promise<ReturnType<RunFileReader["ledger"]>> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-ledger-"));
  try {
    using reader = new RunFileReader(await recorded(records, folder));
    return reader.ledger();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
