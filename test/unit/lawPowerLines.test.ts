import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { powerLines } from "../../src/theory/hyperparameters/powerLines.ts";
import { decays, decaySweep } from "./streams/decaySweep.ts";
import { endedView } from "./streams/sameStart.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly (readonly HistoryRecord[])[]) {
  const seen = follow(records, [powerLines], before.map(endedView));
  expect(seen.refusals).toEqual([]);
  return seen;
}

const short = decays(0.6, 100);

describe("the law of weight decay and the length of training", () => {
  it("forecasts the best decay of a longer training from that of a shorter one, as the length to the power −0.473, and holds where it is so", () => {
    const best = 0.6 * 8 ** -0.473;
    const sweep = [0.7, 2.8].map((factor) => decaySweep({ decay: factor * best, best, steps: 800 }));
    const { issued, verdicts } = followed(decaySweep({ decay: 1.4 * best, best, steps: 800 }), [...short, ...sweep]);
    expect(issued).toHaveLength(1);
    // Of the sweeps' own noise, a few thousandths of a loss that curves by 0.05: a few per cent.
    expect(issued[0]?.central).toBeGreaterThan(0.9 * best);
    expect(issued[0]?.central).toBeLessThan(1.1 * best);
    expect(issued[0]?.issuedAt).toBe(0);
    expect(verdicts).toEqual([expect.objectContaining({ outcome: "held" })]);
    expect(verdicts[0]?.measured).toBeGreaterThan(0.9 * best);
    expect(verdicts[0]?.measured).toBeLessThan(1.1 * best);
    expect(verdicts[0]?.skill).toBeGreaterThan(0);
  });

  it("forecasts from a longer training for a shorter one, and at another learning rate keeps the product", () => {
    const best = 0.6 * 0.25 ** -0.473 * 2;
    const sweep = [0.7, 2.8].map((factor) => decaySweep({ decay: factor * best, best, steps: 100, rate: 0.005 }));
    const run = decaySweep({ decay: 1.4 * best, best, steps: 100, rate: 0.005 });
    const { issued, verdicts } = followed(run, [...decays(0.6, 400), ...sweep]);
    expect(Math.abs(Math.log((issued[0]?.central ?? NaN) / best))).toBeLessThan(0.1);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is broken where the best decay stays as it was over a sixteenfold length, or lies beyond all that were tried", () => {
    const stays = [0.3, 0.6].map((decay) => decaySweep({ decay, best: 0.6, steps: 1600 }));
    const { verdicts } = followed(decaySweep({ decay: 1.2, best: 0.6, steps: 1600 }), [...short, ...stays]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    const beyond = [0.6, 1.2].map((decay) => decaySweep({ decay, best: 9, steps: 1600 }));
    const open = followed(decaySweep({ decay: 2.4, best: 9, steps: 1600 }), [...short, ...beyond]);
    expect(open.verdicts).toEqual([expect.objectContaining({ outcome: "broken", measured: NaN })]);
    expect(open.verdicts[0]?.reason).toContain("the best is above 1.2");
  });

  it("leaves open what the sweep does not decide", () => {
    const best = 0.6 * 4 ** -0.473;
    const sweep = [0.1, 0.2].map((decay) => decaySweep({ decay, best, steps: 400 }));
    const { verdicts } = followed(decaySweep({ decay: 0.3, best, steps: 400 }), [...short, ...sweep]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });

  it("says nothing where the best decay of this length is known already", () => {
    const { issued } = followed(decaySweep({ decay: 0.5, best: 0.3, steps: 400 }), [...short, ...decays(0.3, 400)]);
    expect(issued).toEqual([]);
  });

  it("takes a diverged run for one that lost most", () => {
    const best = 0.6 * 4 ** -0.473;
    const run = decaySweep({ decay: 2.8 * best, best, steps: 400 });
    const diverged = [...run.slice(0, 60), { t: "end", step: 58, how: "diverged" } as const];
    const sweep = [0.7, 1.4].map((factor) => decaySweep({ decay: factor * best, best, steps: 400 }));
    const { verdicts } = followed(diverged, [...short, ...sweep]);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
  });

  it("is out of regime with a decay that is part of the gradient, with a loss that is no cross-entropy, and where examples come twice", () => {
    const run = { decay: 0.3, best: 0.3, steps: 400 };
    const says = (records: readonly HistoryRecord[]) => {
      const seen = followed(records, [...short, ...decays(0.3, 400).slice(0, 2)]);
      expect(seen.issued).toEqual([]);
      return seen.standings[0]?.says;
    };
    expect(says(decaySweep({ ...run, setting: { group: { weightDecayForm: "coupled" }, kind: "adam" } }))).toContain(
      "out of regime: not so that the optimizer is AdamW",
    );
    const before = [...short, ...decays(0.3, 400).slice(0, 2)].map((records) =>
      records.map((record) => (record.t === "data" ? { ...record, examples: 100 } : record)),
    );
    const again = followed(decaySweep({ ...run, setting: { examples: 100 } }), before);
    expect(again.standings[0]?.says).toContain("out of regime: not so that no example comes twice");
  });

  it("is out of regime for a small model", () => {
    const before = [...short, ...decays(0.3, 400).slice(0, 2)].map((records) =>
      records.map((record) => (record.t === "model" ? { ...record, parameters: 50_000 } : record)),
    );
    const small = followed(decaySweep({ decay: 0.3, best: 0.3, steps: 400, parameters: 50_000 }), before);
    expect(small.standings[0]?.says).toContain("out of regime: not so that the model has at least 100 million weights");
  });

  it("is out of regime where this run is not as long, or its rate not as high, as those of its sweep", () => {
    const before = [...short, ...decays(0.3, 400).slice(0, 2)];
    const longer = followed(decaySweep({ decay: 0.3, best: 0.3, steps: 600, falls: false, rate: 0.01 }), before);
    expect(longer.verdicts.map(({ outcome }) => outcome)).toEqual(["out of regime"]);
    const higher = followed(decaySweep({ decay: 0.3, best: 0.3, steps: 400, rate: 0.02 }), before);
    expect(higher.standings[0]?.says).toContain("not so that the learning rate is that of the earlier runs");
  });

  it("cannot speak without a sweep of another length", () => {
    const says = followed(decaySweep({ decay: 0.3, best: 0.3, steps: 400 }), decays(0.3, 400)).standings[0]?.says;
    expect(says).toContain("cannot speak: needs earlier runs of the same network whose weight decays alone differ");
  });
});
