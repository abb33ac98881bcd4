import { beforeAll, describe, expect, it } from "vitest";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { richness } from "../../src/theory/limits/richness.ts";
import { endedView } from "./streams/sameStart.ts";
import { scaledOutput } from "./streams/scaledOutput.ts";
import { follow } from "./theoryStreams.ts";

function followed(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  const seen = follow(records, [richness], [endedView(before)]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

describe("the law of richness and the learning rate", () => {
  let [lazy, lazier]: HistoryRecord[][] = [[], []];
  beforeAll(() => {
    lazy = scaledOutput({ scale: 10, width: 20 });
    lazier = scaledOutput({ scale: 40, width: 20 });
  });

  it("forecasts the loss of a network whose outputs are divided or multiplied, at the rate that asks for, and holds in most", () => {
    const seen = [
      followed(lazier ?? [], lazy ?? []),
      followed(scaledOutput({ scale: 20, width: 20 }), lazier ?? []),
      followed(scaledOutput({ scale: 20, width: 20 }), lazy ?? []),
    ];
    const verdicts = seen.flatMap((each) => each.verdicts);
    expect(verdicts.length).toBeGreaterThanOrEqual(6);
    const held = verdicts.filter(({ outcome }) => outcome === "held");
    // An interval is of 10 % to 90 %, and the runs share their weights at the beginning.
    expect(held.length / verdicts.length).toBeGreaterThanOrEqual(0.6);
    for (const { central, high } of seen.flatMap(({ issued }) => issued)) expect(high / central).toBeLessThan(1.3);
  });

  it("is broken where the loss goes another way", () => {
    const slow = (lazier ?? []).map((record) =>
      record.t === "step" && record.step > 50
        ? { ...record, values: { "loss/train": 1.3 * (record.values["loss/train"] ?? NaN) } }
        : record,
    );
    expect(followed(slow, lazy ?? []).verdicts.map(({ outcome }) => outcome)).toContain("broken");
  });

  it("is out of regime where a network is rich, and where the rate was not changed with the outputs", () => {
    const rich = followed(scaledOutput({ scale: 0.5, width: 20, steps: 70 }), lazier ?? []);
    expect(rich.issued).toEqual([]);
    expect(rich.standings[0]?.says).toMatch(/out of regime: not so that (η times the first|the) sharpness/);
    const other = followed(scaledOutput({ scale: 40, width: 20, product: 0.2, steps: 70 }), lazy ?? []);
    expect(other.issued).toEqual([]);
    expect(other.standings[0]?.says).toContain("η times the first sharpness is what it was");
  });

  it("cannot speak after runs of the same richness", () => {
    const says = followed(scaledOutput({ scale: 10, width: 20, steps: 30 }), lazy ?? []).standings[0]?.says;
    expect(says).toContain("cannot speak: needs an earlier run to its end of the same network with another sharpness");
  });
});
