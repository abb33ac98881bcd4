/** The thread that reads runs, so that the extension host never waits for a disk. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { importRun } from "../recorder/importRun.ts";
import { isLiving, processMarkSchema } from "../recorder/processMark.ts";
import { isFollowed } from "../recorder/recorderLock.ts";
import { ledgerEntries } from "../run/ledgerEntries.ts";
import { readManifest } from "../run/manifestFile.ts";
import { RunDirectory } from "../run/runDirectory.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import { currentThreshold } from "./currentThreshold.ts";
import { readInlineRun } from "./inline/readInlineRun.ts";
import { lawListings } from "./lawListing.ts";
import type { ReaderService, RunChanged } from "./readerService.ts";
import { StoredRuns } from "./storedRuns.ts";
import { serveThread, type ThreadPort } from "./threadChannel.ts";

/** Milliseconds between two looks at a run that somebody watches: ten announcements a second at most. */
const watchInterval = 100;

function serve(port: ThreadPort): void {
  const stored = new StoredRuns({ reader, life, threshold: currentThreshold });
  const watches = new Map<string, NodeJS.Timeout>();

  const service: ReaderService = {
    runs: (roots) => listings(roots.flatMap((root) => stored.directories(root))),
    listings: (directories) => listings(directories.filter((each) => existsSync(new RunDirectory(each).manifest))),
    overview: (directory) => readerAt(directory).overview(),
    series: (directory, requests) => requests.map((request) => readerAt(directory).series(request)),
    reading: (directory, observable, step) => readerAt(directory).reading(observable, step),
    vector: (directory, name, step) => readerAt(directory).vector(name, step),
    events: (directory, afterSequence, limit) => readerAt(directory).events(afterSequence, limit),
    ledger: (directory) => readerAt(directory).ledger(),
    standings: (directory) => readerAt(directory).standings(),
    inlineRun: (directory) => readInlineRun(readerAt(directory), readManifest(new RunDirectory(directory)), textSince),
    laws: (directories) => lawListings(ledgerEntries(directories.map((each) => new RunDirectory(each))).entries),
    importRun: async (from, runs) => (await importRun(from, runs)).path,
    watch: (directory) => {
      let seen = revisionOf(directory);
      const look = () => {
        const revision = revisionOf(directory);
        if (revision !== seen) announce({ directory, revision } satisfies RunChanged);
        seen = revision;
      };
      clearInterval(watches.get(directory));
      watches.set(directory, setInterval(look, watchInterval));
    },
    unwatch: (directory) => {
      clearInterval(watches.get(directory));
      watches.delete(directory);
    },
  };
  const announce = serveThread(port, service);

  async function listings(directories: readonly string[]) {
    const found = [];
    for (const directory of directories) {
      found.push(await stored.listing(directory));
      // A panel that waits for its curve does not wait for a long list of runs.
      await turn();
    }
    return found;
  }
}

function reader(directory: RunDirectory): RunFileReader {
  return new RunFileReader(directory);
}

function readerAt(directory: string): RunFileReader {
  return reader(new RunDirectory(directory));
}

/** −1 for a run that cannot be read: whoever watches asks for it and is told why. */
function revisionOf(directory: string): number {
  try {
    return readerAt(directory).revision();
  } catch {
    return -1;
  }
}

/** By the time of its last change. */
function textSince(file: string, since: number): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.mtimeMs > since) return undefined;
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

async function life(directory: RunDirectory): Promise<{ training: boolean; recorder: boolean }> {
  return { training: await isTraining(directory), recorder: isFollowed(directory) };
}

async function isTraining(directory: RunDirectory): Promise<boolean> {
  if (!existsSync(directory.trainingLock)) return false;
  const mark = processMarkSchema.safeParse(JSON.parse(readFileSync(directory.trainingLock, "utf8")));
  return mark.success && (await isLiving(mark.data));
}

if (parentPort !== null) serve(parentPort);
