/**
 * What a person who knows the formulas expects of a golden script before it runs, beside its sketch in the same JSON file, in the order in which models and
 * optimizers are read; in the same form, what is predicted. `"?"` stands for what the text does not tell.
 */
import { beforeRun, type ModelPredictions, type OptimizerPredictions } from "../../src/analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { sumOf } from "./sourceGoldens.ts";

interface ExpectedOfModel {
  /** Of a forward pass of one example, as a sum of products: two for each product of a matrix product or a convolution. */
  readonly operations: string;
  /** At the first step: ln C of a softmax over C classes; absent where the text names no loss. */
  readonly firstLoss?: number | "?";
  /** Of the gradient on its way to the first layer. */
  readonly gain: "known" | "?";
}

interface ExpectedOfOptimizer {
  /** Largest stable sharpness, (2 + 2β)/η and its like, in units of the preconditioned one where the optimizer is adaptive. */
  readonly ceiling: number | "?";
  /** 1/(ηλ), in steps; absent without decoupled weight decay. */
  readonly decayTimescale?: number | "?";
  /** Absent where the text does not say what is trained on which loss. */
  readonly stableRate?: "estimated" | "?";
}

export interface ExpectedPredictions {
  readonly models: readonly ExpectedOfModel[];
  readonly optimizers: readonly ExpectedOfOptimizer[];
}

/** Relative: what is expected is written with three digits at least. */
const digits = 5e-3;

export function asExpected(sketch: SourceSketch, expected: ExpectedPredictions): ExpectedPredictions {
  const { models, optimizers } = beforeRun(sketch);
  return {
    models: models.map((each, index) => ofModel(each, expected.models[index])),
    optimizers: optimizers.map((each, index) => ofOptimizer(each, expected.optimizers[index])),
  };
}

function ofModel({ operations, firstLoss, signal }: ModelPredictions, expected?: ExpectedOfModel): ExpectedOfModel {
  return {
    operations: summed(operations, expected?.operations ?? ""),
    ...(firstLoss && { firstLoss: within(firstLoss, expected?.firstLoss) }),
    gain: signal.gain.known ? "known" : "?",
  };
}

function ofOptimizer(
  { ceiling, decayTimescale, stableRate }: OptimizerPredictions,
  expected?: ExpectedOfOptimizer,
): ExpectedOfOptimizer {
  return {
    ceiling: within(ceiling, expected?.ceiling),
    ...(decayTimescale && { decayTimescale: within(decayTimescale, expected?.decayTimescale) }),
    ...(stableRate && { stableRate: stableRate.known ? "estimated" : "?" }),
  };
}

function summed(prediction: Prediction, expected: string): string {
  if (!prediction.known) return "?";
  return expected !== "?" && prediction.value === sumOf(expected) ? expected : String(prediction.value);
}

/** The expected number itself where it is within what is predicted. */
function within(prediction: Prediction, expected: number | "?" | undefined): number | "?" {
  if (!prediction.known) return "?";
  const { value, low, high } = prediction;
  if (typeof expected !== "number") return value;
  return expected >= low * (1 - digits) && expected <= high * (1 + digits) ? expected : value;
}
