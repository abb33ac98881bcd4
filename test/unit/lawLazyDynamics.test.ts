import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { lazyDynamics } from "../../src/theory/limits/lazyDynamics.ts";
import { linearLoss } from "../../src/theory/limits/linearization.ts";
import { wideNetwork } from "./streams/wideNetwork.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[]) {
  const seen = follow(records, [lazyDynamics]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function losses(records: readonly HistoryRecord[]): readonly number[] {
  return records.flatMap((record) => (record.t === "step" ? (record.values["loss/train"] ?? []) : []));
}

/** Largest |ln(loss / that of the linear model at the first kernel)| over 100 steps, and the kernel's drift by then; of several seeds. */
function distances(width: number) {
  const seeds = [1, 2, 3, 4, 5];
  const each = seeds.map((seed) => {
    const records = wideNetwork({ width, steps: 101, every: 50, seed });
    const named = (name: string) => {
      const found = records.find((record) => record.t === "vector" && record.name === name);
      return found?.t === "vector" ? found.values : [];
    };
    const [rates, parts] = [named("kernel/spectrum"), named("kernel/residual")];
    const rate = 0.5 / (rates[0] ?? NaN);
    const apart = losses(records).map((loss, step) =>
      Math.abs(Math.log(loss / linearLoss({ rates, parts }, rate, step))),
    );
    const drifts = records.flatMap((record) =>
      record.t === "measure" ? (record.values["kernel/distance"] ?? []) : [],
    );
    return { apart: Math.max(...apart), drift: drifts.at(-1) ?? NaN };
  });
  const median = (of: "apart" | "drift") => each.map((found) => found[of]).toSorted((a, b) => a - b)[2] ?? NaN;
  return { apart: median("apart"), drift: median("drift") };
}

describe("the linear model of the tangent kernel", () => {
  it("has the network's own loss at the beginning, and follows it the better the wider it is, since the kernel moves less", () => {
    const [narrow, wide] = [distances(75), distances(1200)];
    // Sixteen times the width: 1/width to 1/√width is 16 to 4, and single networks differ by factors of two.
    expect(narrow.drift / wide.drift).toBeGreaterThan(3);
    expect(narrow.drift / wide.drift).toBeLessThan(32);
    expect(wide.apart).toBeLessThan(0.05);
    expect(narrow.apart).toBeGreaterThan(2 * wide.apart);
  });
});

describe("the law of lazy dynamics", () => {
  it("forecasts the loss of wide networks hundreds of steps ahead, and holds in at least four of five", () => {
    const verdicts = [1, 2, 3, 4, 5].flatMap(
      (seed) => followed(wideNetwork({ width: 800, steps: 320, every: 40, seed })).verdicts,
    );
    const decided = verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken");
    expect(decided.length).toBeGreaterThanOrEqual(8);
    const held = decided.filter(({ outcome }) => outcome === "held");
    expect(held.length / decided.length).toBeGreaterThanOrEqual(0.8);
    // Persistence and lines know nothing of modes.
    expect(decided.filter(({ skill }) => skill > 0.5).length).toBeGreaterThan(decided.length / 2);
  });

  it("is out of regime where the kernel moves, as in a narrow network", () => {
    const { verdicts, standings } = followed(wideNetwork({ width: 8, steps: 700 }));
    expect(verdicts.filter(({ outcome }) => outcome === "held" || outcome === "broken")).toEqual([]);
    expect(standings[0]?.says).toContain("has moved by at most 5 %");
  });

  it("is broken by a loss that does not follow while the kernel stays", () => {
    const slow = wideNetwork({ width: 800, steps: 320, every: 40 }).map((record) =>
      record.t === "step" && record.step > 150
        ? { ...record, values: { "loss/train": 1.3 * (record.values["loss/train"] ?? NaN) } }
        : record,
    );
    expect(followed(slow).verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("does not speak where the kernel is of a part of the examples, nor with momentum or on another loss", () => {
    const says = (setting: Parameters<typeof wideNetwork>[0]) => followed(wideNetwork(setting)).standings[0]?.says;
    const base = { width: 100, steps: 60 };
    expect(says({ ...base, inKernel: 10 })).toContain("the kernel is of all examples");
    const momentum = { kind: "momentum", group: { learningRate: 0.1, momentum: 0.9 } } as const;
    expect(says({ ...base, setting: momentum })).toContain("without momentum");
    const other = { objective: { outputs: 1, kind: "crossEntropy", classes: 1 } } as const;
    expect(says({ ...base, setting: other })).toContain("a squared error");
  });
});
