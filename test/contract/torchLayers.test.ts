/** Networks with the same weights and batch in TensorFlow.js and PyTorch: what is measured of their layers is the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, test } from "vitest";
import { activationMoments } from "../../src/probe/tfjs/observables/activationMoments.ts";
import { activationRanks } from "../../src/probe/tfjs/observables/activationRanks.ts";
import { balance } from "../../src/probe/tfjs/observables/balance.ts";
import { initialAgreement } from "../../src/probe/tfjs/observables/initialAgreement.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import { layerUpdates } from "../../src/probe/tfjs/observables/layerUpdates.ts";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { initialSignal } from "../../src/probe/tfjs/observables/initialSignal.ts";
import { neuralCollapse } from "../../src/probe/tfjs/observables/neuralCollapse.ts";
import { neuralFeatures } from "../../src/probe/tfjs/observables/neuralFeatures.ts";
import { neighbourhoods } from "../../src/probe/tfjs/observables/neighbourhoods.ts";
import type { Observable } from "../../src/probe/tfjs/observables/observable.ts";
import { scaleInvariance } from "../../src/probe/tfjs/observables/scaleInvariance.ts";
import { spectralNorms } from "../../src/probe/tfjs/observables/spectralNorms.ts";
import { updateRanks } from "../../src/probe/tfjs/observables/updateRanks.ts";
import { weightSpectra } from "../../src/probe/tfjs/observables/weightSpectra.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import { useBackend } from "../oracle/support/backends.ts";
import { descend, seededValues, seededVariable, withTrace } from "../oracle/support/models.ts";
import { tracedStep } from "../oracle/support/observedStep.ts";
import { recordsOf } from "./probeRun.ts";
import { python, runProbedPython, torchFixture } from "./torchRun.ts";

afterEach(() => {
  tf.disposeVariables();
});

const learningRate = 0.1;

interface Network {
  readonly name: string;
  /** Optimizer steps. Layers are measured at the first; what needs kept batches, at the last of several. */
  readonly steps: number;
  /** By the name that PyTorch gives it, in the axes of TensorFlow.js. */
  readonly weights: Readonly<Record<string, tf.Variable>>;
  /** In the axes of PyTorch. */
  readonly inputs: unknown;
  readonly labels: readonly number[];
  readonly logits: () => tf.Tensor2D;
}

function weight(name: string, shape: number[], seed: number): tf.Variable {
  const seeded = seededVariable(shape, 0.8, seed);
  return tf.variable(seeded, true, name.replace(/\.weight$/, shape.length > 1 ? "/kernel" : "/gain"));
}

function labelsOf(count: number): number[] {
  return Array.from(seededValues(count, 77), (value) => Math.floor(1.5 * (value + 1)) % 3);
}

/** Three layers; with many examples, more than ranks are measured on. */
function dense(examples: number, steps: number): Network {
  const inputs = tf.tensor2d(seededValues(examples * 5, 1), [examples, 5]);
  const weights = {
    "0.weight": weight("0.weight", [5, 40], 2),
    "0.bias": weight("0.bias", [40], 3),
    "2.weight": weight("2.weight", [40, 33], 4),
    "2.bias": weight("2.bias", [33], 5),
    "4.weight": weight("4.weight", [33, 3], 6),
  };
  const times = (x: tf.Tensor2D, by: tf.Variable) => tf.matMul<tf.Tensor2D>(x, by);
  const first = () => tf.relu(times(inputs, weights["0.weight"]).add<tf.Tensor2D>(weights["0.bias"]));
  const second = () => tf.tanh(times(first(), weights["2.weight"]).add<tf.Tensor2D>(weights["2.bias"]));
  const logits = () => times(second(), weights["4.weight"]);
  return { name: "dense", steps, weights, inputs: inputs.arraySync(), labels: labelsOf(examples), logits };
}

function oneLayer(): Network {
  const inputs = tf.tensor2d(seededValues(24 * 5, 1), [24, 5]);
  const weights = { weight: weight("Linear.weight", [5, 3], 2), bias: weight("Linear.bias", [3], 3) };
  const kernel = weights.weight as tf.Variable<tf.Rank.R2>;
  const logits = () => tf.matMul<tf.Tensor2D>(inputs, kernel).add<tf.Tensor2D>(weights.bias);
  return { name: "one_layer", steps: 2, weights, inputs: inputs.arraySync(), labels: labelsOf(24), logits };
}

function images(): Network {
  const inputs = tf.tensor4d(seededValues(12 * 6 * 6 * 2, 1), [12, 6, 6, 2]);
  const weights = {
    "convolution.weight": weight("convolution.weight", [3, 3, 2, 4], 2),
    "convolution.bias": weight("convolution.bias", [4], 3),
    "normalization.weight": weight("normalization.weight", [4], 4),
    "normalization.bias": weight("normalization.bias", [4], 5),
    "head.weight": weight("head.weight", [4, 3], 6),
    "head.bias": weight("head.bias", [3], 7),
  };
  const logits = () => {
    const kernel = weights["convolution.weight"] as tf.Variable<tf.Rank.R4>;
    const product = tf.conv2d(inputs, kernel, 1, "valid").add<tf.Tensor4D>(weights["convolution.bias"]);
    const { mean, variance } = tf.moments(product, [0, 1, 2]);
    const [offset, scale] = [weights["normalization.bias"], weights["normalization.weight"]];
    const normalized = tf.batchNorm(product, mean, variance, offset, scale, 1e-3);
    const pooled = tf.mean<tf.Tensor2D>(tf.relu(normalized), [1, 2]);
    return tf.matMul<tf.Tensor2D>(pooled, weights["head.weight"] as tf.Variable<tf.Rank.R2>).add(weights["head.bias"]);
  };
  const channelsFirst = tf.transpose(inputs, [0, 3, 1, 2]).arraySync();
  return {
    name: "images",
    steps: 1,
    weights,
    inputs: channelsFirst,
    labels: labelsOf(12),
    logits: logits as Network["logits"],
  };
}

function sequences(): Network {
  const tokens = Array.from(seededValues(10 * 4, 1), (value) => Math.floor(3.5 * (value + 1)) % 7);
  const weights = {
    "words.weight": weight("words.weight", [7, 6], 2),
    "hidden.weight": weight("hidden.weight", [6, 8], 3),
    "hidden.bias": weight("hidden.bias", [8], 4),
    "head.weight": weight("head.weight", [8, 3], 5),
    "head.bias": weight("head.bias", [3], 6),
  };
  const gelu = (x: tf.Tensor) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));
  const logits = () => {
    const embedded = tf.gather(weights["words.weight"], tf.tensor2d(tokens, [10, 4], "int32")).reshape([40, 6]);
    const product = tf.matMul(embedded, weights["hidden.weight"]);
    const hidden = gelu(tf.add(product, weights["hidden.bias"]).reshape([10, 4, 8]));
    const pooled = tf.mean<tf.Tensor2D>(hidden, 1);
    return tf.matMul<tf.Tensor2D>(pooled, weights["head.weight"] as tf.Variable<tf.Rank.R2>).add(weights["head.bias"]);
  };
  const rows = Array.from({ length: 10 }, (_, row) => tokens.slice(4 * row, 4 * row + 4));
  return {
    name: "sequences",
    steps: 1,
    weights,
    inputs: rows,
    labels: labelsOf(10),
    logits: logits as Network["logits"],
  };
}

function residual(): Network {
  const inputs = tf.tensor2d(seededValues(10 * 5, 1), [10, 5]);
  const weights = {
    "first.weight": weight("first.weight", [5, 8], 2),
    "first.bias": weight("first.bias", [8], 3),
    "blocks.0.weight": weight("blocks.0.weight", [8, 8], 4),
    "blocks.0.bias": weight("blocks.0.bias", [8], 5),
    "blocks.1.weight": weight("blocks.1.weight", [8, 8], 6),
    "blocks.1.bias": weight("blocks.1.bias", [8], 7),
    "head.weight": weight("head.weight", [8, 3], 8),
    "head.bias": weight("head.bias", [3], 9),
  };
  const dense = (x: tf.Tensor2D, name: "first" | "blocks.0" | "blocks.1" | "head") =>
    tf.matMul<tf.Tensor2D>(x, weights[`${name}.weight`]).add<tf.Tensor2D>(weights[`${name}.bias`]);
  const logits = () => {
    const start = dense(inputs, "first");
    const middle = start.add<tf.Tensor2D>(dense(tf.tanh(start), "blocks.0"));
    return dense(middle.add(dense(tf.tanh(middle), "blocks.1")), "head");
  };
  return { name: "residual", steps: 1, weights, inputs: inputs.arraySync(), labels: labelsOf(10), logits };
}

/** A linear layer's weights are transposed, and a convolution's have their units first; an embedding is the same. */
function inAxesOfTorch(name: string, variable: tf.Variable): unknown {
  const { shape } = variable;
  const axes = shape.length === 4 ? [3, 2, 0, 1] : shape.length === 2 && !name.startsWith("words") ? [1, 0] : undefined;
  return tf.tidy(() => tf.transpose<tf.Tensor>(variable, axes ?? shape.map((_, axis) => axis)).arraySync());
}

type Values = Readonly<Record<string, readonly number[]>>;

/** Of fewer examples neighbours are not told. */
const ofFirstStep = (examples: number): readonly Observable[] => [
  layerUpdates,
  balance(),
  scaleInvariance(),
  activationMoments,
  spectralNorms(),
  activationRanks(),
  weightSpectra(),
  ...(examples < 16 ? [] : [neighbourhoods(new ProbeSet({ batches: 1, bytes: 1e8 }))]),
];
const namesOfFirstStep =
  /^(activation|balance|input|output|representation|scale|stream|update|weight)\/(?!norm$|update)/;

function ofLastStep(): readonly Observable[] {
  const probe = new ProbeSet({ batches: 1, bytes: 1e8 });
  const initial = new InitialWeights();
  return [updateRanks(initial), initialAgreement(initial, probe), neuralCollapse(probe), neuralFeatures(probe)];
}
const namesOfLastStep = /^(agreement|collapse|feature\/nfa|update\/stableRank)/;

/** Trains by gradient descent. */
function inTensorFlow(engine: Engine, { steps, weights, labels, logits }: Network): Values {
  const variables = Object.values(weights);
  const targets = tf.oneHot(tf.tensor1d([...labels], "int32"), 3);
  const loss = () => tf.losses.softmaxCrossEntropy(targets, logits()).asScalar();
  const read = () => new Map(variables.map((variable) => [variable.name, Float32Array.from(variable.dataSync())]));
  const values: Record<string, readonly number[]> = {};
  const [first, last] = [ofFirstStep(labels.length), steps > 1 ? ofLastStep() : []];
  for (let index = 0; index < steps; index++) {
    const before = read();
    withTrace(engine, loss, variables, (trace, gradients) => {
      const given = new Map(
        variables.map(({ name }, which) => [name, Float32Array.from((gradients[which] as tf.Tensor).dataSync())]),
      );
      descend(variables, gradients, learningRate);
      const after = read();
      const step = {
        ...tracedStep(engine, trace, index),
        learningRate,
        gradient: (name: string) => given.get(name),
        weightsBefore: (name: string) => before.get(name),
        weightsAfter: (name: string) => after.get(name),
      };
      const measurements = [...(index === 0 ? first : []), ...last].map((observable) => observable.measure(step));
      if (index === 0) measurements.push(initialSignal(engine, trace));
      for (const measured of measurements) {
        for (const [name, value] of Object.entries(measured?.values ?? {})) values[name] = [value];
        Object.assign(values, measured?.vectors);
      }
    });
  }
  return values;
}

async function inTorch({ name, steps, weights, inputs, labels }: Network): Promise<Values> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-network-"));
  try {
    const file = path.join(folder, "network.json");
    const own = Object.entries(weights).map(([key, variable]) => [key, inAxesOfTorch(key, variable)] as const);
    const given = { network: name, weights: Object.fromEntries<unknown>(own), inputs, labels, learningRate, steps };
    writeFileSync(file, JSON.stringify(given));
    const { records, errors } = await runProbedPython(torchFixture("handed_over.py"), [file], 1, {
      ORRERY_PROBE_BATCHES: "1",
    });
    expect(errors).toBe("");
    const isWanted = (key: string, step: number | undefined) =>
      (step === 0 && namesOfFirstStep.test(key)) || (steps > 1 && step === steps - 1 && namesOfLastStep.test(key));
    const scalars = recordsOf(records, "measure").flatMap(({ values, step }) =>
      Object.entries(values)
        .filter(([key]) => isWanted(key, step))
        .map(([key, value]) => [key, [value]] as const),
    );
    const vectors = recordsOf(records, "vector")
      .filter((record) => isWanted(record.name, record.step))
      .map((record) => [record.name, record.values.map(Number)] as const);
    return Object.fromEntries<readonly number[]>([...scalars, ...vectors]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Relative to the largest of a vector; of the first beginning that a name has. */
const tolerances: readonly (readonly [string, number])[] = [
  // A difference of Gram matrices that float32 weights leave known to 1e-7 of their size, a thousandth of which it is.
  ["balance/drift", 1e-3],
  // Of an update a thousand times smaller than the weights, each rounded to 6e-8.
  ["update/", 1e-4],
  // After some steps, in which rounding has added up.
  ["agreement/", 1e-4],
  ["collapse/", 1e-4],
  ["feature/", 1e-4],
  // Float32 activations; sums in another order.
  ["", 1e-5],
];
/** Absolute: these are zero but for rounding and what guards a divisor, or may be. */
const vanishing: readonly (readonly [string, number])[] = [
  ["balance/residual", 1e-6],
  ["scale/product", 1e-5],
  // Means over pairs, of numbers of order one.
  ["input/", 1e-5],
  ["output/", 1e-5],
];

function expectAgreement(torch: Values, tensorflow: Values): void {
  const of = (bounds: typeof tolerances, name: string) => bounds.find(([start]) => name.startsWith(start))?.[1];
  for (const [name, values] of Object.entries(tensorflow)) {
    const own = torch[name] ?? [];
    expect(own.length, name).toBe(values.length);
    const size = Math.max(...values.map(Math.abs));
    const tolerance = of(vanishing, name) ?? (of(tolerances, name) ?? 0) * size;
    const errors = values.map((value, index) => Math.abs((own[index] ?? Number.NaN) - value));
    expect(Math.max(...errors), name).toBeLessThanOrEqual(tolerance);
  }
}

describe.skipIf(python === undefined)("layers of a network", () => {
  test.each([
    [
      "many examples",
      () => dense(300, 1),
      ["balance/defect@0→2", "weight/spikes@2", "activation/effectiveRank@2/null", "representation/neighbours@2"],
    ],
    ["kept examples", () => dense(24, 3), ["collapse/nc3/null", "feature/nfa@2", "agreement/cka@2/null"]],
    ["one layer", oneLayer, ["feature/nfa@Linear", "update/stableRank@Linear"]],
    ["images", images, ["scale/product@convolution", "activation/deadFraction@convolution", "activation/rms@head"]],
    ["a residual stream", residual, ["stream/rms", "activation/rms@blocks.1"]],
    ["sequences", sequences, ["activation/rms@words", "activation/participationRatio@hidden"]],
  ] as const)("for %s are measured in PyTorch as in TensorFlow.js", async (_name, make, expected) => {
    const engine = await useBackend("cpu");
    const network = make();
    const torch = await inTorch(network);
    const tensorflow = inTensorFlow(engine, network);
    for (const name of expected) expect(tensorflow).toHaveProperty([name]);
    expectAgreement(torch, tensorflow);
    // What only one of them measures would be another definition.
    expect(Object.keys(torch).sort()).toEqual(Object.keys(tensorflow).sort());
  });
});
