import { describe, expect, it } from "vitest";
import { edgeOfStability } from "../../src/theory/empirical/edgeOfStability.ts";
import { endOfRun } from "../../src/theory/law.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { follow, measured, opening, sharpnessRun, stepped, type Setting } from "./theoryStreams.ts";

/** Rises to the threshold of 20 at step 500, then oscillates about `level` times it. */
function edgeRun(level: number) {
  return (step: number) =>
    step < 500 ? 2 + (18 * step) / 500 : 20 * level + 2 * Math.sin(step / 7) * (step < 520 ? 4 : 1);
}

function followed(records: readonly HistoryRecord[]) {
  const { issued, verdicts, standings } = follow(records, [edgeOfStability]);
  return { issued, verdict: verdicts[0], says: standings[0]?.says, regime: standings[0]?.regime };
}

describe("the edge-of-stability law", () => {
  it("forecasts at the first measurement that the sharpness will stay between 0.95 and 1.1 times the threshold", () => {
    const { issued } = followed(sharpnessRun(edgeRun(1)));
    expect(issued).toHaveLength(1);
    expect(issued[0]).toMatchObject({
      issuedAt: 0,
      from: 1,
      to: endOfRun,
      low: 19,
      central: 20,
      baselines: [{ value: 2 }],
    });
    expect(issued[0]?.high).toBeCloseTo(22, 12);
  });

  it.each([
    [1, "held"],
    [1.06, "held"],
    [0.93, "broken"],
    [1.2, "broken"],
  ])("averages over 400 steps once the overshoot is over: at %d times the threshold it is %s", (level, outcome) => {
    const { verdict } = followed(sharpnessRun(edgeRun(level)));
    expect(verdict?.outcome).toBe(outcome);
    // The oscillation's own mean over 400 steps: at most its amplitude times its period over the window.
    expect((verdict?.measured ?? NaN) / 20 / level).toBeCloseTo(1, 1);
    expect(verdict?.reason).toContain("It crossed at step");
  });

  it("calls refuted what is far outside the interval, and only a miss what is just outside", () => {
    expect(followed(sharpnessRun(edgeRun(1.2))).verdict?.reason).toContain("outside what the law allows");
    expect(followed(sharpnessRun(edgeRun(0.93))).verdict?.reason).toContain("outside the interval");
  });

  it("waits for five measurements, however few there are", () => {
    const { verdict } = followed(sharpnessRun(edgeRun(1), { every: 150, steps: 4000 }));
    expect(verdict?.outcome).toBe("held");
    expect(verdict?.reason).toContain("over steps 1050 to 1650");
  });

  it("leaves undecided a run that never crosses, and one that ends too soon after", () => {
    expect(followed(sharpnessRun(() => 5)).verdict).toMatchObject({ outcome: "unresolved" });
    const short = followed(sharpnessRun(edgeRun(1), { steps: 800 })).verdict;
    expect(short).toMatchObject({ outcome: "unresolved", measured: NaN });
    expect(short?.reason).toContain("too near the run's end");
  });

  it("waits until a sharpness that begins above the threshold has come below it", () => {
    const { issued } = followed(sharpnessRun((step) => (step < 100 ? 50 : 5)));
    expect(issued.map(({ issuedAt }) => issuedAt)).toEqual([100]);
  });

  it("declares itself out of regime when the learning rate moves or the loss is lost", () => {
    const records = sharpnessRun(edgeRun(1)).filter((record) => !("step" in record) || record.step < 600);
    const [optimizer] = opening().filter(({ t }) => t === "optimizer");
    const moved = { ...optimizer, step: 600, schedule: "moves" } as HistoryRecord;
    expect(followed([...records, moved]).verdict?.reason).toContain("learning rate is constant");
    const lost = followed([...records, stepped(600, NaN), measured(600, { "sharpness/batch": NaN })]).verdict;
    expect(lost).toMatchObject({ outcome: "out of regime" });
  });

  it.each<[string, Setting, string]>([
    ["small batches", { batch: 4, examples: 64 }, "out of regime: not so that a step sees the whole data set"],
    ["Adagrad", { kind: "adagrad" }, "out of regime: not so that the optimizer's stability threshold is known"],
    ["the centred RMSProp", { kind: "rmsprop", group: { centered: true } }, "stability threshold is known"],
  ])("does not speak for %s", (_, setting, says) => {
    const { issued, says: said } = followed(sharpnessRun(edgeRun(1), setting));
    expect(issued).toEqual([]);
    expect(said).toContain(says);
  });

  it("speaks where the data set's size is unknown, and says that it takes the batch for whole", () => {
    const records = sharpnessRun(edgeRun(1)).filter(({ t }) => t !== "data");
    const { issued, regime } = followed(records);
    expect(regime?.status).toBe("unknown");
    expect(issued[0]?.assumptions.join(" ")).toContain("Not checked");
  });

  it("is out of regime once a cross-entropy has saturated", () => {
    const { verdict } = followed(sharpnessRun(edgeRun(1), { objective: { kind: "crossEntropy", classes: 3 } }));
    expect(verdict).toMatchObject({ outcome: "out of regime" });
    expect(verdict?.reason).toContain("saturated");
  });

  it("asks adaptive optimizers for the preconditioned sharpness, and allows momentum a longer dip", () => {
    const setting = { kind: "adam", group: { learningRate: 1.9, beta1: 0.9 } } as const;
    const preconditioned = { ...setting, observable: "sharpness/preconditioned" };
    expect(followed(sharpnessRun(edgeRun(1), setting)).says).toBe("cannot speak: needs a measurement of the sharpness");
    expect(followed(sharpnessRun(edgeRun(1), preconditioned)).issued[0]?.central).toBeCloseTo(20, 12);
    const heavy = followed(
      sharpnessRun(edgeRun(1), { kind: "momentum", group: { learningRate: 0.19, momentum: 0.9 } }),
    );
    expect((heavy.issued[0]?.low ?? NaN) / (heavy.issued[0]?.central ?? NaN)).toBeCloseTo(0.45, 12);
  });
});
