/**
 * Scripts as people write them, each beside a JSON file of what a person reads off it; in the same form, what is read off them.
 *
 * A value is written as `0.1` where it is the framework's default, as `[0.1, "lr=‹0.1›"]` where the text states it (the second
 * part occurs once in the script, and marks the literal), as `[0.1, "default=‹0.1›", "default"]` where the text states it for
 * the case that nobody says otherwise, and as `"?"` where it is not known; a batch size as `"at most 64"` in place of its number where
 * the text does not say how many examples there are. Parameters are sums of products, as one counts them.
 * What a file is silent of is not compared, but hyperparameters that a script states are all in it.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { SourceLanguage } from "../../src/source/grammar.ts";
import type { SourceRange } from "../../src/source/places.ts";
import type { Known } from "../../src/source/sketch/known.ts";
import type { LayerSketch } from "../../src/source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../src/source/sketch/modelSketch.ts";
import { parameterCount } from "../../src/source/sketch/parameterCount.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import type {
  Hyperparameters,
  LossSketch,
  OptimizerSketch,
  TrainingSketch,
} from "../../src/source/sketch/trainingSketch.ts";
import type { ExpectedPredictions } from "./goldenPredictions.ts";
import { languageOf } from "./sourceSketches.ts";

type Plain = number | boolean | `at most ${number}` | "?";
type GoldenValue = Plain | readonly [value: Plain, literal: string, basis?: "default"];
type Settings = Readonly<Record<string, GoldenValue>>;

interface GoldenModel {
  readonly name?: string;
  readonly parameters?: string;
  readonly flow?: string;
  /** Layers that have weights, each with the literal of its units where one is given. */
  readonly weights?: readonly (string | readonly [layer: string, literal: string])[];
}

type GoldenOptimizer = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly schedules?: readonly string[];
  readonly groups?: readonly Settings[];
};

export interface GoldenSketch {
  readonly models?: readonly GoldenModel[];
  readonly losses?: readonly string[];
  readonly optimizers?: readonly GoldenOptimizer[];
  /** Of each call that trains. */
  readonly batchSizes?: readonly GoldenValue[];
}

export interface Golden {
  readonly name: string;
  readonly language: SourceLanguage;
  readonly text: string;
  readonly expected: GoldenSketch;
  /** Absent where nobody has said what to expect. */
  readonly predictions: ExpectedPredictions | undefined;
}

const root = path.join(import.meta.dirname, "../fixtures/source");

/** Those of a folder, in the order of their names. */
export function goldensIn(folder: string): readonly Golden[] {
  const names = readdirSync(path.join(root, folder)).toSorted();
  return names
    .filter((name) => !name.endsWith(".json"))
    .map((name) => {
      const script = path.join(root, folder, name);
      const answer = script.replace(/\.\w+$/, ".json");
      return {
        name: `${folder}/${name}`,
        language: languageOf(name),
        text: readFileSync(script, "utf8"),
        ...answerIn(answer),
      };
    });
}

function answerIn(file: string): Pick<Golden, "expected" | "predictions"> {
  const { predictions, ...expected } = JSON.parse(readFileSync(file, "utf8")) as GoldenSketch & {
    readonly predictions?: ExpectedPredictions;
  };
  return { expected, predictions };
}

/** What a sketch says of that of which an expectation speaks, in the same form. */
export function asGolden(text: string, sketch: SourceSketch | undefined, expected: GoldenSketch): GoldenSketch {
  const { models = [], losses = [], optimizers = [], trainings = [] } = sketch ?? {};
  return {
    ...(expected.models && {
      models: models.map((each, index) => asModel(text, each, expected.models?.[index] ?? {})),
    }),
    ...(expected.losses && { losses: losses.map(asLoss) }),
    ...(expected.optimizers && {
      optimizers: optimizers.map((each, index) => asOptimizer(text, each, expected.optimizers?.[index])),
    }),
    ...(expected.batchSizes && {
      batchSizes: trainings.map((each, index) => asBatch(text, each, expected.batchSizes?.[index])),
    }),
  };
}

function asModel(text: string, model: ModelSketch, expected: GoldenModel): GoldenModel {
  const weights = model.layers.filter(hasWeights);
  const count = parameterCount(model);
  return {
    ...(expected.name !== undefined && { name: model.name ?? "" }),
    ...(expected.parameters !== undefined && { parameters: asSum(count, expected.parameters) }),
    ...(expected.flow !== undefined && { flow: model.flow.known ? model.flow.value : "?" }),
    ...(expected.weights && {
      weights: weights.map((each, index) => {
        const wanted = expected.weights?.[index];
        return typeof wanted === "object" ? ([asLayer(each), unitsIn(text, each, wanted[1])] as const) : asLayer(each);
      }),
    }),
  };
}

/** The sum itself where it gives the count, else the count. */
function asSum(count: Known<number>, expected: string): string {
  if (!count.known) return "?";
  return count.value === sumOf(expected) ? expected : String(count.value);
}

/** `3*4 + 5` */
export function sumOf(sum: string): number {
  const products = sum
    .split("+")
    .map((each) => each.split("*").reduce((product, factor) => product * Number(factor), 1));
  return products.reduce((one, other) => one + other, 0);
}

function unitsIn(text: string, layer: LayerSketch, literal: string): string {
  return "units" in layer && layer.units.known ? placed(text, layer.units.range, literal) : "no literal";
}

function hasWeights(layer: LayerSketch): boolean {
  if (layer.kind === "activation") return !layer.slopes.known || layer.slopes.value > 0;
  if (layer.kind === "other") return !layer.weightless;
  return !["dropout", "pooling", "reshape", "merge"].includes(layer.kind);
}

function asLayer(layer: LayerSketch): string {
  const shared = layer.sharedWith === undefined ? "" : " shared";
  const unbiased = "bias" in layer && layer.bias.known && !layer.bias.value ? " unbiased" : "";
  return `${ownOf(layer)}${unbiased}${shared}${layer.used ? "" : " unused"}`;
}

function ownOf(layer: LayerSketch): string {
  switch (layer.kind) {
    case "dense":
    case "embedding":
      return `${layer.kind} ${asNumber(layer.inputs)}>${asNumber(layer.units)}`;
    case "convolution": {
      const sizes = layer.kernelSize.known ? layer.kernelSize.value.join("x") : "?";
      const groups = layer.groups.known && layer.groups.value === 1 ? "" : ` in ${asNumber(layer.groups)} groups`;
      const kind = layer.transposed ? "deconvolution" : "convolution";
      return `${kind} ${asNumber(layer.inputs)}>${asNumber(layer.units)} ${sizes}${groups}`;
    }
    case "normalization":
      return `${layer.form} ${asNumber(layer.inputs)}`;
    case "recurrent": {
      const layers = layer.layers.known && layer.layers.value === 1 ? "" : ` ${asNumber(layer.layers)} layers`;
      const ways = layer.bidirectional.known && layer.bidirectional.value ? " both ways" : "";
      return `${layer.cell} ${asNumber(layer.inputs)}>${asNumber(layer.units)}${layers}${ways}`;
    }
    case "attention":
      return `attention ${asNumber(layer.units)} in ${asNumber(layer.heads)} heads`;
    case "parameter":
      return `parameter ${layer.shape.known ? layer.shape.value.join("x") : "?"}`;
    case "activation":
    case "dropout":
    case "pooling":
    case "reshape":
    case "merge":
    case "other":
      return `${layer.kind} ${layer.call}`;
  }
}

function asNumber(known: Known<number>): string {
  return known.known ? String(known.value) : "?";
}

function asLoss({ kind, fromLogits, labelSmoothing, reduction }: LossSketch): string {
  const smoothed = labelSmoothing.known && labelSmoothing.value === 0 ? "" : ` smoothed ${asNumber(labelSmoothing)}`;
  const summed = reduction.known && reduction.value !== "mean" ? ` ${reduction.value}` : "";
  return `${kind}${fromLogits.known && fromLogits.value ? " logits" : ""}${smoothed}${summed}`;
}

function asOptimizer(text: string, found: OptimizerSketch, expected: GoldenOptimizer | undefined): GoldenOptimizer {
  const { kind, hyperparameters, schedules, groups, weightDecayForm } = found;
  const asked = (name: string, some: readonly unknown[]) => some.length > 0 || expected?.[name] !== undefined;
  return {
    kind,
    ...settingsIn(text, hyperparameters, expected),
    ...(asked("schedules", schedules) && { schedules: schedules.map((each) => each.kind) }),
    ...(asked("groups", groups) && {
      groups: groups.map((each, index) => settingsIn(text, each.hyperparameters, expected?.groups?.[index])),
    }),
    ...(expected?.["weightDecayForm"] !== undefined && { weightDecayForm }),
  };
}

/** Those that the text states, and those that are asked for. */
function settingsIn(
  text: string,
  hyperparameters: Hyperparameters,
  expected: Readonly<Record<string, unknown>> | undefined,
): Settings {
  const all = Object.entries(hyperparameters) as [string, Known<number | boolean>][];
  const stated = all.filter(
    ([name, known]) => expected?.[name] !== undefined || (known.known && known.basis !== "framework"),
  );
  return Object.fromEntries(
    stated.map(([name, known]) => [name, asValue(text, known, expected?.[name] as GoldenValue | undefined)]),
  );
}

function asBatch(
  text: string,
  { batchSize, batchLimit }: TrainingSketch,
  expected: GoldenValue | undefined,
): GoldenValue {
  if (batchSize.known || !batchLimit.known) return asValue(text, batchSize, expected);
  const most = `at most ${batchLimit.value}` as const;
  const value = asValue(text, batchLimit, expected);
  return typeof value === "object" ? ([most, ...value.slice(1)] as unknown as GoldenValue) : most;
}

function asValue(text: string, known: Known<number | boolean>, expected: GoldenValue | undefined): GoldenValue {
  if (!known.known) return "?";
  if (known.basis === "framework") return known.value;
  const wanted = typeof expected === "object" ? expected[1] : "";
  const literal = placed(text, known.range, wanted);
  return known.basis === "default" ? [known.value, literal, "default"] : [known.value, literal];
}

/** `wanted`, where it marks the very range; else the line with the range marked. */
function placed(text: string, range: SourceRange | undefined, wanted: string): string {
  if (range === undefined) return "no literal";
  const lines = text.split("\n");
  const offsets = [range.start, range.end].map(({ line, column }) =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, column),
  );
  const [start = 0, end = 0] = offsets;
  const [before = "", inner = "", after = ""] = wanted.split(/[‹›]/);
  const whole = `${before}${inner}${after}`;
  const place = text.indexOf(whole);
  if (wanted !== "" && (place < 0 || place !== text.lastIndexOf(whole)))
    return `“${whole}” stands in the script ${place < 0 ? "nowhere" : "more than once"}`;
  if (wanted !== "" && start === place + before.length && end === start + inner.length) return wanted;
  const line = lines[range.start.line] ?? "";
  return `${line.slice(0, range.start.column)}‹${text.slice(start, end)}›`.trim();
}

interface Literal {
  /** `learningRate 0.1` of an optimizer, or `model 0` for the units of a layer of a model. */
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** The literals that an expectation marks, each of them the only one of its value for what it says. */
export function literalsOf({ text, expected }: Golden): readonly Literal[] {
  const place = (what: string, marked: string): Literal => {
    const [before = "", inner = "", after = ""] = marked.split(/[‹›]/);
    const start = text.indexOf(`${before}${inner}${after}`) + before.length;
    return { what, start, end: start + inner.length };
  };
  const units = (expected.models ?? []).flatMap(({ parameters, weights = [] }, model) =>
    parameters === undefined || parameters === "?"
      ? []
      : weights.flatMap((each) => (typeof each === "object" ? [place(`model ${model}`, each[1])] : [])),
  );
  const stated = (expected.optimizers ?? []).flatMap((optimizer) =>
    Object.entries(optimizer).flatMap(([name, value]) => {
      const [number, marked] = Array.isArray(value) ? (value as readonly unknown[]) : [];
      return typeof number === "number" && typeof marked === "string"
        ? [{ name: `${name} ${number}`, literal: place(`${name} ${number}`, marked) }]
        : [];
    }),
  );
  const alone = stated.filter(({ name, literal }) =>
    stated.every((each) => each.name !== name || each.literal.start === literal.start),
  );
  return [...units, ...alone.map(({ literal }) => literal)];
}
