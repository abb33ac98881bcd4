import { describe, expect, it } from "vitest";
import { stochasticEdge } from "../../src/theory/empirical/stochasticEdge.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { risingCurvature } from "./streams/risingCurvature.ts";
import { smallBatches } from "./streams/smallBatches.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  return follow(records, [stochasticEdge]);
}

describe("the edge of stochastic stability", () => {
  it("is where a small network comes to with batches of a twelfth of its data, in float64, as forecast", () => {
    const { issued, verdicts, refusals } = followed(smallBatches({ batch: 5, rate: 0.25, seed: 8, steps: 1600 }));
    expect(refusals).toEqual([]);
    expect(issued.map(({ central }) => central)).toEqual([8]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  }, 60_000);

  it("is scored from 200 steps after its arrival on, by means that weigh batches by their squared gradients", () => {
    const { verdicts } = followed(risingCurvature((step) => Math.min(17, 2 + step / 30)));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    // 2/η is 20; the scatter averages out.
    expect((verdicts[0]?.measured ?? NaN) / 17).toBeCloseTo(1, 1);
    // Each other batch has a gradient that counts for nothing, and twice the curvature.
    const other = (step: number) => step % 20 === 0;
    const weighed = followed(
      risingCurvature((step) => (other(step) ? 2 : 1) * Math.min(17, 2 + step / 30), {
        gradient: (step) => (other(step) ? 1e-3 : 1),
      }),
    );
    expect((weighed.verdicts[0]?.measured ?? NaN) / 17).toBeCloseTo(1, 1);
  });

  it("is broken where the curvature stays short of it, and refuted where it goes on beyond", () => {
    const short = followed(risingCurvature((step) => Math.min(12.8, 2 + step / 30)));
    expect(short.verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    const beyond = followed(risingCurvature((step) => 2 + step / 20));
    expect(beyond.verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    expect(beyond.verdicts[0]?.reason).toContain("which refutes the law");
  });

  it("is out of regime where the batches' gradients have died away, as at interpolation", () => {
    const { verdicts } = followed(
      risingCurvature((step) => Math.min(17, 2 + step / 30), { gradient: (step) => Math.exp(-step / 200) }),
    );
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
  });

  it("is unresolved where the run ends before it arrives or too soon after", () => {
    for (const steps of [300, 800]) {
      const { verdicts } = followed(risingCurvature((step) => Math.min(17, 2 + step / 30), { steps }));
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
    }
  });

  it("is not spoken of with momentum, decay, the whole data set, a rate that moves, or where it has been reached before", () => {
    const says = (setting: object) => followed(risingCurvature(() => 5, { steps: 300, ...setting })).standings[0]?.says;
    expect(says({ kind: "momentum", group: { momentum: 0.9 } })).toContain("the optimizer is plain gradient descent");
    expect(says({ group: { weightDecay: 0.1 } })).toContain("the optimizer is plain gradient descent");
    expect(says({ batch: 1000 })).toContain("a batch is at most half of the data");
    expect(followed(risingCurvature(() => 15)).issued).toEqual([]);
    const bare = risingCurvature(() => 5).filter(({ t }) => t !== "measure");
    expect(followed(bare).standings[0]?.says).toContain(
      "cannot speak: needs the curvature of batches along their gradients",
    );
  });
});
