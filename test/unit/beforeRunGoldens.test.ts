/** What is predicted of scripts as people write them: numbers with an interval, or a reason; and no script is a reason to throw. */
import { describe, expect, test } from "vitest";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import { findingsIn, sketchOf } from "./inlineScripts.ts";
import { asExpected } from "./goldenPredictions.ts";
import { goldensIn } from "./sourceGoldens.ts";

const goldens = ["typescript", "javascript", "python", "unknown"].flatMap((folder) => goldensIn(folder));

/** What is wrong with a prediction; empty where nothing is. */
function faultOf(prediction: Prediction | undefined): string {
  if (prediction === undefined) return "";
  if (!prediction.known) return prediction.reason === "" ? "no reason" : "";
  const { value, low, high, certainty } = prediction;
  const isInterval = certainty === "interval" ? low < high : low === value && high === value;
  return Number.isFinite(low) && Number.isFinite(high) && low <= value && value <= high && isInterval
    ? ""
    : `${value} in [${low}, ${high}], ${certainty}`;
}

describe.each(goldens.map((golden) => [golden.name, golden] as const))(
  "of %s",
  (_, { text, language, predictions: expected }) => {
    test("predictions are finite numbers within their intervals, or say why not", async () => {
      const { models, optimizers } = beforeRun(await sketchOf(text, language));
      const predictions = [
        ...models.flatMap(({ parameters, memory, operations, firstLoss, signal }) => [
          ...[parameters, memory, operations, firstLoss, signal.gain, signal.stream],
          ...signal.layers.flatMap(({ rms, gradient }) => [rms, gradient]),
        ]),
        ...optimizers.flatMap(({ ceiling, decayTimescale, stableRate, largestMap }) => {
          return [ceiling, decayTimescale, stableRate, largestMap];
        }),
      ];
      expect(predictions.map(faultOf).filter((fault) => fault !== "")).toEqual([]);
    });

    test.runIf(expected !== undefined)("they are what a person expects who knows the formulas", async () => {
      if (expected === undefined) return;
      expect(asExpected(await sketchOf(text, language), expected)).toEqual(expected);
    });

    test("nothing is measured before a run, and half of it is no reason to throw", async () => {
      const found = await findingsIn(text, undefined, language);
      expect(found.filter(({ measured }) => measured)).toEqual([]);
      await findingsIn(text.slice(0, text.length / 2), undefined, language);
    });
  },
);
