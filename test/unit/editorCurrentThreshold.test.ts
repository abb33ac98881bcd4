import { expect, test } from "vitest";
import { currentThreshold } from "../../src/editor/currentThreshold.ts";
import type { EventRow, ObservableSummary, RunReader } from "../../src/run/runRows.ts";

function readerOf(optimizers: readonly object[], learningRate?: number): RunReader {
  const events = optimizers.map((optimizer, sequence): EventRow => {
    const body = JSON.stringify({ t: "optimizer", time: 0, step: 0, name: "SGD", schedule: "constant", ...optimizer });
    return { sequence, kind: "optimizer", step: 0, time: 0, severity: "information", text: "", body };
  });
  const observables = learningRate === undefined ? [] : [{ name: "optimizer/learningRate", lastValue: learningRate }];
  const absent = () => {
    throw new Error("Not asked for.");
  };
  return {
    revision: () => 1,
    overview: () => ({ ...({} as ReturnType<RunReader["overview"]>), observables: observables as ObservableSummary[] }),
    events: () => [{ ...(events[0] ?? empty), kind: "note", body: "{}" }, ...events],
    series: absent,
    reading: absent,
    vector: absent,
    ledger: absent,
    standings: absent,
    [Symbol.dispose]: absent,
  };
}

const empty: EventRow = { sequence: 0, kind: "", step: 0, time: 0, severity: "information", text: "", body: "" };
const descent = { id: "a", kind: "sgd", groups: [{ parameters: 3, learningRate: 0.05 }] };

test("gradient descent with learning rate η has the threshold 2/η", () => {
  expect(currentThreshold(readerOf([descent]))).toMatchObject({ observable: "sharpness/batch", value: 40 });
});

test("a learning rate that has moved since moves the threshold", () => {
  expect(currentThreshold(readerOf([descent], 0.1))?.value).toBe(20);
});

test("with two optimizers, or none, none is named", () => {
  expect(currentThreshold(readerOf([descent, { ...descent, id: "b" }]))).toBeUndefined();
  expect(currentThreshold(readerOf([]))).toBeUndefined();
});
