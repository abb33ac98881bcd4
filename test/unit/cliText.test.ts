import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/cli/arguments.ts";
import { ledgerSummary, ledgerText } from "../../src/cli/ledgerText.ts";
import { formatCount, formatNumber, formatSeconds } from "../../src/cli/numbers.ts";
import { progressLine } from "../../src/cli/progress.ts";
import { table, wrap } from "../../src/cli/table.ts";
import { UsageError } from "../../src/cli/usageError.ts";
import type { LedgerRow, RunOverview } from "../../src/run/runRows.ts";

describe("numbers for people", () => {
  test.each([
    [0, "0"],
    [1 / 3, "0.3333"],
    [39.8712, "39.87"],
    [12345.6, "12,350"],
    [1.23456e-7, "1.235e-7"],
    [1e9, "1e9"],
    [-0.05, "-0.05"],
    [Number.NaN, "NaN"],
    [-Infinity, "−∞"],
  ])("%d is written %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test("what is written is within half a unit of the fourth digit of what was meant", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (value) => {
        const read = Number(formatNumber(value).replaceAll(",", ""));
        // Half a unit of the fourth significant digit is at most 5e-4 of the number.
        expect(Math.abs(read - value)).toBeLessThanOrEqual(5.0001e-4 * value);
      }),
    );
  });

  test("durations grow coarser as they grow", () => {
    expect([0.84, 12.3, 185, 7800].map(formatSeconds)).toEqual(["0.8 s", "12 s", "3 min 05 s", "2 h 10 min"]);
    expect(formatCount(1_000_000)).toBe("1,000,000");
  });
});

describe("a command line", () => {
  test("leaves to the script what follows its name", () => {
    const line = readCommandLine([
      "--budget",
      "10%",
      "inspect",
      "--backend",
      "wasm",
      "a.ts",
      "--json",
      "--epochs=3",
      "b",
    ]);
    expect(line).toMatchObject({ command: "inspect", subject: "a.ts", budget: 0.1, backend: "wasm", json: false });
    expect(line.rest).toEqual(["--json", "--epochs=3", "b"]);
  });

  test("takes options anywhere for the other commands", () => {
    expect(readCommandLine(["show", "latest", "--json"])).toMatchObject({
      command: "show",
      subject: "latest",
      json: true,
    });
  });

  test.each([
    ["5%", 0.05],
    ["0.05", 0.05],
    ["0", 0],
    ["100 %", 1],
  ])("reads %s as a share", (text, share) => {
    expect(readCommandLine(["inspect", "--budget", text, "a.js"]).budget).toBeCloseTo(share, 12);
  });

  test.each([
    [["inspect", "--budget", "five", "a.js"]],
    [["inspect", "--budget", "2", "a.js"]],
    [["show", "a", "b"]],
    [["list", "--nonsense"]],
  ])("%j is refused", (words) => {
    expect(() => readCommandLine(words)).toThrow(UsageError);
  });
});

describe("progress in one line", () => {
  const overview: RunOverview = {
    id: "r",
    directory: "/r",
    script: "/train.ts",
    arguments: [],
    startedAt: 0,
    status: "running",
    error: "",
    step: 1200,
    seconds: 12,
    backend: "",
    backendReason: "",
    framework: "",
    parameters: 0,
    optimizer: "",
    observables: [
      {
        name: "loss/train",
        points: 1,
        firstStep: 0,
        lastStep: 0,
        lastValue: Number.NaN,
        minimum: 0,
        maximum: 0,
        notFinite: 1,
      },
    ],
    vectors: [],
    revision: 0,
  };

  test("says a loss that is NaN, and how full the way to the edge is", () => {
    expect(progressLine(overview, { value: 20, threshold: 40 })).toBe(
      "step 1,200  loss NaN  sharpness 20 of 40 ▕██████████··········▏  50 %  12 s",
    );
  });

  test("has a full bar, and more than 100 %, beyond the edge", () => {
    expect(progressLine(overview, { value: 44, threshold: 40 })).toContain("▕████████████████████▏ 110 %");
  });
});

describe("tables", () => {
  test("align their columns", () => {
    expect(
      table(
        ["a", "n"],
        [
          ["long", "1"],
          ["x", "100"],
        ],
        ["n"],
      ),
    ).toBe("a       n\nlong    1\nx     100");
  });

  test("wrapping keeps every word and no line is too long", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1, maxLength: 9 }).filter((word) => !/\s/.test(word)),
          { minLength: 1 },
        ),
        (words) => {
          const lines = wrap(words.join(" "), 20, "  ").split("\n");
          expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(words);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
        },
      ),
    );
  });
});

test("the ledger shows forecast, interval, step of issue, measurement, verdict and skill", () => {
  const row: LedgerRow = {
    forecast: {
      id: "f",
      law: "edge-of-stability",
      subject: "",
      observable: "sharpness/batch",
      statistic: "timeMean",
      issuedAt: 1200,
      from: 1201,
      to: 9000,
      low: 38,
      central: 40,
      high: 44,
      baselines: [{ kind: "persistence", value: 9 }],
      assumptions: [],
      statement: "It hovers.",
    },
    lawTitle: "Edge of stability",
    lawNumber: "L18",
    verdict: {
      forecast: "f",
      outcome: "held",
      scoredAt: 9000,
      measured: 40.352,
      error: 0.1,
      skill: 0.9886,
      reason: "It did.",
    },
  };
  const silent = {
    law: "l",
    number: "L03",
    title: "Balancedness",
    area: "solvable",
    says: "cannot speak",
    regime: undefined,
  };
  const text = ledgerText([row], [silent], 80);
  expect(text).toMatch(/L18 Edge of stability +40 \[38, 44\] +step 1,200 +40\.35 +held +0\.9886/);
  expect(text).toContain("L03 Balancedness: cannot speak");
  const bound: LedgerRow = { ...row, forecast: { ...row.forecast, isBound: true } };
  expect(ledgerText([bound], [], 80)).toMatch(/L18 Edge of stability +within \[38, 44\] +step 1,200 +40\.35 +held/);
  const summary = ledgerSummary([row], [silent], 80);
  expect(summary.startsWith(text.slice(0, text.indexOf("L03")))).toBe(true);
  expect(summary).toMatch(/Laws that made no forecast: 1 without what they need\.\s`orrery ledger`/);
});
