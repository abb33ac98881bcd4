import { beforeAll, describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { depthTransferLaw } from "../../src/theory/hyperparameters/depthTransferLaw.ts";
import { dividedBlocks, grownNetwork } from "./streams/grownNetworks.ts";
import { endedView } from "./streams/sameStart.ts";
import { fallingLoss, sizedRun } from "./streams/sizedRun.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  const seen = follow(records, [depthTransferLaw], [endedView(before)]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  return new Set(followed(records, before).verdicts.map(({ outcome }) => outcome));
}

function trained(depth: number, exponent: number, seed = 1, steps = 410) {
  const change = dividedBlocks(depth, exponent);
  const more = { width: 32, residual: true, rate: 0.0006, examples: 32 };
  return grownNetwork({ ...more, depth, seed: 100 * seed + depth, steps, change });
}

describe("the law of transfer across depths", () => {
  let shallow: HistoryRecord[] = [];
  beforeAll(() => {
    shallow = trained(4, 1);
  }, 60_000);

  it(
    "forecasts the loss of residual networks twice as deep, whose blocks are divided by it, and holds in most",
    { timeout: 60_000 },
    () => {
      const deeper = [2, 3].map((seed) => followed(trained(8, 1, seed), shallow));
      const verdicts = deeper.flatMap((seen) => seen.verdicts);
      for (const { issued } of deeper) expect(issued.length).toBeGreaterThanOrEqual(2);
      const held = verdicts.filter(({ outcome }) => outcome === "held");
      // Seeds of networks this small scatter, and an interval is of 10 % to 90 %.
      expect(held.length / verdicts.length).toBeGreaterThan(0.6);
    },
  );

  it("is out of regime where blocks are divided by the root of the depth, or by nothing", () => {
    for (const exponent of [0.5, 0]) {
      const { issued, standings } = followed(trained(8, exponent, 1, 10), shallow);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("gradients of blocks go as 1/depth");
    }
  });

  it("is broken where the loss of the deeper network goes another way", () => {
    const before = sizedRun({ width: 64, depth: 2, loss: fallingLoss() });
    expect(outcomes(sizedRun({ width: 64, depth: 8, loss: fallingLoss() }), before)).toEqual(new Set(["held"]));
    expect(outcomes(sizedRun({ width: 64, depth: 8, loss: fallingLoss(-1.5) }), before)).toContain("broken");
  });

  it("is out of regime at another learning rate, and under gradient descent", () => {
    const before = sizedRun({ width: 64, depth: 2, loss: fallingLoss() });
    const rate = sizedRun({ width: 64, depth: 8, loss: fallingLoss(), setting: { group: { learningRate: 0.005 } } });
    expect(followed(rate, before).standings[0]?.says).toContain("learning rates are those of the earlier run");
    const descent = (depth: number) => sizedRun({ width: 64, depth, loss: fallingLoss(), setting: { kind: "sgd" } });
    expect(followed(descent(8), descent(2)).standings[0]?.says).toContain("the optimizer is adaptive");
  });

  it("cannot speak after a run of about the same depth, or of another width", () => {
    const run = (width: number, depth: number) => sizedRun({ width, depth, loss: fallingLoss(), steps: 40 });
    for (const before of [run(64, 7), run(32, 2)]) {
      expect(followed(run(64, 8), before).standings[0]?.says).toContain(
        "cannot speak: needs an earlier run to its end",
      );
    }
  });
});
