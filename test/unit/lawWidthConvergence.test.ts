import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { widthConvergence } from "../../src/theory/limits/widthConvergence.ts";
import { grownNetwork, maximalUpdates } from "./streams/grownNetworks.ts";
import { endedView } from "./streams/sameStart.ts";
import { fallingLoss, sizedRun, type SizedRun } from "./streams/sizedRun.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly (readonly HistoryRecord[])[]) {
  const seen = follow(records, [widthConvergence], before.map(endedView));
  expect(seen.refusals).toEqual([]);
  return seen;
}

/** A run whose ln L(400) is as the law has it, r being 0.6. */
function lawful(width: number, more: Partial<SizedRun> = {}) {
  return sizedRun({ width, loss: fallingLoss(-4 * width ** -0.6), ...more });
}

describe("the law of the infinitely wide network", () => {
  it("carries the loss on to a wider network, and to one in between, and holds where it follows", () => {
    for (const [width, ...before] of [
      [256, 64, 128],
      [128, 64, 256],
      [64, 512, 128],
    ] as const) {
      const { issued, verdicts } = followed(
        lawful(width),
        before.map((each) => lawful(each)),
      );
      expect(issued).toHaveLength(1);
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
      // Means over the last steps are not the loss of the last one, which all runs share.
      expect(verdicts[0]?.measured).toBeCloseTo(issued[0]?.central ?? NaN, 3);
      expect(verdicts[0]?.skill).toBeGreaterThan(0.9);
    }
  });

  it("holds for tanh networks in the maximal-update parametrization", { timeout: 60_000 }, () => {
    const trained = (width: number, seed: number) =>
      grownNetwork({ width, seed, steps: 410, rate: 0.0007, change: maximalUpdates(width) });
    const { verdicts } = followed(trained(96, 3), [trained(48, 1), trained(64, 2)]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is broken by a wider network that is worse", () => {
    const worse = sizedRun({ width: 512, loss: fallingLoss(-1.5) });
    expect(followed(worse, [lawful(128), lawful(256)]).verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
  });

  it("is out of regime where wider networks were worse before, or updates do not go with the width", () => {
    const before = followed(lawful(512), [lawful(128), sizedRun({ width: 256, loss: fallingLoss(-1.5) })]);
    expect(before.standings[0]?.says).toContain("wider networks are no worse (the one of width 256 is)");
    const standard = followed(lawful(512, { updates: 0.5 }), [lawful(128), lawful(256)]);
    expect(standard.issued).toEqual([]);
    expect(standard.standings[0]?.says).toContain("updates of all layers go with the width");
  });

  it("cannot speak after runs of one other width, or of another length", () => {
    for (const before of [
      [lawful(128), lawful(128)],
      [lawful(128), lawful(256, { steps: 500 })],
    ]) {
      expect(followed(lawful(512), before).standings[0]?.says).toContain("cannot speak: needs 2 earlier runs");
    }
  });
});
