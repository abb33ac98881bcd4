import { expect, test } from "vitest";
import { RunHistory, type HistoryRecord } from "../../src/theory/history.ts";
import { batchOf } from "../../src/theory/stepBatch.ts";

function batchAfter(...records: readonly HistoryRecord[]): number | undefined {
  const history = new RunHistory("a run", () => []);
  for (const record of records) history.append(record);
  return batchOf(history.view());
}

const sized = (step: number, size: number): HistoryRecord => ({
  t: "step",
  step,
  values: { "loss/train": 1, "batch/size": size },
});

test("a step's batch is that of all processes that train together, and at most all examples", () => {
  const how = "from the data loader";
  expect(batchAfter({ t: "data", step: 0, batch: 8, how })).toBe(8);
  expect(batchAfter({ t: "data", step: 0, batch: 8, processes: 2, how })).toBe(16);
  expect(batchAfter({ t: "data", step: 0, batch: 8, processes: 4, examples: 24, how })).toBe(24);
});

test("where no batch was recorded it is that of the steps, of which the last of an epoch may be smaller", () => {
  expect(batchAfter(sized(0, 32), sized(1, 32), sized(2, 5))).toBe(32);
  expect(batchAfter()).toBeUndefined();
});
