import { once } from "node:events";
import { watch } from "node:fs";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { readRecords } from "./probeRun.ts";

/** Waits until a run's spool holds what is looked for. */
export async function awaitRecords(
  directory: string,
  found: (records: readonly SpoolRecord[]) => boolean,
): Promise<void> {
  const watcher = watch(directory);
  try {
    while (!found(readRecords(directory))) await once(watcher, "change");
  } finally {
    watcher.close();
  }
}
