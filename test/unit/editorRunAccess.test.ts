import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isEnded, shownStatus } from "../../src/editor/runListing.ts";
import { StoredRuns, type RunSources } from "../../src/editor/storedRuns.ts";
import { WorkerRunAccess } from "../../src/editor/workerRunAccess.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import type { RunManifest } from "../../src/run/runManifest.ts";
import type { RunStatus } from "../../src/run/runRows.ts";
import { RunWriter } from "../../src/run/runWriter.ts";
import type { Forecast, Outcome } from "../../src/theory/law.ts";

const startedAt = Date.UTC(2026, 0, 1);
const thread = path.join(import.meta.dirname, "../../src/editor/readerWorker.ts");

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "orrery-access-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function makeRun(id: string): { directory: RunDirectory; manifest: RunManifest } {
  const directory = new RunDirectory(path.join(root, id));
  mkdirSync(directory.path);
  const manifest: RunManifest = {
    version: 1,
    id,
    script: "/somewhere/train.ts",
    arguments: [],
    workingDirectory: "/somewhere",
    startedAt,
    scriptHash: "00",
    runtime: { executable: "node", version: "24.0.0", arguments: [], environment: {} },
    backend: "auto",
    budget: 0.05,
  };
  writeFileSync(directory.manifest, JSON.stringify(manifest));
  return { directory, manifest };
}

function forecast(id: string): Forecast {
  return {
    id,
    law: "edge-of-stability",
    subject: "",
    observable: "sharpness/batch",
    statistic: "timeMean",
    issuedAt: 0,
    from: 1,
    to: 9,
    low: 1,
    central: 2,
    high: 3,
    baselines: [{ kind: "persistence", value: 1 }],
    assumptions: [],
    statement: "",
  };
}

function write(id: string, status: RunStatus, losses: readonly number[], outcomes: readonly Outcome[] = []) {
  const { directory, manifest } = makeRun(id);
  append(directory, manifest, status, losses, outcomes, 0);
  return directory;
}

function append(
  directory: RunDirectory,
  manifest: RunManifest,
  status: RunStatus,
  losses: readonly number[],
  outcomes: readonly Outcome[],
  from: number,
) {
  using writer = RunWriter.open(directory.runFile, manifest);
  for (const [index, loss] of losses.entries()) writer.point("loss/train", from + index, loss, 0);
  for (const outcome of outcomes) {
    const { id } = forecast(`f${outcomes.indexOf(outcome)}`);
    writer.forecast(forecast(id), { title: "Edge of stability", number: "L18" });
    writer.verdict({ forecast: id, outcome, scoredAt: 9, measured: 2, error: 0, skill: 1, reason: "" });
  }
  const step = from + losses.length;
  const known = { backend: "cpu", backendReason: "", framework: "", parameters: 3, optimizer: "sgd" };
  writer.facts({ status, error: "", step, seconds: 1, ...known });
  writer.commit({ offset: 100 * (step + 1), line: step });
  if (isEnded(status)) writer.finish();
}

function stored(some: Partial<RunSources> = {}, now = startedAt + 1e9): StoredRuns {
  const sources: RunSources = {
    reader: (directory) => new RunFileReader(directory),
    life: () => Promise.resolve({ training: false, recorder: false }),
    threshold: () => undefined,
    ...some,
  };
  return new StoredRuns(sources, () => now);
}

describe("a listing", () => {
  test("gives status, step, loss and verdicts of a finished run", async () => {
    const { path: directory } = write("a", "finished", [2, 1, 0.5], ["held", "broken"]);
    expect(await stored().listing(directory)).toMatchObject({
      id: "a",
      script: "/somewhere/train.ts",
      status: "finished",
      live: false,
      orphaned: false,
      step: 3,
      loss: 0.5,
      verdicts: { held: 1, broken: 1, pending: 0 },
      problem: "",
    });
  });

  test("of a run whose file is of an earlier version asks for a recorder, which makes it anew", async () => {
    const directory = write("old", "finished", [1]);
    using database = new (process.getBuiltinModule("node:sqlite").DatabaseSync)(directory.runFile);
    database.exec("PRAGMA user_version = 1");
    expect(await stored().listing(directory.path)).toMatchObject({ orphaned: true, live: false });
    const followed = stored({ life: () => Promise.resolve({ training: false, recorder: true }) });
    expect(await followed.listing(directory.path)).toMatchObject({ orphaned: false });
  });

  test("of a run whose loss is NaN says so", async () => {
    const { path: directory } = write("a", "diverged", [2, Number.NaN]);
    expect((await stored().listing(directory)).loss).toBeNaN();
  });

  test("of a run that has just been started is live though no process of it is seen yet", async () => {
    const { directory } = makeRun("a");
    const listing = await stored({}, startedAt + 1000).listing(directory.path);
    expect(listing).toMatchObject({ status: "starting", live: true, orphaned: false });
  });

  test("of a run that never got a recorder is not live for ever", async () => {
    const { directory } = makeRun("a");
    const listing = await stored({}, startedAt + 60_000).listing(directory.path);
    expect(listing).toMatchObject({ live: false, orphaned: true });
    expect(shownStatus(listing)).toBe("interrupted");
  });

  test("of a run whose recorder died while training goes on is live, and asks for a recorder", async () => {
    const { path: directory } = write("a", "running", [2, 1]);
    const life = () => Promise.resolve({ training: true, recorder: false });
    expect(await stored({ life }).listing(directory)).toMatchObject({ live: true, orphaned: true });
  });

  test("of a run whose file is no database says what to do, and keeps what run.json says", async () => {
    const { directory } = makeRun("a");
    writeFileSync(directory.runFile, "this is no database, it is a text of more than sixteen bytes");
    const listing = await stored().listing(directory.path);
    expect(listing.problem).toContain("orrery rebuild");
    expect(listing.script).toBe("/somewhere/train.ts");
    expect(shownStatus(listing)).toBe("unreadable");
  });

  test("of a directory with a damaged run.json says so", async () => {
    const { directory } = makeRun("a");
    writeFileSync(directory.manifest, "{");
    expect((await stored().listing(directory.path)).problem).toContain("run.json");
  });

  test("of an ended run is not read twice, and is read again when its file changes", async () => {
    const { directory, manifest } = makeRun("a");
    append(directory, manifest, "finished", [1], [], 0);
    let reads = 0;
    const runs = stored({
      reader: (each) => {
        reads += 1;
        return new RunFileReader(each);
      },
    });
    await runs.listing(directory.path);
    await runs.listing(directory.path);
    expect(reads).toBe(1);
    append(directory, manifest, "failed", [2], [], 1);
    expect((await runs.listing(directory.path)).status).toBe("failed");
  });
});

test("runs are found newest first; files and folders that are no runs are passed over", () => {
  makeRun("2026-01-01T00-00-00-aaaa");
  makeRun("2026-01-02T00-00-00-bbbb");
  mkdirSync(path.join(root, "empty"));
  writeFileSync(path.join(root, ".gitignore"), "*\n");
  const names = stored()
    .directories(root)
    .map((directory) => path.basename(directory));
  expect(names).toEqual(["2026-01-02T00-00-00-bbbb", "2026-01-01T00-00-00-aaaa"]);
  expect(stored().directories(path.join(root, "absent"))).toEqual([]);
});

describe("through the reader thread", () => {
  const problems: Error[] = [];
  let access: WorkerRunAccess;

  beforeEach(() => {
    problems.length = 0;
    access = new WorkerRunAccess(thread, (error) => problems.push(error));
  });

  afterEach(() => {
    access.dispose();
  });

  test("a finished run is read with no process but this one, NaN kept", async () => {
    const { path: directory } = write("a", "diverged", [2, Number.NaN, 1], ["held"]);
    const run = access.open(directory);
    expect(await run.overview()).toMatchObject({ status: "diverged", step: 3 });
    const [slice] = await run.series([{ observable: "loss/train", fromStep: 0, toStep: 10, buckets: 100 }]);
    expect(slice?.last).toEqual(Float64Array.of(2, Number.NaN, 1));
    expect(await run.ledger()).toHaveLength(1);
    expect(await run.events(0, 10)).toEqual([]);
    expect(await run.standings()).toEqual([]);
    expect(await run.vector("hessian/spectrum", 1)).toBeUndefined();
    expect((await access.runs([root])).map((each) => each.id)).toEqual(["a"]);
  });

  test("a run without a run file yet is one that is starting", async () => {
    const { directory } = makeRun("a");
    expect(await access.open(directory.path).overview()).toMatchObject({ status: "starting", observables: [] });
  });

  test("what cannot be read rejects with a RunFileError that says what to do", async () => {
    const { directory } = makeRun("a");
    writeFileSync(directory.runFile, "this is no database, it is a text of more than sixteen bytes");
    await expect(access.open(directory.path).overview()).rejects.toMatchObject({
      name: "RunFileError",
      message: expect.stringContaining("rebuild") as string,
    });
  });

  test("whoever listens is told of a change, and whoever has stopped is not", async () => {
    const { directory, manifest } = makeRun("a");
    append(directory, manifest, "running", [1], [], 0);
    const run = access.open(directory.path);
    const stopped: number[] = [];
    run.onDidChange((revision) => stopped.push(revision)).dispose();
    const { promise, resolve } = Promise.withResolvers<number>();
    run.onDidChange(resolve);
    // Answers come in the order of the questions, so the watch is on once this one is there.
    await run.overview();
    append(directory, manifest, "running", [1, 1], [], 1);
    expect(await promise).toBe(400);
    run.dispose();
    expect(stopped).toEqual([]);
  });

  test("a thread that cannot start fails the question, is reported, and nothing else breaks", async () => {
    const broken = new WorkerRunAccess(path.join(root, "absent.mjs"), (error) => problems.push(error));
    await expect(broken.open(root).overview()).rejects.toThrow("absent.mjs");
    expect(problems).toHaveLength(1);
    broken.dispose();
  });
});
