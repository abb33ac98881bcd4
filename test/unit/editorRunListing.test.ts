import { describe, expect, test } from "vitest";
import {
  ageText,
  liveText,
  noVerdicts,
  runAccessibleLabel,
  runDescription,
  shortNumber,
  shownStatus,
  verdictSummary,
  type RunListing,
} from "../../src/editor/runListing.ts";

const now = Date.UTC(2026, 0, 2);

function listing(some: Partial<RunListing>): RunListing {
  return {
    directory: "/runs/a",
    id: "a",
    script: "/project/train.ts",
    startedAt: now - 90_000,
    status: "finished",
    live: false,
    orphaned: false,
    step: 0,
    loss: undefined,
    sharpness: undefined,
    verdicts: noVerdicts,
    error: "",
    problem: "",
    ...some,
  };
}

test.each([
  [0, "0"],
  [0.0421311, "0.04213"],
  [-1.5, "−1.5"],
  [12345.678, "12350"],
  [123456, "1.23e5"],
  [1.234e-7, "1.23e−7"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "∞"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("%d is shown as %s", (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

test.each([
  [5, "5 s ago"],
  [90, "1 min ago"],
  [7200, "2 h ago"],
  [86_400, "1 day ago"],
  [1e6, "11 days ago"],
  [-5, "0 s ago"],
])("a run of %d seconds ago began %s, a clock that was set back included", (seconds, text) => {
  expect(ageText(now - seconds * 1000, now)).toBe(text);
});

describe("of forecasts", () => {
  test("only those scored within the law's regime count", () => {
    expect(verdictSummary({ ...noVerdicts, held: 2, broken: 1, outOfRegime: 4, pending: 3 })).toBe("held 2 of 3");
  });
  test("none that is pending is called held", () => {
    expect(verdictSummary({ ...noVerdicts, pending: 3, unresolved: 1 })).toBe("");
  });
  test("out of regime is said where nothing else can be", () => {
    expect(verdictSummary({ ...noVerdicts, outOfRegime: 1 })).toBe("out of regime");
  });
});

test("a run that has not ended and has no process is interrupted, and is not called running", () => {
  expect(shownStatus(listing({ status: "running", live: false }))).toBe("interrupted");
  expect(shownStatus(listing({ status: "running", live: true }))).toBe("running");
  expect(shownStatus(listing({ problem: "not a run file" }))).toBe("unreadable");
});

test("a finished run's line gives verdicts, step, loss and age", () => {
  const run = listing({ step: 8000, loss: 0.01234567, verdicts: { ...noVerdicts, held: 2, broken: 1 } });
  expect(runDescription(run, now)).toBe("held 2 of 3 · step 8,000 · loss 0.01235 · 1 min ago");
  expect(runAccessibleLabel(run, "train.ts", now)).toContain("train.ts, finished, ");
});

test("a loss that is NaN is shown as NaN", () => {
  expect(runDescription(listing({ status: "diverged", step: 12, loss: Number.NaN }), now)).toContain("loss NaN");
});

test("the status bar shows sharpness of its threshold, and only what is known", () => {
  const run = listing({ status: "running", live: true, step: 1200, loss: 0.5 });
  expect(liveText(run)).toBe("step 1,200 · loss 0.5");
  expect(liveText({ ...run, sharpness: { value: 38.71234, threshold: 40 } })).toBe(
    "step 1,200 · loss 0.5 · sharpness 38.71 of 40",
  );
  expect(liveText({ ...run, sharpness: { value: 38.71234, threshold: undefined } })).toContain("sharpness 38.71");
  expect(liveText(listing({ status: "starting", live: true }))).toBe("Orrery: starting");
});
