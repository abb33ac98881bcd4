import type { Entry } from "../theory/lawRecord.ts";
import type { RunDirectory } from "./runDirectory.ts";
import { RunFileError } from "./runFileError.ts";
import { RunFileReader } from "./runFileReader.ts";

/** Every forecast of some runs; of those that cannot be read, only their number. */
export function ledgerEntries(directories: readonly RunDirectory[]): {
  readonly entries: readonly Entry[];
  readonly unreadable: number;
} {
  const entries: Entry[] = [];
  let unreadable = 0;
  for (const directory of directories) {
    try {
      using reader = new RunFileReader(directory);
      entries.push(...reader.ledger().map((row) => ({ run: directory.path, ...row })));
    } catch (error) {
      if (!(error instanceof RunFileError)) throw error;
      unreadable++;
    }
  }
  return { entries, unreadable };
}
