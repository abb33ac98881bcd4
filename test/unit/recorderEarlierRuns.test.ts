import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { earlierRuns } from "../../src/recorder/earlierRuns.ts";
import { forecastAt } from "../../src/recorder/forecastAt.ts";
import { readManifest } from "../../src/run/manifestFile.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileError } from "../../src/run/runFileError.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { everyday } from "./streams/everyday.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-earlier-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A spool line needs more than laws do. */
function lineOf(record: HistoryRecord, time: number): string {
  const rest = {
    begin: { protocol: 1, probe: "p", framework: { name: "f", version: "1" }, runtime: "r", device: "d", backend: "b" },
    measure: { cost: 0, method: "m" },
  };
  const extra = record.t === "begin" ? { ...rest.begin, backendReason: "", pid: 1, script: "s" } : {};
  const cost = record.t === "measure" ? rest.measure : {};
  const how = record.t === "objective" || record.t === "data" ? { how: "said" } : {};
  return JSON.stringify({ time, ...extra, ...cost, ...how, ...record });
}

/** A run in the folder that began at a second and, with an end, lasted `seconds`. */
function run(id: string, start: number, seconds: number | undefined, records: readonly HistoryRecord[] = []) {
  const directory = new RunDirectory(path.join(folder, id));
  mkdirSync(directory.path);
  const manifest = {
    ...{ version: 1, id, script: "/s.ts", arguments: [], workingDirectory: "/", startedAt: 1000 * start },
    ...{ scriptHash: "", backend: "auto", budget: 0.05 },
    runtime: { executable: "", version: "", arguments: [], environment: {} },
  };
  writeFileSync(directory.manifest, JSON.stringify(manifest));
  const lines = [
    ...(records[0]?.t === "begin" ? [] : [lineOf({ t: "begin" }, 0)]),
    ...records.map((each) => lineOf(each, 0)),
  ];
  const ended = records.at(-1)?.t === "end";
  if (seconds !== undefined && !ended) lines.push(lineOf({ t: "end", step: 0, how: "finished" }, seconds));
  writeFileSync(directory.spool, lines.map((line) => `${line}\n`).join(""));
  return directory;
}

function earlier(directory: RunDirectory) {
  return earlierRuns(directory, readManifest(directory));
}

const idsOf = (directory: RunDirectory) => earlier(directory)().map(({ runId }) => runId);

describe("the runs that a run's laws may look at", () => {
  test("are those that had ended when it began, oldest first", () => {
    run("2-ended", 20, 5);
    run("1-first", 10, 5);
    run("3-overlaps", 21, 60);
    run("4-endless", 22, undefined);
    const now = run("5-now", 30, 5);
    run("6-later", 40, 1);
    expect(idsOf(now)).toEqual(["1-first", "2-ended"]);
  });

  test("stay the same when runs are added later, and shrink when one is deleted", () => {
    const first = run("1", 10, 1);
    const now = run("3", 30, 5);
    expect(idsOf(now)).toEqual(["1"]);
    run("2", 20, 1);
    expect(idsOf(now)).toEqual(["1"]);
    rmSync(first.path, { recursive: true });
    expect(idsOf(now)).toEqual([]);
    expect(readFileSync(now.earlier, "utf8")).toContain('"1"');
  });

  test("are not hindered by neighbours that are broken, but by a list of our own that is", () => {
    const broken = run("1", 10, 1);
    writeFileSync(broken.manifest, "no JSON");
    const torn = run("2", 11, 1);
    writeFileSync(torn.spool, '{"t":"beg');
    const now = run("3", 30, 5);
    expect(idsOf(now)).toEqual([]);
    writeFileSync(now.earlier, "{}");
    expect(() => earlier(now)).toThrow(RunFileError);
  });

  test("are read only when a law asks", () => {
    const first = run("1", 10, 1);
    const now = run("3", 30, 5);
    const views = earlier(now);
    expect(existsSync(now.earlier)).toBe(true);
    rmSync(first.spool);
    expect(views()).toEqual([]);
  });
});

describe("what the laws would have said at a step", () => {
  test("is made from what was recorded up to it, and scored on the rest", () => {
    const directory = run("1", 10, 1, everyday());
    const { step, rows } = forecastAt(directory, 300);
    expect(step).toBe(300);
    expect(rows.map(({ forecast }) => forecast.issuedAt)).toEqual(rows.map(() => 300));
    const edge = rows.find(({ forecast }) => forecast.law === "edge-of-stability");
    expect(edge?.verdict?.outcome).toBe("held");
    expect(edge?.verdict?.scoredAt).toBeGreaterThan(1000);
  });

  test("is of a run's last step by default, and an error beyond it", () => {
    const directory = run("1", 10, 1, everyday());
    expect(forecastAt(directory).step).toBe(1499);
    expect(() => forecastAt(directory, 2000)).toThrow("has got to step 1500");
  });
});
