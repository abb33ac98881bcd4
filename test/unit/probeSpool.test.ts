import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { longestLine, recordSchema } from "../../src/probe/record.ts";
import { ControlFile } from "../../src/probe/tfjs/controlFile.ts";
import { Spool } from "../../src/probe/tfjs/spool.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "orrery-spool-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

describe("the probe's spool", () => {
  const lines = () =>
    readFileSync(path.join(directory, "spool.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "");

  it("carries numbers that JSON lacks", () => {
    const values = { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY, d: 1.5 };
    new Spool(directory).write({ t: "step", step: 0, time: 0, values });
    expect(recordSchema.parse(JSON.parse(lines()[0] ?? ""))).toEqual({ t: "step", step: 0, time: 0, values });
  });

  it("replaces a record that is too long by a note", () => {
    new Spool(directory).write({
      t: "vector",
      step: 0,
      time: 0,
      name: "x",
      values: Array<number>(longestLine).fill(1),
    });
    expect(lines()).toHaveLength(1);
    expect(JSON.parse(lines()[0] ?? "")).toMatchObject({ t: "note", code: "record-too-long" });
  });

  it("throws at once where the folder cannot be written to", () => {
    expect(() => new Spool(path.join(directory, "missing"))).toThrow(/ENOENT/);
  });
});

describe("the control file", () => {
  const ask = (text: string) => {
    appendFileSync(path.join(directory, "control.jsonl"), text);
  };

  it("gives whole lines once, in order, and passes over what is no request", () => {
    const clock = vi.spyOn(performance, "now");
    let now = 0;
    clock.mockImplementation(() => (now += 1000));
    const control = new ControlFile(directory);
    expect(control.poll()).toEqual([]);
    ask('{"do":"pause"}\n{"do":"dance"}\nnonsense\n{"do":"bud');
    expect(control.poll()).toEqual([{ do: "pause" }]);
    ask('get","fraction":0.1}\n{"do":"resume"}\n');
    expect(control.poll()).toEqual([{ do: "budget", fraction: 0.1 }, { do: "resume" }]);
    expect(control.poll()).toEqual([]);
  });
});
