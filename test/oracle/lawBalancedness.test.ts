import { describe, expect, it } from "vitest";
import { balancedness } from "../../src/theory/solvable/balancedness.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { follow, opening } from "../unit/theoryStreams.ts";
import { twoLayerDescent } from "./twoLayerDescent.ts";

function outcomes(records: readonly HistoryRecord[]) {
  const { verdicts, refusals } = follow(records, [balancedness]);
  expect(refusals).toEqual([]);
  return verdicts.map(({ outcome }) => outcome);
}

describe("balancedness of two layers", () => {
  it.each(["linear", "relu"] as const)(
    "leaves no more than two roundoffs in float32 for %s layers, and is held",
    (activation) => {
      const { records, residuals } = twoLayerDescent({ activation, float32: true });
      expect(Math.max(...residuals)).toBeLessThan(2 * 2 ** -24);
      expect(Math.max(...residuals)).toBeGreaterThan(1e-9);
      const { verdicts } = follow(records, [balancedness]);
      expect(verdicts.find(({ forecast }) => !forecast.includes("defect"))).toMatchObject({ outcome: "held" });
    },
  );

  it("bounds how far the defect moves in 500 steps", () => {
    const { records } = twoLayerDescent({ activation: "linear", float32: true, steps: 800 });
    const { issued, verdicts } = follow(records, [balancedness]);
    const bound = issued.find(({ subject }) => subject === "a→b defect");
    expect(bound).toMatchObject({ issuedAt: 5, to: 505 });
    expect(verdicts.find(({ forecast }) => forecast === bound?.id)).toMatchObject({ outcome: "held" });
  });

  it("is broken by momentum that the optimizer does not own up to, at once and with what to look for", () => {
    const { records, residuals } = twoLayerDescent({ activation: "linear", momentum: 0.9 });
    expect(Math.max(...residuals)).toBeGreaterThan(1e-4);
    const { verdicts } = follow(records, [balancedness]);
    const first = verdicts.find(({ forecast }) => !forecast.includes("defect"));
    expect(first).toMatchObject({ outcome: "broken" });
    expect(first?.scoredAt).toBeLessThan(20);
    expect(first?.reason).toContain("clipped");
  });

  it("is broken by a weight penalty that the loss does not own up to", () => {
    expect(outcomes(twoLayerDescent({ activation: "linear", penalty: 0.1 }).records)).toContain("broken");
  });

  it("does not speak for momentum, weight decay, or a regularized loss", () => {
    const { records } = twoLayerDescent({ activation: "linear" });
    for (const setting of [
      { kind: "momentum", group: { momentum: 0.9 } },
      { group: { weightDecay: 0.1, weightDecayForm: "decoupled" } },
      { objective: { regularized: true } },
    ] as const) {
      const other = [...opening(setting), ...records.slice(opening().length)];
      const { issued, standings } = follow(other, [balancedness]);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
  });
});
