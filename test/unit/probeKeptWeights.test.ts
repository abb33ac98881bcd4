import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, WeightsFolder } from "../../src/probe/tfjs/keptWeights.ts";

let workspace = "";

beforeEach(() => {
  workspace = mkdtempSync(path.join(tmpdir(), "orrery-weights-"));
});

afterEach(() => {
  rmSync(workspace, { recursive: true });
});

function folderOf(run: string): WeightsFolder {
  mkdirSync(path.join(workspace, run), { recursive: true });
  return new WeightsFolder(path.join(workspace, run));
}

const start = fingerprintOf(Float32Array.of(0.1, 0.2, 0.3));
const weights = Float32Array.of(1.5, -0, 1e-40, Number.NaN, Infinity);

describe("weights that runs keep for each other", () => {
  it("are read again bit for bit, by runs that began at the same ones", () => {
    folderOf("one").write(weights, 7, start);
    const other = folderOf("other");
    const found = other.alike(start);
    expect(found).toEqual([{ run: "one", steps: [7], first: start, count: 5, version: 1 }]);
    const [kept] = found;
    const read = kept && other.read(kept, 7);
    expect([...new Uint8Array(read?.buffer ?? new ArrayBuffer(0))]).toEqual([...new Uint8Array(weights.buffer)]);
    expect(other.alike(fingerprintOf(Float32Array.of(0.1, 0.2, 0.4)))).toEqual([]);
  });

  it("are those of other runs, the newest run first", () => {
    for (const run of ["2026-01-03", "2026-01-01", "2026-01-02"]) folderOf(run).write(weights, 1, start);
    expect(
      folderOf("2026-01-02")
        .alike(start)
        .map(({ run }) => run),
    ).toEqual(["2026-01-03", "2026-01-01"]);
  });

  it("are those of several steps, of which the latest is at most twice as late as the first", () => {
    const [one, other] = [folderOf("one"), folderOf("other")];
    for (const step of [10, 20, 30, 41])
      one.write(
        weights.map((each) => each + step),
        step,
        start,
      );
    const [kept] = other.alike(start);
    expect(kept?.steps).toEqual([30, 41]);
    for (const step of [30, 41]) expect(kept && other.read(kept, step)?.[0]).toBe(1.5 + step);
    expect(kept && other.read(kept, 20)).toBeUndefined();
  });

  it("are of as many steps as there is room for", () => {
    const one = folderOf("one");
    const large = new Float32Array(1.5 * 1024 ** 2);
    for (const step of [100, 101, 102]) one.write(large, step, start);
    expect(folderOf("other").alike(start)[0]?.steps).toEqual([101, 102]);
  });

  it("are no longer there where the run has gone on, or is gone", () => {
    const [one, other] = [folderOf("one"), folderOf("other")];
    one.write(weights, 7, start);
    const [kept] = other.alike(start);
    one.write(weights, 80, start);
    expect(kept && other.read(kept, 7)).toBeUndefined();
    const [later] = other.alike(start);
    expect(later?.steps).toEqual([80]);
    rmSync(path.join(workspace, "one"), { recursive: true });
    expect(later && other.read(later, 80)).toBeUndefined();
    expect(other.alike(start)).toEqual([]);
  });

  it("are passed over where a file is torn, too long, or another's", () => {
    const own = folderOf("own");
    folderOf("good").write(weights, 7, start);
    const file = readFileSync(path.join(workspace, "good", "weights.bin"));
    const put = (run: string, bytes: Uint8Array | string) => {
      folderOf(run);
      writeFileSync(path.join(workspace, run, "weights.bin"), bytes);
    };
    const headerWith = (more: object) =>
      `${JSON.stringify({ version: 1, first: start, count: 5, steps: [7], ...more })}\n`;
    put("empty", "");
    put("no line", "x".repeat(4096));
    put("no JSON", "{\n");
    put("a list", "[]\n");
    put("another version", headerWith({ version: 2 }));
    put("no step", headerWith({ steps: ["7"] }));
    put("no steps", headerWith({ steps: 7 }));
    put("torn", file.subarray(0, -1));
    put("too long", Buffer.concat([file, Buffer.of(0)]));
    put("huge", headerWith({ count: 2 ** 40 }));
    writeFileSync(path.join(workspace, "a file"), "");
    const found = own.alike(start);
    expect(found.map(({ run }) => run).toSorted()).toEqual(["good", "huge", "too long", "torn"]);
    expect(found.filter((each) => own.read(each, 7) !== undefined).map(({ run }) => run)).toEqual(["good"]);
  });
});
