import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { weightEquilibrium } from "../../src/theory/hyperparameters/weightEquilibrium.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { decayingWeights } from "./streams/decayingWeights.ts";
import { follow, measured, opening, stepped } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  return follow(records, [weightEquilibrium]);
}

const short = { rate: 0.01, decay: 0.5, weights: 300, steps: 600, initial: 0.3 };

describe("under AdamW, weights of a layer without a scale", () => {
  it("are forecast one timescale ahead, coming from above and from below, and it holds", () => {
    for (const initial of [0.03, 0.3]) {
      const { issued, verdicts, refusals } = followed(decayingWeights({ ...short, initial }));
      expect(refusals).toEqual([]);
      expect(issued.map(({ subject }) => subject)).toEqual(["a norm", "a rotation"]);
      // 1/(ηλ) = 200 steps.
      expect(issued[0]?.to).toBe((issued[0]?.issuedAt ?? NaN) + 200);
      expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held", "held"]);
      const persistence = issued[0]?.baselines.find(({ kind }) => kind === "persistence")?.value ?? NaN;
      const [measuredNorm, central] = [verdicts[0]?.measured ?? NaN, issued[0]?.central ?? NaN];
      expect(Math.abs(measuredNorm - central)).toBeLessThan(Math.abs(measuredNorm - persistence));
    }
  });

  it("do not turn as forecast where the decay is not what it says, and the law is broken", () => {
    const told = decayingWeights({ ...short, steps: 0 }).slice(0, -1);
    // Decays four times as fast: half the norm.
    const done = decayingWeights({ ...short, decay: 2 }).filter(
      ({ t }) => t === "step" || t === "measure" || t === "end",
    );
    expect(followed([...told, ...done]).verdicts.map(({ outcome }) => outcome)).toEqual(["broken", "broken"]);
  });

  it("are out of regime where gradients have a lasting signal, for its updates are longer than noise's", () => {
    const { issued, standings } = followed(decayingWeights({ ...short, signal: 0.5, initial: 3, steps: 150 }));
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("out of regime: not so that gradients are mostly noise in some layer");
  });

  it("are out of regime where gradients have shrunk, for updates are then shorter than noise's", () => {
    const shrunk = decayingWeights(short).map((record): HistoryRecord => {
      if (record.t !== "measure") return record;
      const { "update/angle@a": angle = NaN, ...others } = record.values;
      return { ...record, values: { ...others, ...(Number.isFinite(angle) && { "update/angle@a": angle / 4 }) } };
    });
    const { issued, standings } = followed(shrunk);
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("out of regime: not so that gradients are mostly noise in some layer");
  });

  it("are out of regime without decay, with coupled decay, or where the learning rate moves", () => {
    const withOptimizer = (change: object, group: object = {}) =>
      followed(
        decayingWeights(short).map((record) =>
          record.t === "optimizer"
            ? { ...record, ...change, groups: record.groups.map((each) => ({ ...each, ...group })) }
            : record,
        ),
      ).standings[0]?.says;
    expect(withOptimizer({}, { weightDecay: 0 })).toContain("out of regime: not so that weights decay");
    expect(withOptimizer({ kind: "adam" }, { weightDecayForm: "coupled" })).toContain("not so that weights decay");
    expect(withOptimizer({ schedule: "moves" })).toContain("out of regime: not so that the learning rate is constant");
  });

  it("cannot be spoken of in a layer that has a scale", () => {
    const scaled = decayingWeights(short).map((record): HistoryRecord => {
      if (record.t !== "measure") return record;
      const entries = Object.entries(record.values).filter(([name]) => name !== "scale/product@a");
      return { ...record, values: Object.fromEntries(entries) };
    });
    expect(followed(scaled).standings[0]?.says).toContain(
      "cannot speak: needs the norm and the rotation of a layer whose",
    );
  });
});

describe("under gradient descent with momentum and coupled decay, weights of a layer without a scale", () => {
  it("turn by √(2ηλ/(1+μ)) a step, in float64, as forecast", () => {
    const [rate, decay, momentum, weights] = [0.05, 0.1, 0.5, 200];
    const next = gaussians(3);
    const w = Array.from({ length: weights }, next);
    const velocity = w.map(() => 0);
    const group = { learningRate: rate, weightDecay: decay, weightDecayForm: "coupled", momentum } as const;
    const records: HistoryRecord[] = [
      {
        t: "model",
        step: 0,
        id: "m",
        modules: [{ path: "a", kind: "Linear", parameterShapes: [[weights, 1]], parameters: weights }],
        parameters: weights,
      },
      ...opening({ kind: "momentum", batch: 10, group }),
    ];
    for (let step = 0; step < 400; step++) {
      const raw = w.map(next);
      const square = w.reduce((sum, each) => sum + each ** 2, 0);
      const along = raw.reduce((sum, each, index) => sum + each * (w[index] ?? NaN), 0) / square;
      const before = [...w];
      for (let index = 0; index < weights; index++) {
        const at = before[index] ?? NaN;
        const gradient = (10 * ((raw[index] ?? NaN) - along * at)) / Math.sqrt(square);
        velocity[index] = momentum * (velocity[index] ?? NaN) + gradient + decay * at;
        w[index] = at - rate * (velocity[index] ?? NaN);
      }
      const [dot, after] = [
        w.reduce((sum, each, index) => sum + each * (before[index] ?? NaN), 0),
        w.reduce((sum, each) => sum + each ** 2, 0),
      ];
      records.push(
        stepped(step, 1),
        measured(step, {
          "weight/norm@a": Math.sqrt(square),
          "update/angle@a": Math.acos(dot / Math.sqrt(square * after)),
          "scale/product@a": 0,
        }),
      );
    }
    const { issued, verdicts } = followed([...records, { t: "end", step: 400, how: "finished" }]);
    expect(issued.map(({ central }) => central)).toEqual([Math.sqrt((2 * rate * decay) / (1 + momentum))]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    // Of terms of order ηλ/(1−μ) = 1 % and a mean of some twenty angles of 200 numbers.
    expect((verdicts[0]?.measured ?? NaN) / (issued[0]?.central ?? NaN)).toBeCloseTo(1, 1);
  });
});
