/** Runs on disk, as the reader thread sees them. Blocks on files, so it belongs in that thread and in tests. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { readManifest } from "../run/manifestFile.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { OutdatedRunFileError } from "../run/runFileError.ts";
import type { LedgerRow, RunReader } from "../run/runRows.ts";
import { isEnded, noVerdicts, type RunListing, type VerdictCounts } from "./runListing.ts";
import { asError } from "./threadChannel.ts";

export interface RunSources {
  reader(directory: RunDirectory): RunReader;
  /** Which of a run's two processes live. */
  life(directory: RunDirectory): Promise<{ readonly training: boolean; readonly recorder: boolean }>;
  /** The step size's limit on `observable` for the optimizer that took the run's last step. */
  threshold(reader: RunReader): { readonly observable: string; readonly value: number } | undefined;
}

/** Milliseconds within which a recorder that has been started takes hold of its run. */
const startingTime = 15_000;

export class StoredRuns {
  readonly #sources: RunSources;
  readonly #now: () => number;
  readonly #listings = new Map<string, { readonly stamp: string; readonly listing: RunListing }>();

  constructor(sources: RunSources, now: () => number = Date.now) {
    this.#sources = sources;
    this.#now = now;
  }

  /** Directories of the runs under `root`, newest first; none where there is no such folder. */
  directories(root: string): string[] {
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
    const names = readdirSync(root).sort().reverse();
    const directories = names.map((name) => path.join(root, name));
    return directories.filter((directory) => stampOf(new RunDirectory(directory).manifest) !== "");
  }

  /** Never throws: what cannot be read says why. Read anew only when its files have changed. */
  async listing(directory: string): Promise<RunListing> {
    const files = new RunDirectory(directory);
    const stamp = [files.manifest, files.runFile, `${files.runFile}-wal`].map(stampOf).join(" ");
    const known = this.#listings.get(directory);
    if (known?.stamp === stamp && isSettled(known.listing)) return known.listing;
    const listing = await this.#read(files);
    this.#listings.set(directory, { stamp, listing });
    return listing;
  }

  async #read(files: RunDirectory): Promise<RunListing> {
    let listing: RunListing = {
      directory: files.path,
      id: path.basename(files.path),
      script: "",
      startedAt: 0,
      status: "starting",
      live: false,
      orphaned: false,
      step: 0,
      loss: undefined,
      sharpness: undefined,
      verdicts: noVerdicts,
      error: "",
      problem: "",
    };
    try {
      const { id, script, startedAt } = readManifest(files);
      listing = { ...listing, id, script, startedAt };
      // Asked before the file is read: a recorder that ends in between has written the end.
      const life = await this.#sources.life(files);
      const read = this.#readFile(this.#sources.reader(files));
      const starting = this.#now() - startedAt < startingTime && !life.recorder && read.status === "starting";
      const ended = isEnded(read.status);
      return {
        ...listing,
        ...read,
        live: !ended && (starting || life.training || life.recorder),
        orphaned: !ended && !starting && !life.recorder,
      };
    } catch (error) {
      // A recorder makes a file of an earlier version anew, and then finds that the run has ended.
      const orphaned = error instanceof OutdatedRunFileError && !(await this.#sources.life(files)).recorder;
      return { ...listing, orphaned, problem: asError(error).message };
    }
  }

  #readFile(reader: RunReader) {
    const { status, step, error, observables } = reader.overview();
    const last = (name: string) => observables.find((observable) => observable.name === name)?.lastValue;
    const threshold = this.#sources.threshold(reader);
    const sharpness = last(threshold?.observable ?? "sharpness/batch");
    return {
      status,
      step,
      error,
      loss: last("loss/train"),
      sharpness: sharpness === undefined ? undefined : { value: sharpness, threshold: threshold?.value },
      verdicts: countVerdicts(reader.ledger()),
    };
  }
}

function countVerdicts(ledger: readonly LedgerRow[]): VerdictCounts {
  const count = (outcome: string) => ledger.filter((row) => (row.verdict?.outcome ?? "pending") === outcome).length;
  return {
    held: count("held"),
    broken: count("broken"),
    outOfRegime: count("out of regime"),
    unresolved: count("unresolved"),
    pending: count("pending"),
  };
}

/** Whether only a change of its files can change what is said of the run. */
function isSettled(listing: RunListing): boolean {
  return listing.problem === "" && isEnded(listing.status);
}

/** Changes whenever the file does; empty where there is none. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}
