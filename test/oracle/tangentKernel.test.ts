/** The empirical tangent kernel in float32, against Jacobians by hand in float64 and finite differences of the outputs. */
import * as tf from "@tensorflow/tfjs";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { afterEach, describe, expect, test } from "vitest";
import { tracedLayers } from "../../src/probe/tfjs/layerActivations.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import type { Measurement } from "../../src/probe/tfjs/observables/observable.ts";
import { tangentKernel } from "../../src/probe/tfjs/observables/tangentKernel.ts";
import { outputHead } from "../../src/probe/tfjs/outputHead.ts";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import { OutputGradients } from "../../src/probe/tfjs/trace/outputGradients.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import {
  descend,
  makeCnn,
  makeMlp,
  makeTransformer,
  seededValues,
  seededVariable,
  withTrace,
} from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

const [batch, inputs, hidden, outputs] = [10, 3, 6, 2];

/** Of f = tanh(x·W + a)·V + b by (W, a, V, b), a row for each example and output, in float64. */
function jacobianByHand(x: readonly (readonly number[])[], flat: ArrayLike<number>): Matrix {
  const [a, v] = [inputs * hidden, (inputs + 1) * hidden];
  const at = (index: number) => flat[index] ?? Number.NaN;
  const units = Array.from({ length: hidden }, (_, unit) => unit);
  return new Matrix(
    x.flatMap((row) => {
      const inside = units.map((unit) =>
        Math.tanh(row.reduce((sum, each, index) => sum + each * at(index * hidden + unit), at(a + unit))),
      );
      return Array.from({ length: outputs }, (_, output) => {
        const below = units.map((unit) => (1 - (inside[unit] ?? 0) ** 2) * at(v + unit * outputs + output));
        const ofV = inside.flatMap((each) =>
          Array.from({ length: outputs }, (__, other) => (other === output ? each : 0)),
        );
        const ofB = Array.from({ length: outputs }, (__, other) => (other === output ? 1 : 0));
        return [...row.flatMap((each) => below.map((slope) => each * slope)), ...below, ...ofV, ...ofB];
      });
    }),
  );
}

function makeNetwork() {
  const x = tf.tensor2d(seededValues(batch * inputs, 1), [batch, inputs]);
  const y = tf.tensor2d(seededValues(batch * outputs, 2), [batch, outputs]);
  const variables = [
    seededVariable([inputs, hidden], 1, 3),
    seededVariable([hidden], 0.5, 4),
    seededVariable([hidden, outputs], 1, 5),
    seededVariable([outputs], 0.5, 6),
  ] as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>, tf.Variable];
  const [w, a, v, b] = variables;
  const output = () => tf.tanh(tf.matMul(x, w).add(a)).matMul(v).add(b);
  return { x, y, variables, loss: () => tf.losses.meanSquaredError(y, output()).asScalar() };
}

describe.each(testedBackends)("on %s", (backend) => {
  test("eigenvalues, alignment and distance are those of the Jacobian by hand, and no tensor is left", async () => {
    const engine = await useBackend(backend);
    const { x, y, variables, loss } = makeNetwork();
    const rows = x.arraySync();
    const observable = tangentKernel(new InitialWeights(), new ProbeSet());
    const tensors = engine.state.numTensors;
    const kernels: Matrix[] = [];
    let measured: Measurement | undefined;
    const firstLoss = tf.tidy(() => loss().dataSync()[0] ?? Number.NaN);
    for (let step = 0; step < 4; step++) {
      withTrace(engine, loss, variables, (trace, gradients) => {
        const jacobian = jacobianByHand(rows, trace.weights());
        kernels.push(jacobian.mmul(jacobian.transpose()));
        measured = observable.measure(tracedStep(engine, trace, step));
        if (step === 0) expect(measured?.values["kernel/distance"]).toBeUndefined();
        if (step < 3) descend(variables, gradients, 0.5);
      });
    }
    expect(engine.state.numTensors).toBe(tensors);
    const [first, last] = [kernels[0], kernels.at(-1)] as [Matrix, Matrix];
    const eigenvalues = new EigenvalueDecomposition(last, { assumeSymmetric: true }).realEigenvalues
      .map((each) => each / batch)
      .toSorted((p, q) => q - p);
    const spectrum = measured?.vectors?.["kernel/spectrum"] ?? [];
    expect(spectrum).toHaveLength(batch * outputs);
    // Gradients in float32 are right to about 1e-6 of the largest.
    spectrum.forEach((each, index) => {
      expect(Math.abs(each - (eigenvalues[index] ?? Number.NaN))).toBeLessThan(2e-6 * (eigenvalues[0] ?? 0));
    });
    expect(measured?.values["kernel/largest"]).toBe(spectrum[0]);
    const distance = Matrix.sub(last, first).norm() / first.norm();
    // The kernels differ by a tenth of their norm, or more, so that five digits are left of six.
    expect(distance).toBeGreaterThan(0.05);
    expect((measured?.values["kernel/distance"] ?? 0) / distance).toBeCloseTo(1, 4);
    // All parts together are the half of the mean square over the examples.
    const initial = measured?.vectors?.["kernel/initialResidual"] ?? [];
    expect(initial).toHaveLength(batch * outputs);
    expect((2 * initial.reduce((sum, each) => sum + each, 0)) / outputs).toBeCloseTo(firstLoss, 5);
    const targets = y.arraySync();
    const means = [0, 1].map((output) => targets.reduce((sum, row) => sum + (row[output] ?? 0), 0) / batch);
    const centred = Matrix.columnVector(
      targets.flatMap((row) => row.map((each, output) => each - (means[output] ?? 0))),
    );
    const alignment = centred.transpose().mmul(last).mmul(centred).get(0, 0) / (last.norm() * centred.norm() ** 2);
    expect(measured?.values["kernel/alignment"]).toBeCloseTo(alignment, 5);
    expect(measured?.values["kernel/alignment/null"]).toBeLessThan(1);
    tf.dispose([x, y]);
  });
});

/** Derivatives of single outputs along a direction, by the probe and by central differences of replays. */
function compareWithDifferences(engine: Engine, trace: Trace): void {
  const layers = tracedLayers(trace);
  const head = outputHead(layers);
  const gradients = head && OutputGradients.of(engine, trace, head.product);
  const id = layers.prediction?.kind === "crossEntropy" ? layers.prediction.value : layers.activations.at(-1)?.value;
  if (head === undefined || gradients === undefined || id === undefined) throw new Error("no outputs found");
  const direction = seededValues(trace.parameterCount, 9);
  const step = 5e-4;
  const [up, down] = [1, -1].map((sign) => {
    const point = trace.at(trace.weights().map((weight, index) => weight + sign * step * (direction[index] ?? 0)));
    const values = Array.from((point.primal(id) as unknown as tf.Tensor).dataSync());
    point.dispose();
    return values;
  });
  const { size } = head.outputs;
  const units = Array.from({ length: size }, (_, index) =>
    Float32Array.from({ length: size }, (__, at) => +(at === index)),
  );
  const slopes = [...gradients.rows(trace, units)].map((row) =>
    row.reduce((sum, each, index) => sum + each * (direction[index] ?? 0), 0),
  );
  const differences = slopes.map((_, index) => ((up?.[index] ?? 0) - (down?.[index] ?? 0)) / (2 * step));
  const distance = Math.hypot(...slopes.map((each, index) => each - (differences[index] ?? 0)));
  // Rounding of outputs of size one over a step of 1e-3 leaves 1e-4; longer steps cross the kinks of the convolutional network.
  expect(distance / Math.hypot(...differences)).toBeLessThan(5e-4);
}

test.each(Object.entries({ "tanh network": makeMlp, "convolutional network": makeCnn, transformer: makeTransformer }))(
  "gradients of a %s's outputs are those of central differences",
  async (_name, make) => {
    const engine = await useBackend("cpu");
    const { variables, loss } = make();
    withTrace(engine, loss, variables, (trace) => {
      compareWithDifferences(engine, trace);
    });
  },
);

test("gradients of outputs leave weight penalties out, and couple the examples of a normalized batch", async () => {
  const engine = await useBackend("cpu");
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 6, inputShape: [4], activation: "softplus", kernelRegularizer: "l1l2" }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 3, activation: "softmax", kernelRegularizer: "l1l2" }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.05), loss: "categoricalCrossentropy" });
  const x = tf.tensor2d(seededValues(32, 1), [8, 4]);
  const y = tf.tidy(() => tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), 3));
  let compared = 0;
  await withFitTrace(engine, model, x, y, (trace) => {
    compareWithDifferences(engine, trace);
    compared++;
  });
  expect(compared).toBe(1);
  tf.dispose([x, y]);
  model.dispose();
});

test("outputs of a model compiled with a binary cross-entropy are its logits", async () => {
  const engine = await useBackend("cpu");
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 6, inputShape: [4], activation: "tanh" }),
      tf.layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.05), loss: "binaryCrossentropy" });
  const x = tf.tensor2d(seededValues(32, 1), [8, 4]);
  const y = tf.tensor2d([0, 1, 1, 0, 1, 0, 0, 1], [8, 1]);
  const logits = Array.from(
    tf.tidy(() => {
      const [w, a, v, b] = model.getWeights() as [tf.Tensor2D, tf.Tensor, tf.Tensor2D, tf.Tensor];
      return tf.tanh<tf.Tensor2D>(tf.matMul(x, w).add(a)).matMul(v).add(b).dataSync();
    }),
  );
  let compared = 0;
  await withFitTrace(engine, model, x, y, (trace) => {
    const head = outputHead(tracedLayers(trace));
    // The same kernels on the same numbers.
    expect(Array.from((head?.outputs as unknown as tf.Tensor | undefined)?.dataSync() ?? [])).toEqual(logits);
    compareWithDifferences(engine, trace);
    compared++;
  });
  expect(compared).toBe(1);
  tf.dispose([x, y]);
  model.dispose();
});
