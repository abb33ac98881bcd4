import { describe, expect, it } from "vitest";
import { grokkingDelay } from "../../src/theory/limits/grokkingDelay.ts";
import { lateBefore, lateGeneralization, type LateGeneralization } from "./streams/lateGeneralization.ts";
import { follow } from "./theoryStreams.ts";

const before: LateGeneralization = { penalty: 0.02, rate: 0.05, seed: 1, steps: 2400 };
const earlier = lateBefore(before);

function followed(run: LateGeneralization) {
  const seen = follow(lateGeneralization(run), [grokkingDelay], [earlier]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

describe("the delay of generalization", () => {
  it.each([
    { ...before, penalty: 0.01, steps: 2400 },
    { ...before, rate: 0.1, steps: 1000 },
    { ...before, rate: 0.025, steps: 2400 },
  ])("is in proportion to 1/(ηλ) from the same weights, as forecast: λ $penalty, η $rate", (run) => {
    const { issued, verdicts } = followed(run);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(["held"]);
    const ratio = (before.penalty * before.rate) / (run.penalty * run.rate);
    const same = issued[0]?.baselines[0]?.value ?? NaN;
    // Validated at every eighth step; the penalty moves where the weights come to rest, too.
    expect((verdicts[0]?.measured ?? NaN) / same / ratio).toBeCloseTo(1, 1);
    expect(verdicts[0]?.skill).toBeGreaterThan(0.5);
  });

  it("is forecast for weights from other seeds as well, and holds in most", () => {
    const verdicts = [2, 3, 4, 6, 8, 9, 11, 16].flatMap(
      (seed) => followed({ ...before, penalty: 0.01, seed, steps: 1600 }).verdicts,
    );
    expect(verdicts.length).toBeGreaterThanOrEqual(3);
    const held = verdicts.filter(({ outcome }) => outcome === "held").length;
    expect(held / verdicts.length).toBeGreaterThanOrEqual(0.7);
  });

  it("is said before half of it is over", () => {
    const [made] = followed({ ...before, penalty: 0.01, seed: 2, steps: 400 }).issued;
    expect(made?.issuedAt).toBeLessThan((made?.central ?? NaN) / 2);
  });

  it("is broken where generalization does not come, and unresolved where the run ends before it is due", () => {
    const records = lateGeneralization({ ...before, penalty: 0.01, seed: 2, steps: 4000 });
    const never = records.map((record) =>
      record.t === "measure" && "loss/validation" in record.values
        ? { ...record, values: { "loss/validation": Math.max(20, record.values["loss/validation"] ?? NaN) } }
        : record,
    );
    expect(follow(never, [grokkingDelay], [earlier]).verdicts.map(({ outcome }) => outcome)).toEqual(["broken"]);
    const short = followed({ ...before, penalty: 0.01, seed: 2, steps: 400 });
    expect(short.verdicts.map(({ outcome }) => outcome)).toEqual(["unresolved"]);
  });

  it("is out of regime without decay and for weights that began at another scale", () => {
    const says = (change: Partial<LateGeneralization>) =>
      followed({ ...before, steps: 100, ...change }).standings[0]?.says;
    expect(says({ scale: 2 })).toContain("the weights began as large as in the earlier run");
    // A loss without a penalty is another loss.
    expect(says({ penalty: 0 })).toContain("cannot speak: needs an earlier run");
  });

  it("cannot speak without an earlier run that generalized late", () => {
    const { standings } = follow(
      lateGeneralization({ ...before, steps: 100 }),
      [grokkingDelay],
      [lateBefore({ ...before, steps: 200 })],
    );
    expect(standings[0]?.says).toContain("cannot speak: needs an earlier run of the same model");
  });
});
