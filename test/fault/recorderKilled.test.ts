import fc from "fast-check";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rebuildRun } from "../../src/recorder/rebuild.ts";
import { resumeOrRebuild } from "../../src/recorder/resume.ts";
import { SpoolReader } from "../../src/recorder/spoolReader.ts";
import { readManifest } from "../../src/run/manifestFile.ts";
import type { RunDirectory } from "../../src/run/runDirectory.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { bundleInto, dump, makeRun, sampleSpool, startRecorder, temporaryFolder } from "./runFixture.ts";

let folder: string;
let directory: RunDirectory;
const bundles = temporaryFolder();

beforeAll(() => bundleInto(bundles));

afterAll(() => {
  rmSync(bundles, { recursive: true, force: true });
});

beforeEach(() => {
  folder = temporaryFolder();
  directory = makeRun(folder, "");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Records in this process, committing and crashing after the lines given; a crash loses what is not committed. */
function recordWithCrashes(commits: ReadonlySet<number>, crashes: ReadonlySet<number>): void {
  const manifest = readManifest(directory);
  const crashed = new Set<number>();
  for (;;) {
    const { writer, recording, position } = resumeOrRebuild(directory, manifest);
    using reader = new SpoolReader(directory.spool, position);
    const lines = reader.read();
    const crash = lines.find((line) => crashes.has(line.number) && !crashed.has(line.number))?.number;
    for (const line of lines) {
      if (line.number === crash) break;
      recording.consume(line);
      if (!commits.has(line.number) && !recording.ended) continue;
      writer.facts(recording.facts());
      writer.commit({ offset: line.next, line: line.number + 1 });
    }
    if (recording.ended) writer.finish();
    // Closing rolls back, which is what the next opening does after a crash.
    writer[Symbol.dispose]();
    if (crash === undefined) return;
    crashed.add(crash);
  }
}

describe("a recorder that is killed", () => {
  test("at 50 random moments by SIGKILL leaves the run file that it leaves when it is never killed", async () => {
    writeFileSync(directory.spool, sampleSpool(4000));
    const began = performance.now();
    await startRecorder(bundles, directory).exit;
    const whole = performance.now() - began;
    const undisturbed = dump(directory.runFile);
    let kills = 0;
    for (;;) {
      const { child, exit } = startRecorder(bundles, directory);
      const moment = delay(Math.random() * whole).then(() => "now" as const);
      if (kills < 50 && (await Promise.race([exit, moment])) === "now") child.kill("SIGKILL");
      if ((await exit) === null) {
        kills += 1;
        continue;
      }
      expect(dump(directory.runFile)).toEqual(undisturbed);
      expect(readdirSync(directory.path).filter((name) => name.startsWith("run.db"))).toEqual(["run.db"]);
      if (kills >= 50) break;
      rmSync(directory.runFile);
    }
  });

  test("between any two lines, with commits anywhere, leaves the same run file", async () => {
    const spool = sampleSpool(120);
    const count = spool.split("\n").length - 1;
    writeFileSync(directory.spool, spool);
    await rebuildRun(directory);
    const undisturbed = dump(directory.runFile);
    const someLines = fc.uniqueArray(fc.nat(count - 1), { maxLength: 6 });
    fc.assert(
      fc.property(someLines, someLines, (commits, crashes) => {
        rmSync(directory.runFile);
        recordWithCrashes(new Set(commits), new Set(crashes));
        expect(dump(directory.runFile)).toEqual(undisturbed);
        expect(existsSync(`${directory.runFile}.old-1`)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test("a rebuild of the sample has forecasts, verdicts, faults and every kind of number in it", async () => {
    writeFileSync(directory.spool, sampleSpool(1200));
    await rebuildRun(directory);
    const reader = new RunFileReader(directory);
    expect(reader.overview()).toMatchObject({ status: "finished", step: 1200, parameters: 30, framework: "none 0" });
    expect(reader.ledger().map((row) => [row.lawNumber, row.verdict?.outcome])).toContainEqual(["L09", "held"]);
    const events = reader.events(0, 1000);
    expect(events.filter((event) => event.kind === "fault").length).toBe(4 + 3);
    expect(events.find((event) => event.kind === "fault")?.text).toMatch(/byte \d+, is no record: it is not JSON/);
    expect(reader.overview().observables.find((each) => each.name === "loss/train")?.notFinite).toBe(1);
  });
});
