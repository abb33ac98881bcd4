import { describe, expect, it } from "vitest";
import { crossEntropyAtInitialization, stepZeroLoss } from "../../src/theory/solvable/stepZeroLoss.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { follow, measured, opening, stepped, type Setting } from "./theoryStreams.ts";

const tenClasses: Setting = { objective: { kind: "crossEntropy", classes: 10 }, batch: 1024, examples: 50_000 };

function beginning(variance: number, loss: number, setting: Setting = tenClasses): HistoryRecord[] {
  return [...opening(setting), measured(0, { "logit/variance": variance }), stepped(0, loss), stepped(1, loss)];
}

function followed(records: readonly HistoryRecord[]) {
  const { issued, verdicts, standings, refusals } = follow(records, [stepZeroLoss]);
  return { made: issued[0], verdict: verdicts[0], says: standings[0]?.says, refusals };
}

describe("the loss at initialization", () => {
  it("is forecast before the first loss, for that loss alone, and scored by it", () => {
    const { made, verdict, refusals } = followed(beginning(0.1, 2.36));
    expect(refusals).toEqual([]);
    expect(made).toMatchObject({ observable: "loss/train", statistic: "value", issuedAt: 0, from: 0, to: 0 });
    expect(made?.central).toBeCloseTo(Math.log(10) + 0.05, 12);
    expect(made?.baselines[0]?.value).toBeCloseTo(Math.log(10), 12);
    expect(verdict).toMatchObject({ outcome: "held", measured: 2.36, scoredAt: 0 });
  });

  it("has an interval of 0.5 %, more where the batch is small", () => {
    const large = followed(beginning(1e-6, 2.3)).made;
    expect((large?.high ?? NaN) / (large?.central ?? NaN)).toBeCloseTo(1.005, 4);
    const small = followed(beginning(0.25, 2.3, { ...tenClasses, batch: 4 })).made;
    expect(small?.high).toBeCloseTo(
      Math.log(10) + 0.125 + Math.hypot(0.005 * (Math.log(10) + 0.125), (1.2816 * 0.5) / 2),
      12,
    );
    expect(small?.low).toBeLessThan(small?.central ?? NaN);
  });

  it("is broken by a loss that is far off, and the verdict says what to look for", () => {
    const { verdict } = followed(beginning(0.1, 3.2));
    expect(verdict?.outcome).toBe("broken");
    expect(verdict?.reason).toContain("Look for labels");
    expect(followed(beginning(0.1, NaN)).verdict).toMatchObject({ outcome: "broken", measured: NaN });
  });

  it("is that of a binary cross-entropy with two classes", () => {
    const { made } = followed(beginning(0.02, 0.7, { ...tenClasses, objective: { kind: "binaryCrossEntropy" } }));
    expect(made?.central).toBeCloseTo(Math.log(2) + 0.01, 12);
    expect(crossEntropyAtInitialization(2, 0.02)).toBe(made?.central);
  });

  it.each<[string, number, Setting, string]>([
    ["a squared error", 0.1, {}, "the loss is a cross-entropy (meanSquaredError)"],
    [
      "a loss with weight penalties",
      0.1,
      { objective: { kind: "crossEntropy", classes: 10, regularized: true } },
      "no weight penalty",
    ],
    ["pretrained weights", 30, tenClasses, "the logits' variance over classes is at most 1"],
    ["logits that are not finite", NaN, tenClasses, "the logits' variance"],
    ["an unknown number of classes", 0.1, { objective: { kind: "crossEntropy" } }, "the number of classes is known"],
    [
      "a summed loss",
      0.1,
      { objective: { kind: "crossEntropy", classes: 10, reduction: "sum" } },
      "the mean over examples",
    ],
  ])("is not forecast for %s", (_, variance, setting, why) => {
    const { made, says } = followed(beginning(variance, 2.3, setting));
    expect(made).toBeUndefined();
    expect(says).toContain(why);
  });

  it("is not forecast after the fact, nor without the logits", () => {
    const late = [...opening(tenClasses), stepped(0, 2.3), measured(0, { "logit/variance": 0.1 })];
    expect(followed(late).made).toBeUndefined();
    expect(followed([...opening(tenClasses), stepped(0, 2.3)]).says).toContain("needs the logits' variance");
  });
});
