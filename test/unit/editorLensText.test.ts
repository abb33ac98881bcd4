import { describe, expect, test } from "vitest";
import { lensSites, lensTexts } from "../../src/editor/lensText.ts";
import { noVerdicts, type RunListing } from "../../src/editor/runListing.ts";
import { commands } from "../../src/ids.ts";
import type { CodeSite } from "../../src/source/codeSite.ts";

const finished: RunListing = {
  directory: "/runs/a",
  id: "a",
  script: "/project/train.ts",
  startedAt: 1,
  status: "finished",
  live: false,
  orphaned: false,
  step: 100,
  loss: 0.1,
  sharpness: undefined,
  verdicts: { ...noVerdicts, held: 2, broken: 1 },
  error: "",
  problem: "",
};

function titles(run: RunListing | undefined, trusted = true, results = true): string[] {
  return lensTexts({ run, trusted, results }).map((text) => text.title);
}

describe("a lens says", () => {
  test("▷ Inspect where the script was never run", () => {
    expect(titles(undefined)).toEqual(["▷ Inspect"]);
  });
  test("how the last run's forecasts did", () => {
    expect(titles(finished)).toEqual(["▷ Inspect", "last run held 2 of 3"]);
  });
  test("that the last run failed, verdicts or not", () => {
    expect(titles({ ...finished, status: "failed" })).toEqual(["▷ Inspect", "last run failed, held 2 of 3"]);
    expect(titles({ ...finished, status: "diverged", verdicts: noVerdicts })).toEqual([
      "▷ Inspect",
      "last run diverged",
    ]);
  });
  test("nothing of the last run once results were cleared", () => {
    expect(titles(finished, true, false)).toEqual(["▷ Inspect"]);
  });
  test("the same at every step of a live run", () => {
    const live = { ...finished, status: "running", live: true } as const;
    expect(titles({ ...live, step: 1 })).toEqual(titles({ ...live, step: 100_000, loss: 5 }));
  });
});

describe("in Restricted Mode", () => {
  test("no lens starts or stops anything", () => {
    const live = { ...finished, status: "running", live: true } as const;
    const offered = [undefined, finished, live].flatMap((run) => lensTexts({ run, trusted: false, results: true }));
    expect(offered.map((text) => text.command).filter((command) => command !== commands.openRun)).toEqual([]);
  });
  test("the last run can be opened", () => {
    expect(titles(finished, false)).toEqual(["last run held 2 of 3"]);
  });
});

test("a line has one site: the training call, where a model is defined on it too", () => {
  const site = (kind: "training" | "model", line: number): CodeSite => {
    const range = { start: { line, column: 0 }, end: { line, column: 9 } };
    return kind === "training"
      ? { kind, call: "fit", range, statement: range.start }
      : { kind, call: "sequential", range, statement: range.start };
  };
  const sites = lensSites([site("model", 1), site("training", 1), site("model", 4), site("training", 7)]);
  expect(sites.map(({ kind, statement }) => [kind, statement.line])).toEqual([
    ["training", 1],
    ["model", 4],
    ["training", 7],
  ]);
});
