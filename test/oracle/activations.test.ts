/** Which recorded value is a layer's activation, and what is measured of it, against forward passes and definitions in plain arrays. */
import * as tf from "@tensorflow/tfjs";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "../../src/probe/tfjs/engine.ts";
import { tracedLayers } from "../../src/probe/tfjs/layerActivations.ts";
import { activationMoments } from "../../src/probe/tfjs/observables/activationMoments.ts";
import { dormantByChance } from "../../src/probe/tfjs/observables/dormantByChance.ts";
import { activationRanks } from "../../src/probe/tfjs/observables/activationRanks.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { makeCnn, makeTransformer, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";
import { gaussians } from "./tinyNetwork.ts";

afterEach(() => {
  tf.disposeVariables();
});

const [batch, inputs, hidden] = [12, 5, 8];

/** One hidden layer with a given activation function, and a linear output. */
function network(activate: (x: tf.Tensor2D) => tf.Tensor, lossOf?: (output: tf.Tensor2D) => tf.Tensor) {
  const x = seededValues(batch * inputs, 1);
  const [first, bias, second] = [
    seededVariable([inputs, hidden], 1, 2) as tf.Variable<tf.Rank.R2>,
    seededVariable([hidden], 0.3, 3),
    seededVariable([hidden, 2], 1, 4) as tf.Variable<tf.Rank.R2>,
  ];
  const argument = () => tf.matMul(tf.tensor2d(x, [batch, inputs]), first).add<tf.Tensor2D>(bias);
  const output = () => tf.matMul<tf.Tensor2D>(activate(argument()), second);
  const target = tf.tensor2d(seededValues(batch * 2, 5), [batch, 2]);
  const loss = () => (lossOf?.(output()) ?? tf.losses.meanSquaredError(target, output())).asScalar();
  return { variables: [first, bias, second], loss, argument, output };
}

function valuesOf(trace: Trace): Record<string, number[]> {
  return Object.fromEntries(
    tracedLayers(trace).activations.map(({ layer, value }) => [
      layer,
      Array.from((trace.primal(value) as unknown as tf.Tensor).dataSync()),
    ]),
  );
}

const read = (compute: () => tf.Tensor) => Array.from(tf.tidy(() => compute().dataSync()));

const functions: Record<string, (x: tf.Tensor2D) => tf.Tensor> = {
  identity: (x) => x,
  relu: (x) => tf.relu(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  "GELU, factor last": (x) => tf.mul(tf.mul(x, tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))), 0.5),
  "GELU, factor first": (x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
  "GELU by tanh": (x) =>
    tf.mul(
      tf.mul(0.5, x),
      tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3)))))),
    ),
  square: (x) => tf.square(x),
};

describe.each(testedBackends)("on %s", (backend) => {
  test.each(Object.entries(functions))("the activation is taken after %s", async (_name, activate) => {
    const engine = await useBackend(backend);
    const { variables, loss, argument, output } = network(activate);
    const expected = [read(() => activate(argument())), read(output)];
    withTrace(engine, loss, variables, (trace) => {
      const [first, , second] = variables;
      // The very values that were recorded, so to the bit.
      expect(valuesOf(trace)).toEqual({ [first?.name ?? ""]: expected[0], [second?.name ?? ""]: expected[1] });
      expect(tracedLayers(trace).unclear).toEqual([]);
    });
  });
});

test.each(["sigmoid", "softmax"] as const)(
  "the output before a cross-entropy with %s is that of the last product",
  async (kind) => {
    const engine = await useBackend("cpu");
    const labels = tf.tensor2d(Array.from({ length: batch }, (_, index) => (index % 2 === 0 ? [1, 0] : [0, 1])));
    const { variables, loss, output } = network(tf.relu, (logits) =>
      kind === "softmax"
        ? tf.losses.softmaxCrossEntropy(labels, logits)
        : tf.losses.sigmoidCrossEntropy(labels, logits),
    );
    const expected = read(output);
    withTrace(engine, loss, variables, (trace) => {
      expect(valuesOf(trace)[variables[2]?.name ?? ""]).toEqual(expected);
    });
    labels.dispose();
  },
);

test("an activation function with two results is named as unclear, and not measured", async () => {
  const engine = await useBackend("cpu");
  const { variables, loss } = network((x) => {
    const [up, down] = [tf.relu(x), tf.relu(tf.neg(x))];
    return tf.concat([up, down], 1).matMul(tf.ones([2 * hidden, hidden]));
  });
  withTrace(engine, loss, variables, (trace) => {
    expect(tracedLayers(trace).unclear).toEqual([variables[0]?.name]);
    expect(activationMoments.measure(tracedStep(engine, trace))?.omitted?.map(({ code }) => code)).toEqual([
      "activation-unclear",
    ]);
  });
});

test("convolutions have the shape of their filters' maps, embeddings and projections that of their words", async () => {
  const engine = await useBackend("cpu");
  const shapes = ({ variables, loss }: ReturnType<typeof makeCnn> | ReturnType<typeof makeTransformer>) =>
    withTrace(engine, loss, variables, (trace) =>
      tracedLayers(trace).activations.map(({ value }) => trace.primal(value)?.shape),
    );
  expect(shapes(makeCnn())).toEqual([
    [4, 6, 6, 3],
    [4, 2, 2, 4],
    [4, 3],
  ]);
  expect(shapes(makeTransformer()).every((shape) => shape?.at(-2) === 5)).toBe(true);
});

test("layers of the Layers API are found by their names, after batch normalization and activation", async () => {
  const engine = await useBackend("cpu");
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [5, 5, 1], name: "seeing" }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation: "relu" }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 4, activation: "elu", name: "thinking" }),
      tf.layers.dense({ units: 3, activation: "softmax", name: "saying" }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.01), loss: "categoricalCrossentropy" });
  const x = tf.tensor4d(seededValues(8 * 25, 1), [8, 5, 5, 1]);
  const y = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), 3);
  let seen: Record<string, Tensor["shape"] | undefined> = {};
  let least = Number.NaN;
  await withFitTrace(engine, model, x, y, (trace) => {
    seen = Object.fromEntries(
      tracedLayers(trace).activations.map(({ layer, value }) => [layer, trace.primal(value)?.shape]),
    );
    least = Math.min(...(Object.values(valuesOf(trace))[0] ?? []));
  });
  expect(seen).toEqual({ seeing: [8, 4, 4, 3], thinking: [8, 4], saying: [8, 3] });
  // Only a rectifier makes exact zeros the least of normalized values.
  expect(least).toBe(0);
  tf.dispose([x, y]);
  model.dispose();
});

describe("measured", () => {
  test("root mean square, mean and dead units are those of the definitions", async () => {
    const engine = await useBackend("cpu");
    const { variables, loss, argument } = network(tf.relu);
    // Two units are pushed below zero on all examples.
    const push = Float32Array.from({ length: hidden }, (_, unit) => (unit < 2 ? -100 : 0.1));
    variables[1]?.assign(tf.tensor1d(push));
    const activation = read(() => tf.relu(argument()));
    withTrace(engine, loss, variables, (trace) => {
      const { values = {} } = activationMoments.measure(tracedStep(engine, trace)) ?? {};
      const at = `@${variables[0]?.name ?? ""}`;
      const mean = activation.reduce((sum, each) => sum + each, 0) / activation.length;
      // Sums of 96 float32 values in float64.
      expect(values[`activation/mean${at}`]).toBeCloseTo(mean, 12);
      expect(values[`activation/rms${at}`]).toBeCloseTo(Math.hypot(...activation) / Math.sqrt(activation.length), 12);
      const dead = Array.from({ length: hidden }, (_, unit) =>
        activation.every((each, at) => at % hidden !== unit || each === 0),
      );
      expect(values[`activation/deadFraction${at}`]).toBe(dead.filter(Boolean).length / hidden);
      expect(values[`activation/deadFraction${at}`]).toBeGreaterThanOrEqual(2 / hidden);
      expect(values[`activation/deadFraction${at}/null`]).toBe(2 ** -(activation.length / hidden));
      expect(values[`activation/deadFraction@${variables[2]?.name ?? ""}`]).toBeUndefined();
    });
  });

  test.each([
    ["one unit is pushed to a hundredth", [0.01, 1, 1, 1, 1, 1, 1, 1], 1 / hidden],
    ["the whole layer is zero", Array<number>(hidden).fill(0), 1],
    ["the whole layer is small", Array<number>(hidden).fill(1e-6), 0],
  ])("dormant units are those of the definition, where %s", async (_name, scales, expected) => {
    const engine = await useBackend("cpu");
    const { variables, loss } = network(tf.tanh);
    for (const variable of variables.slice(0, 2)) variable.assign(tf.tidy(() => tf.mul(variable, tf.tensor1d(scales))));
    withTrace(engine, loss, variables, (trace) => {
      const { values = {} } = activationMoments.measure(tracedStep(engine, trace)) ?? {};
      expect(values[`activation/dormantFraction@${variables[0]?.name ?? ""}`]).toBe(expected);
    });
  });

  test.each([
    [1, true],
    [2, true],
    [6, true],
    [1, false],
    [2, false],
  ])("on %d examples, rectified: %s, random units are dormant as often as the null says", (examples, isRectified) => {
    const [next, draws] = [gaussians(30 + examples), 100_000];
    const sizes = Array.from({ length: draws }, () => {
      let size = 0;
      for (let example = 0; example < examples; example++) {
        const value = next();
        size += isRectified ? Math.max(0, value) : Math.abs(value);
      }
      return size;
    });
    const threshold = (0.025 * sizes.reduce((sum, each) => sum + each, 0)) / draws;
    const share = sizes.filter((size) => size <= threshold).length / draws;
    const chance = dormantByChance(examples, isRectified);
    // Four standard errors of a share of 100,000 draws.
    expect(Math.abs(share - chance)).toBeLessThan(4 * Math.sqrt(chance / draws));
    expect(dormantByChance(100_000, isRectified)).toBe(0);
  });

  test("ranks are those of ml-matrix's singular values, and their nulls those of random activations", async () => {
    const engine = await useBackend("cpu");
    const { variables, loss, argument } = network(tf.tanh);
    const rows = tf.tidy(() => tf.tanh<tf.Tensor2D>(argument()).arraySync());
    withTrace(engine, loss, variables, (trace) => {
      const { values = {} } = activationRanks().measure(tracedStep(engine, trace)) ?? {};
      const at = `@${variables[0]?.name ?? ""}`;
      const matrix = new Matrix(rows);
      const singular = new SingularValueDecomposition(matrix).diagonal;
      const sum = singular.reduce((total, each) => total + each, 0);
      const entropy = -singular.reduce((total, each) => total + (each / sum) * Math.log(each / sum), 0);
      // Squaring loses half of float64's digits for the smallest singular values.
      expect(values[`activation/effectiveRank${at}`]).toBeCloseTo(Math.exp(entropy), 6);
      const covariances = new SingularValueDecomposition(matrix.clone().center("column")).diagonal.map(
        (each) => each ** 2,
      );
      const trace_ = covariances.reduce((total, each) => total + each, 0);
      const ratio = trace_ ** 2 / covariances.reduce((total, each) => total + each ** 2, 0);
      expect(values[`activation/participationRatio${at}`]).toBeCloseTo(ratio, 9);
      expect(values[`activation/participationRatio${at}/null`]).toBeCloseTo(
        ((batch - 1) * hidden + 2) / (batch + hidden),
        12,
      );
      const expected = values[`activation/effectiveRank${at}/null`] ?? 0;
      // Between half of all dimensions and all of them, for a random matrix of any shape.
      expect(expected).toBeGreaterThan(hidden / 2);
      expect(expected).toBeLessThan(hidden);
    });
  });

  test("nulls are what random activations of that shape give: the identity of random inputs", async () => {
    const engine = await useBackend("cpu");
    const [examples, units] = [60, 20];
    const x = tf.randomNormal<tf.Rank.R2>([examples, units], 0, 1, "float32", 3);
    const identity = tf.tidy(() => tf.variable(tf.eye(units)));
    const loss = () => tf.losses.meanSquaredError(tf.zeros([examples, units]), tf.matMul(x, identity)).asScalar();
    withTrace(engine, loss, [identity], (trace) => {
      const { values = {} } = activationRanks().measure(tracedStep(engine, trace)) ?? {};
      for (const what of ["effectiveRank", "participationRatio"]) {
        const value = values[`activation/${what}@${identity.name}`] ?? 0;
        // One draw against another, and against an expectation, of 1200 numbers.
        expect(Math.abs(value / (values[`activation/${what}@${identity.name}/null`] ?? 0) - 1)).toBeLessThan(0.06);
      }
    });
    x.dispose();
  });
});
