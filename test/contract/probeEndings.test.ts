import { appendFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { awaitRecords } from "./awaitRecords.ts";
import { fixtures, recordsOf, runProbed, series, startProbed } from "./probeRun.ts";

const fixture = (name: string) => path.join(fixtures, name);

describe("how a run ends", () => {
  it.each([
    ["fit.mjs", "finished", 0],
    ["throws.mjs", "failed", 1],
    ["rejects.cjs", "failed", 1],
    ["syntaxError.mjs", "failed", 1],
    ["exits.cjs", "failed", 3],
    ["diverges.mjs", "diverged", 0],
  ] as const)("%s: %s", async (name, how, exitCode) => {
    const { records, exitCode: actual } = await runProbed(fixture(name));
    expect(actual).toBe(exitCode);
    expect(records.at(-1)).toMatchObject({ t: "end", how, exitCode });
  });

  it("quotes the script's error with its trace", async () => {
    const { records } = await runProbed(fixture("throws.mjs"));
    expect(records.at(-1)).toMatchObject({ step: 100 });
    expect(recordsOf(records, "end")[0]?.error).toMatch(/^RangeError: no data for step 100\n.*throws\.mjs:7/);
  });

  it("says at which step the loss stopped being a number, once", async () => {
    const { records } = await runProbed(fixture("diverges.mjs"));
    const notes = recordsOf(records, "note").filter(({ code }) => code === "loss-not-finite");
    const first = series(records, "loss/train").find(([, loss]) => !Number.isFinite(loss));
    expect(notes).toHaveLength(1);
    expect(notes[0]?.step).toBe(first?.[0]);
  });

  it("says so when a script has not trained", async () => {
    const { records } = await runProbed(fixture("neverTrains.mjs"));
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("no-training");
  });
});

describe("requests to a running script", () => {
  it("are obeyed between steps: measure, pause, resume and stop", async () => {
    const run = startProbed(fixture("endless.mjs"), { budget: 0 });
    const ask = (request: object) => {
      appendFileSync(path.join(run.directory, "control.jsonl"), `${JSON.stringify(request)}\n`);
    };
    const hasNote = (code: string) => (records: readonly SpoolRecord[]) =>
      recordsOf(records, "note").some((note) => note.code === code);
    await awaitRecords(run.directory, (records) => recordsOf(records, "step").length > 3);
    ask({ do: "measure" });
    await awaitRecords(run.directory, (records) => series(records, "sharpness/batch").length > 0);
    ask({ do: "pause" });
    await awaitRecords(run.directory, hasNote("paused"));
    ask({ do: "resume" });
    await awaitRecords(run.directory, hasNote("resumed"));
    ask({ do: "stop" });
    const { records, exitCode, output } = await run.finish();
    expect(records.at(-1)).toMatchObject({ t: "end", how: "stopped" });
    expect(exitCode).toBe(0);
    expect(output).toContain("leaving");
    // Asked for once, measured once.
    expect(series(records, "sharpness/batch")).toHaveLength(1);
    const paused = records.findIndex((record) => record.t === "note" && record.code === "paused");
    expect(records[paused + 1]).toMatchObject({ t: "note", code: "resumed" });
  });
});
