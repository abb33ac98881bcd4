import fc from "fast-check";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bringUpToDate, rebuildRun } from "../../src/recorder/rebuild.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { OutdatedRunFileError, RunFileError } from "../../src/run/runFileError.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import type { RunManifest } from "../../src/run/runManifest.ts";
import { RunWriter } from "../../src/run/runWriter.ts";
import type { SeriesRequest } from "../../src/run/runRows.ts";
import { sampleSpool } from "../fault/runFixture.ts";

const manifest: RunManifest = {
  version: 1,
  id: "run-a",
  script: "/somewhere/train.ts",
  arguments: ["--fast"],
  workingDirectory: "/somewhere",
  startedAt: 1000,
  scriptHash: "00",
  runtime: { executable: "node", version: "24.0.0", arguments: [], environment: {} },
  backend: "auto",
  budget: 0.05,
};

let directory: RunDirectory;

beforeEach(() => {
  directory = new RunDirectory(mkdtempSync(path.join(tmpdir(), "orrery-run-")));
  writeFileSync(directory.manifest, JSON.stringify(manifest));
});

afterEach(() => {
  rmSync(directory.path, { recursive: true, force: true });
});

const everything = { observable: "loss/train", fromStep: 0, toStep: Infinity };

function slice(request: Partial<SeriesRequest> & { buckets: number }) {
  return new RunFileReader(directory).series({ ...everything, ...request });
}

const anyValue = fc.oneof(
  // SQLite has one zero.
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0),
);

describe("run file", () => {
  test("every bucket of every level equals the brute-force summary of its points, over any commits and reopenings", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gap: fc.constantFrom(0, 1, 1, 1, 3, 40, 5000),
            value: anyValue,
            cut: fc.integer({ min: 0, max: 9 }),
          }),
          {
            minLength: 1,
            maxLength: 120,
          },
        ),
        fc.integer({ min: 1, max: 40 }),
        (moves, buckets) => {
          rmSync(directory.runFile, { force: true });
          let writer = RunWriter.open(directory.runFile, manifest);
          let step = 0;
          const points: { step: number; value: number }[] = [];
          for (const { gap, value, cut } of moves) {
            step += gap;
            points.push({ step, value });
            writer.point("loss/train", step, value, 0);
            if (cut <= 1) writer.commit({ offset: points.length, line: points.length });
            if (cut === 0) {
              writer[Symbol.dispose]();
              writer = RunWriter.open(directory.runFile, manifest);
            }
          }
          writer.commit({ offset: points.length, line: points.length });
          writer.finish();
          writer[Symbol.dispose]();

          const read = slice({ buckets });
          const width = 16 ** read.level;
          const groups =
            read.level === 0
              ? points.map((point) => [point])
              : [...Map.groupBy(points, (point) => Math.floor(point.step / width)).values()];
          const finite = (group: typeof points) => group.map((point) => point.value).filter(Number.isFinite);
          expect([...read.steps]).toEqual(groups.map((group) => group[0]?.step));
          expect([...read.last]).toEqual(groups.map((group) => group.at(-1)?.value));
          expect([...read.count]).toEqual(groups.map((group) => group.length));
          expect([...read.notFinite]).toEqual(groups.map((group) => group.length - finite(group).length));
          if (read.level > 0) {
            const extreme = (of: (...values: number[]) => number, group: typeof points) =>
              finite(group).length === 0 ? Number.NaN : of(...finite(group));
            expect([...read.minimum]).toEqual(groups.map((group) => extreme(Math.min, group)));
            expect([...read.maximum]).toEqual(groups.map((group) => extreme(Math.max, group)));
          }
          // The finest level that fits: one level finer has too many buckets.
          if (read.level > 0) {
            const finer =
              read.level === 1
                ? points.length
                : new Set(points.map((point) => Math.floor(point.step / (width / 16)))).size;
            expect(finer).toBeGreaterThan(buckets);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("NaN and the infinities come back as they were written, in points, vectors and verdicts", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    const values = [1, Number.NaN, Infinity, -Infinity, -0.5];
    values.forEach((value, step) => {
      writer.point("loss/train", step, value, 0);
    });
    writer.vector({ name: "hessian/spectrum", step: 3, values: Float64Array.from(values), labels: ["a"] }, 2);
    writer.verdict({
      forecast: "f",
      outcome: "unresolved",
      scoredAt: 4,
      measured: Number.NaN,
      error: Number.NaN,
      skill: -Infinity,
      reason: "",
    });
    writer.commit({ offset: 1, line: 1 });
    const read = slice({ buckets: 100 });
    expect([...read.last]).toEqual(values);
    expect([...read.notFinite]).toEqual([0, 1, 1, 1, 0]);
    expect([...(new RunFileReader(directory).vector("hessian/spectrum", 10)?.values ?? [])]).toEqual(values);
    expect(new RunFileReader(directory).vector("hessian/spectrum", 2)).toBeUndefined();
    writer.vector({ name: "weight/spectrum@a", step: 9, values: Float64Array.of(1), labels: [] }, 3);
    writer.vector({ name: "hessian/spectrum", step: 7, values: Float64Array.of(1), labels: [] }, 4);
    writer.commit({ offset: 2, line: 5 });
    expect(new RunFileReader(directory).overview().vectors).toEqual([
      { name: "hessian/spectrum", lastStep: 7 },
      { name: "weight/spectrum@a", lastStep: 9 },
    ]);
    const [observable] = new RunFileReader(directory).overview().observables;
    expect(observable).toMatchObject({ minimum: -0.5, maximum: 1, notFinite: 3, points: 5, lastValue: -0.5 });
  });

  test("a point comes back with the bound, method, sample and cost of the measurement that it is from", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    const method = "Lanczos, 5 Hessian-vector products, warm start";
    const [first, second] = [
      { cost: 0.25, method, sample: 64 },
      { cost: 0.5, method },
    ];
    writer.measurement(first, 3);
    writer.point("sharpness/batch", 10, 40, 1e-3, 3);
    writer.point("sharpness/gap", 10, 2, Number.NaN, 3);
    writer.measurement(second, 7);
    writer.point("sharpness/batch", 20, 41, 2e-3, 7);
    writer.point("loss/train", 20, 0.5, Number.NaN);
    writer.commit({ offset: 1, line: 8 });
    const reader = new RunFileReader(directory);
    expect(reader.reading("sharpness/batch", 19)).toEqual({ step: 10, value: 40, error: 1e-3, measurement: first });
    expect(reader.reading("sharpness/batch", 20)).toEqual({ step: 20, value: 41, error: 2e-3, measurement: second });
    expect(reader.reading("sharpness/gap", 99)).toEqual({
      step: 10,
      value: 2,
      error: Number.NaN,
      measurement: first,
    });
    expect(reader.reading("loss/train", 99)).toEqual({ step: 20, value: 0.5, error: Number.NaN });
    expect(reader.reading("sharpness/batch", 9)).toBeUndefined();
    expect(reader.reading("sharpness/probe", 99)).toBeUndefined();
  });

  test("observables are listed in the order in which they were first written", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    for (const name of ["weight/norm@stem", "weight/norm@head", "loss/train"]) writer.point(name, 0, 1, Number.NaN);
    writer.commit({ offset: 1, line: 1 });
    const names = new RunFileReader(directory).overview().observables.map(({ name }) => name);
    expect(names).toEqual(["weight/norm@stem", "weight/norm@head", "loss/train"]);
  });

  test("a forecast and its verdict come back whole", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    const forecast = {
      id: "edge@0",
      law: "edge-of-stability",
      subject: "",
      observable: "sharpness/batch",
      statistic: "timeMean" as const,
      issuedAt: 0,
      from: 1,
      to: Infinity,
      low: 0.95,
      central: 1,
      high: 1.1,
      baselines: [],
      assumptions: ["One.", "Two."],
      statement: "It hovers.",
    };
    const verdict = {
      forecast: "edge@0",
      outcome: "held" as const,
      scoredAt: 9,
      measured: 1.01,
      error: 0.1,
      skill: 0.9,
      reason: "It did.",
    };
    writer.forecast(forecast, { title: "Edge", number: "L18" });
    writer.commit({ offset: 1, line: 1 });
    expect(new RunFileReader(directory).ledger()).toEqual([
      { forecast, lawTitle: "Edge", lawNumber: "L18", verdict: undefined },
    ]);
    writer.verdict(verdict);
    writer.commit({ offset: 2, line: 2 });
    expect(new RunFileReader(directory).ledger()[0]?.verdict).toEqual(verdict);
  });

  test("a reader sees nothing of rows that are not committed, and the revision grows with each commit", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    const reader = new RunFileReader(directory);
    writer.point("loss/train", 0, 1, 0);
    writer.commit({ offset: 10, line: 1 });
    const before = reader.revision();
    writer.point("loss/train", 1, 2, 0);
    expect(slice({ buckets: 9 }).steps).toHaveLength(1);
    expect(reader.revision()).toBe(before);
    writer.commit({ offset: 20, line: 2 });
    expect(reader.revision()).toBeGreaterThan(before);
    expect(slice({ buckets: 9 }).steps).toHaveLength(2);
  });

  test("a run without a run file reads as one that has recorded nothing", () => {
    const reader = new RunFileReader(directory);
    expect(reader.overview()).toMatchObject({ id: "run-a", status: "starting", step: 0, observables: [] });
    expect(reader.series({ ...everything, buckets: 5 }).steps).toHaveLength(0);
    expect(reader.ledger()).toEqual([]);
  });

  test.each([
    ["text", Buffer.from("this is no database, and is longer than any header of one would be: ".repeat(20))],
    ["another database", undefined],
  ])("a run.db that is %s gives an error that says to rebuild", (_kind, content) => {
    if (content === undefined) {
      using database = new (process.getBuiltinModule("node:sqlite").DatabaseSync)(directory.runFile);
      database.exec("CREATE TABLE t (x)");
    } else {
      writeFileSync(directory.runFile, content);
    }
    expect(() => new RunFileReader(directory).overview()).toThrow(RunFileError);
    expect(() => new RunFileReader(directory).overview()).toThrow(/orrery rebuild/);
    expect(() => RunWriter.open(directory.runFile, manifest)).toThrow(/orrery rebuild/);
  });

  function asVersion(version: number): void {
    RunWriter.open(directory.runFile, manifest)[Symbol.dispose]();
    const database = new (process.getBuiltinModule("node:sqlite").DatabaseSync)(directory.runFile);
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  }

  test("a file of a later version says so", () => {
    asVersion(999);
    expect(() => new RunFileReader(directory).overview()).toThrow(/another version of Orrery.*999/);
    expect(() => new RunFileReader(directory).overview()).not.toThrow(OutdatedRunFileError);
  });

  test("a file of an earlier version is made anew from the spool, and one of this or a later version is left alone", async () => {
    writeFileSync(directory.spool, sampleSpool(30));
    expect(await rebuildRun(directory)).toBe(false);
    const before = new RunFileReader(directory).overview();
    const stamp = () => statSync(directory.runFile).ino;
    const made = stamp();
    await bringUpToDate(directory);
    expect(stamp()).toBe(made);
    asVersion(1);
    expect(() => new RunFileReader(directory).overview()).toThrow(OutdatedRunFileError);
    await bringUpToDate(directory);
    expect(new RunFileReader(directory).overview()).toEqual(before);
    asVersion(999);
    await bringUpToDate(directory);
    expect(() => new RunFileReader(directory).overview()).toThrow(/999/);
  });

  test("finishing leaves one plain file", () => {
    using writer = RunWriter.open(directory.runFile, manifest);
    writer.point("loss/train", 0, 1, 0);
    writer.commit({ offset: 1, line: 1 });
    expect(writer.finish()).toBe(true);
    expect(process.getBuiltinModule("node:fs").readdirSync(directory.path).sort()).toEqual(["run.db", "run.json"]);
  });
});
