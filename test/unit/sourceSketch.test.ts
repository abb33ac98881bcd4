import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameterCount } from "../../src/source/sketch/parameterCount.ts";
import { knownsOf, languageOf, said, sketchOfFile, sketchOf, textAt } from "./sourceSketches.ts";

/** Parameters by hand: for each layer (inputs + bias) × units, and likewise for the others. */
const counted: readonly (readonly [script: string, parameters: number])[] = [
  ["examples/edgeOfStability.ts", 2 * 24 + 25 * 24 + 25],
  ["examples/edge_of_stability.py", 2 * 24 + 25 * 24 + 25],
  ["examples/optimizers_at_the_edge.py", 2 * 24 + 25 * 24 + 25],
  ["examples/laws/balancedness.mjs", 13 * 10 + 11 * 6],
  ["examples/laws/catapult.mjs", 5 * 128 + 129],
  ["examples/laws/edgeOfStability.mjs", 2 * 16 + 17 * 16 + 17],
  ["examples/laws/stepZeroLoss.mjs", 20 * 48 + 48 * 10],
  ["test/fixtures/scripts/fit.mjs", 4 * 16 + 17],
  ["test/fixtures/scripts/convolution.mjs", (9 + 1) * 4 + (36 + 1) * 3],
  ["test/fixtures/scripts/dropout.mjs", 7 * 12 + 2 * 12 + 13 * 4],
  ["test/fixtures/scripts/minimize.ts", 2 * 12 + 12],
  ["test/fixtures/scripts/trainOnBatch.cjs", 5 * 6 + 7],
  ["test/fixtures/scripts/variableGrads.mjs", 11 * 3],
  ["test/fixtures/scripts/still/recurrent.mjs", 4 * 3 * (2 + 3 + 1) + 4],
  [
    "test/fixtures/scripts/still/convolution.mjs",
    // Depthwise with two channels and a window of two by two; what is flattened is two by two by two.
    (9 + 1) * 2 + 2 * 2 + (4 + 1) * 2 + (8 + 1) * 3 + (3 + 1) * 2,
  ],
  ["test/fixtures/scripts/pairs/attention.py", 6 * 6 + 2 * 6 + 4 * 7 * 6 + 7 * 7 + 8 * 2],
  ["test/fixtures/scripts/pairs/convolution.py", (2 * 9 + 1) * 3 + (3 * 4 + 1) * 4 + 17 * 3],
  ["test/fixtures/scripts/pairs/convolution.mjs", (2 * 9 + 1) * 3 + (3 * 4 + 1) * 4 + 17 * 3],
  ["test/fixtures/scripts/pairs/normalized.py", (2 * 9 + 1) * 4 + 2 * 4 + 5 * 6 + 7 * 3],
  ["test/fixtures/scripts/pairs/regressor.py", 6 * 10 + 10 * 6 + 6 * 2],
  ["test/fixtures/scripts/torch/data_loader.py", 7 * 8 + 2 * 8 + 9],
  [
    "test/fixtures/scripts/torch/transformer.py",
    11 * 8 + 6 * 8 + 2 * 2 * 8 + 9 * 24 + 9 * 8 + 9 * 16 + 17 * 8 + 8 * 11,
  ],
];

test.each(counted)("%s has %i parameters, by its text alone", async (script, parameters) => {
  const { sketch } = await sketchOfFile(script);
  expect(sketch?.models).toHaveLength(1);
  expect(sketch?.models.map((model) => said(parameterCount(model)))).toEqual([parameters]);
});

const scripts = [
  ...counted.map(([script]) => script),
  "test/fixtures/scripts/torch/command_line.py",
  "test/fixtures/scripts/torch/itself.py",
];

/** A number as a person writes it, or nothing. */
function plainNumber(text: string | undefined): number | undefined {
  const number = Number(text?.trim() === "" ? Number.NaN : text?.replaceAll("_", ""));
  return Number.isNaN(number) ? undefined : number;
}

function expectLiterals(text: string, sketch: unknown): number {
  let literals = 0;
  for (const known of knownsOf(sketch)) {
    if (!known.known || known.range === undefined) continue;
    const literal = textAt(text, known.range);
    expect(literal).not.toBe("");
    const number = plainNumber(literal);
    if (typeof known.value !== "number" || number === undefined) continue;
    literals++;
    expect(known.value).toBe(number);
  }
  return literals;
}

test.each(scripts)("%s: each number stands in the text where the sketch says", async (script) => {
  const { text, sketch } = await sketchOfFile(script);
  expect(expectLiterals(text, sketch)).toBeGreaterThan(2);
});

describe("half-written scripts", () => {
  test.each(["typescript", "python"] as const)(
    "nested deeper than anybody writes, in %s, say nothing",
    async (language) => {
      const start =
        language === "python" ? "import torch\nx = " : `import * as tf from "@tensorflow/tfjs";\nconst x = `;
      const text = `${start}${"(".repeat(3000)}1${")".repeat(3000)}\n`;
      expect(await sketchOf(text, language)).toBeUndefined();
    },
  );

  test("are read without an error, and no number is said that its literal does not", async () => {
    const texts = await Promise.all(
      scripts.map(async (script) => ({ script, text: (await sketchOfFile(script)).text })),
    );
    const damage = fc.record({
      which: fc.integer({ min: 0, max: texts.length - 1 }),
      start: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.integer({ min: 1, max: 60 }),
      cutOff: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ which, start, length, cutOff }) => {
        const { script, text } = texts[which] ?? { script: "", text: "" };
        const from = Math.floor(start * text.length);
        const damaged = text.slice(0, from) + (cutOff ? "" : text.slice(from + length));
        expectLiterals(damaged, await sketchOf(damaged, languageOf(script)));
      }),
      { numRuns: 300 },
    );
  });
});
