import { describe, expect, test } from "vitest";
import { recordsOf } from "./probeRun.ts";
import { python, runBarePython, runProbedPython, torchFixture } from "./torchRun.ts";

const script = torchFixture("itself.py");

describe.skipIf(python === undefined)("a PyTorch script that ends", () => {
  test.each([
    ["text", { how: "failed", exitCode: 1, error: "a text to end with" }],
    ["hook", { how: "failed", exitCode: 1, error: expect.stringMatching(/ValueError: for the hook$/) as string }],
    ["interrupt", { how: "failed", exitCode: 130, error: expect.stringMatching(/\nKeyboardInterrupt$/) as string }],
    ["closure", { how: "failed", exitCode: 1, error: expect.stringMatching(/KeyError: 'in a closure'$/) as string }],
    // Nobody is left to write how it ended.
    ["kill", undefined],
    ["kill later", undefined],
    ["at once", undefined],
    ["at once later", undefined],
  ])("with %s ends just so under the probe, byte for byte, and nothing recorded is lost", async (how, end) => {
    const [bare, { records, ...outcome }] = await Promise.all([
      runBarePython(script, [how]),
      runProbedPython(script, [how], 0),
    ]);
    expect(outcome).toEqual(bare);
    const steps = how.endsWith("later") ? 400 : 2;
    expect(recordsOf(records, "step").map(({ step }) => step)).toEqual(
      Array.from({ length: steps }, (_, step) => step),
    );
    expect(recordsOf(records, "end")).toEqual(end === undefined ? [] : [expect.objectContaining(end)]);
  });
});
