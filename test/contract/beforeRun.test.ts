/** What was predicted of a script from its text alone, against a run of that very script. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { beforeRun, type ModelPredictions } from "../../src/analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { sketchOf } from "../unit/inlineScripts.ts";
import { fixtures, recordsOf, run, runProbed, series } from "./probeRun.ts";
import { python, runProbedPython } from "./torchRun.ts";

interface Given {
  readonly script: string;
  /** Those that the text gives, beside the parameters. */
  readonly predicts: readonly ("operations" | "firstLoss" | "signal")[];
}

const inTensorFlow: readonly Given[] = [
  { script: "wide.mjs", predicts: ["operations", "firstLoss", "signal"] },
  { script: "deepTanh.mjs", predicts: ["operations", "firstLoss", "signal"] },
  // Pooling and recurrence: their signal is not known before they run, nor how large the logits are.
  { script: "digits.mjs", predicts: ["operations"] },
  { script: "sequences.mjs", predicts: ["operations"] },
];

const inTorch: readonly Given[] = [
  { script: "wide.py", predicts: ["firstLoss", "signal"] },
  { script: "images.py", predicts: [] },
];

/** What is asked for here is measured at the first step on any budget. */
const usual = { backend: "wasm", budget: 0.05 };

function pathOf(script: string): string {
  return path.join(fixtures, "beforeRun", script);
}

async function predictionsOf(script: string): Promise<ModelPredictions> {
  const language = script.endsWith(".py") ? "python" : "javascript";
  const [model, ...others] = beforeRun(await sketchOf(readFileSync(pathOf(script), "utf8"), language)).models;
  if (model === undefined || others.length > 0) throw new Error("The script has one model.");
  return model;
}

function valueOf(prediction: Prediction | undefined): number {
  return prediction?.known === true ? prediction.value : Number.NaN;
}

/** What each was of, where it was predicted, else nothing. */
function predicted({ operations, firstLoss, signal }: ModelPredictions): string[] {
  return [
    ...(operations.known ? ["operations"] : []),
    ...(firstLoss?.known === true ? ["firstLoss"] : []),
    ...(signal.gain.known ? ["signal"] : []),
  ];
}

function expectOutcome({ predicts }: Given, model: ModelPredictions, records: readonly SpoolRecord[]): void {
  const [recorded] = recordsOf(records, "model");
  expect(valueOf(model.parameters)).toBe(recorded?.parameters);
  if (predicts.includes("firstLoss")) {
    const [[, loss] = [0, Number.NaN]] = series(records, "loss/train");
    // What the law of fresh classifiers leaves out (see `margin` in firstLoss.ts).
    expect(Math.abs(valueOf(model.firstLoss) / loss - 1)).toBeLessThan(0.02);
  }
  if (predicts.includes("signal")) expectSignal(model, records);
}

/**
 * What a stack makes of standardized inputs, up to each layer: the gain of a layer is within 5 % of the limit of infinitely wide ones on the
 * average over those before it. One draw of a single layer of 512 rectifiers scatters by √(5/512)/2 = 5 % (Hanin and Nica 2020).
 */
function expectSignal({ signal }: ModelPredictions, records: readonly SpoolRecord[]): void {
  const layers = recordsOf(records, "model")[0]?.modules.filter(({ parameters }) => parameters > 0) ?? [];
  expect(layers).toHaveLength(signal.layers.length);
  // The last layer's activation function may be part of the loss, and its few units scatter.
  for (const [index, { rms }] of signal.layers.slice(0, -1).entries()) {
    const name = layers[index]?.path ?? "";
    const [expected, seen] = [valueOf(rms), measuredOf(records, `activation/rms@${name}`)];
    expect(Math.abs(Math.log(seen / expected)), `${name}: ${expected} and ${seen}`).toBeLessThan(0.05 * (index + 1));
  }
}

/** At step 0, of a layer whose name may go on with that of its weights. */
function measuredOf(records: readonly SpoolRecord[], observable: string): number {
  const names = new Set(recordsOf(records, "measure").flatMap(({ values }) => Object.keys(values)));
  const name = [...names].find((each) => each === observable || each.startsWith(`${observable}/`));
  return series(records, name ?? observable).find(([step]) => step === 0)?.[1] ?? Number.NaN;
}

describe("what is predicted of a script before it runs", () => {
  test.each(inTensorFlow)("comes true: $script", async (given) => {
    const model = await predictionsOf(given.script);
    expect(predicted(model)).toEqual(given.predicts);
    const { records, exitCode, errors } = await runProbed(pathOf(given.script), usual);
    expect(exitCode, errors).toBe(0);
    expectOutcome(given, model, records);
    const counted = await run(process.execPath, [pathOf("countedOperations.mjs"), pathOf(given.script)]);
    const operations = Number(counted.output.trim().split("\n").at(-1));
    expect(Math.abs(valueOf(model.operations) / operations - 1), counted.errors).toBeLessThan(0.01);
  });

  test.skipIf(python === undefined).each(inTorch)("comes true: $script", async (given) => {
    const model = await predictionsOf(given.script);
    expect(predicted(model).filter((each) => each !== "operations")).toEqual(given.predicts);
    const { records, exitCode, errors } = await runProbedPython(pathOf(given.script), [], usual.budget);
    expect(exitCode, errors).toBe(0);
    expectOutcome(given, model, records);
  });
});
