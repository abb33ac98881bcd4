/** What is recorded of linear networks, against covariances and decompositions in float64, a dense Hessian, and least squares by normal equations. */
import * as tf from "@tensorflow/tfjs";
import { inverse, Matrix, SingularValueDecomposition } from "ml-matrix";
import { afterEach, describe, expect, test } from "vitest";
import { linearModes } from "../../src/probe/tfjs/observables/linearModes.ts";
import type { Measurement } from "../../src/probe/tfjs/observables/observable.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

const [examples, inputs, outputs] = [40, 4, 3];

function measure(engine: Engine, trace: Trace, observable = linearModes()): Measurement | undefined {
  const flat = trace.weights();
  const offsets = new Map<string, Float32Array>();
  let offset = 0;
  for (const { name, size } of trace.variables) {
    offsets.set(name, flat.slice(offset, offset + size));
    offset += size;
  }
  return observable.measure({ ...tracedStep(engine, trace), weightsBefore: (name) => offsets.get(name) });
}

function data() {
  const x = seededValues(examples * inputs, 1).map((each, index) => each * (1 + (index % inputs)));
  const y = seededValues(examples * outputs, 2).map(
    (each, index) => each + (x[Math.floor(index / outputs) * inputs] ?? 0),
  );
  return { x, y };
}

function matrixOf(values: ArrayLike<number>, rows: number): Matrix {
  return Matrix.from1DArray(rows, values.length / rows, Array.from(values));
}

function centred(matrix: Matrix): Matrix {
  return matrix.clone().center("column");
}

/** Of a mean over all elements: 2/outputs times ½E‖·‖². */
const scale = 2 / outputs;

function expectedOf(x: Matrix, y: Matrix) {
  const covariance = x
    .transpose()
    .mmul(x)
    .mul(1 / examples);
  const correlation = x
    .transpose()
    .mmul(y)
    .mul(1 / examples);
  const best = inverse(covariance).mmul(correlation);
  const left = Matrix.sub(y, x.mmul(best));
  const svd = new SingularValueDecomposition(correlation, { autoTranspose: true });
  return { covariance, correlation, best, svd, leastLoss: (scale / 2) * (left.norm() ** 2 / examples) };
}

describe("a linear network", () => {
  test("without biases is recorded with the modes of its data and the strengths of its weights", async () => {
    const engine = await useBackend("cpu");
    const { x, y } = data();
    const [first, second] = [seededVariable([inputs, 5], 0.5, 3), seededVariable([5, outputs], 0.5, 4)] as [
      tf.Variable<tf.Rank.R2>,
      tf.Variable<tf.Rank.R2>,
    ];
    const [tx, ty] = [tf.tensor2d(x, [examples, inputs]), tf.tensor2d(y, [examples, outputs])];
    const loss = () => tf.losses.meanSquaredError(ty, tx.matMul(first).matMul(second)).asScalar();
    withTrace(engine, loss, [first, second], (trace) => {
      const tensors = engine.state.numTensors;
      const { values = {}, vectors = {} } = measure(engine, trace) ?? {};
      expect(engine.state.numTensors).toBe(tensors);
      const { covariance, svd, leastLoss } = expectedOf(matrixOf(x, examples), matrixOf(y, examples));
      expect(values["linear/layers"]).toBe(2);
      expect(values["linear/entries"]).toBe(inputs * outputs);
      // Data in float32, all else in float64.
      expect((values["linear/leastLoss"] ?? NaN) / leastLoss).toBeCloseTo(1, 6);
      expect(
        (values["linear/emptyLoss"] ?? NaN) / ((scale / 2) * (matrixOf(y, examples).norm() ** 2 / examples)),
      ).toBeCloseTo(1, 6);
      const [w1, w2] = [matrixOf(first.dataSync(), inputs), matrixOf(second.dataSync(), 5)];
      const sums: Matrix[] = [];
      for (let k = 0; k < outputs; k++) {
        const [v, q] = [svd.leftSingularVectors, svd.rightSingularVectors].map((all) => all.getColumnVector(k)) as [
          Matrix,
          Matrix,
        ];
        const variance = v.transpose().mmul(covariance).mmul(v).get(0, 0);
        expect(vectors["linear/signal"]?.[k]).toBeCloseTo(scale * (svd.diagonal[k] ?? NaN), 6);
        expect(vectors["linear/variance"]?.[k]).toBeCloseTo(scale * variance, 5);
        const aside = Matrix.sub(covariance.mmul(v), Matrix.mul(v, variance)).norm() / variance;
        expect(vectors["linear/coupling"]?.[k]).toBeCloseTo(aside, 5);
        const strength = v.transpose().mmul(w1).mmul(w2).mmul(q).get(0, 0);
        expect(values[`linear/strength@${k + 1}`]).toBeCloseTo(strength, 5);
        const [a, b] = [w1.transpose().mmul(v), w2.mmul(q)];
        const sum = Matrix.add(a, b).mul(0.5);
        const along = sums.reduce(
          (whole, each) => Matrix.add(whole, Matrix.mul(each, each.dot(sum) / each.dot(each))),
          Matrix.zeros(5, 1),
        );
        sums.push(Matrix.sub(sum, along));
        expect(values[`linear/growing@${k + 1}`]).toBeCloseTo(Matrix.sub(sum, along).norm() ** 2, 5);
        expect(values[`linear/shrinking@${k + 1}`]).toBeCloseTo(Matrix.sub(a, b).mul(0.5).norm() ** 2, 5);
      }
    });
    tf.dispose([tx, ty]);
  });

  test("with biases, as layers make it, is about data without their means", async () => {
    const engine = await useBackend("cpu");
    const { x, y } = data();
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, inputShape: [inputs] }),
        tf.layers.dense({ units: 4 }),
        tf.layers.dense({ units: outputs }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.01), loss: "meanSquaredError" });
    const [tx, ty] = [tf.tensor2d(x, [examples, inputs]), tf.tensor2d(y, [examples, outputs])];
    let compared = 0;
    await withFitTrace(engine, model, tx, ty, (trace) => {
      const { values = {}, vectors = {} } = measure(engine, trace) ?? {};
      const { svd, leastLoss } = expectedOf(centred(matrixOf(x, examples)), centred(matrixOf(y, examples)));
      expect(values["linear/layers"]).toBe(3);
      expect(values["linear/entries"]).toBe((inputs + 1) * outputs);
      expect((values["linear/leastLoss"] ?? NaN) / leastLoss).toBeCloseTo(1, 5);
      expect(vectors["linear/signal"]?.[0]).toBeCloseTo(scale * (svd.diagonal[0] ?? NaN), 5);
      expect(values["linear/growing@1"]).toBeUndefined();
      compared++;
    });
    expect(compared).toBe(1);
    tf.dispose([tx, ty]);
    model.dispose();
  });

  test("is none where anything else is between inputs and outputs, or another loss", async () => {
    const engine = await useBackend("cpu");
    const { x, y } = data();
    const [first, second] = [seededVariable([inputs, 5], 0.5, 3), seededVariable([5, outputs], 0.5, 4)] as [
      tf.Variable<tf.Rank.R2>,
      tf.Variable<tf.Rank.R2>,
    ];
    const [tx, ty] = [tf.tensor2d(x, [examples, inputs]), tf.tensor2d(y, [examples, outputs])];
    const losses = [
      () => tf.losses.meanSquaredError(ty, tx.matMul(first).tanh().matMul(second)).asScalar(),
      () => tf.losses.absoluteDifference(ty, tx.matMul(first).matMul(second)).asScalar(),
      () => tf.losses.softmaxCrossEntropy(tf.softmax(ty), tx.matMul(first).matMul(second)).asScalar(),
    ];
    for (const loss of losses) {
      withTrace(engine, loss, [first, second], (trace) => {
        const observable = linearModes();
        expect(measure(engine, trace, observable)).toBeUndefined();
        expect(observable.applies(undefined)).toBe(false);
      });
    }
    tf.dispose([tx, ty]);
  });
});

describe("the flattest solution", () => {
  test.each([2, 3])(
    "bounds the largest curvature of %d layers at random minima, for inputs of any covariance",
    async (layers) => {
      const engine = await useBackend("cpu");
      const { x, y } = data();
      const shapes = Array.from({ length: layers }, (_, layer) => [
        layer === 0 ? inputs : 4,
        layer === layers - 1 ? outputs : 4,
      ]);
      const variables = shapes.map((shape, index) => seededVariable(shape, 1, 5 + index));
      const weights: tf.Tensor[] = variables;
      const [tx, ty] = [tf.tensor2d(x, [examples, inputs]), tf.tensor2d(y, [examples, outputs])];
      const loss = () =>
        tf.losses
          .meanSquaredError(
            ty,
            weights.reduce((value, weight) => value.matMul(weight), tx),
          )
          .asScalar();
      let bound = NaN;
      withTrace(engine, loss, variables, (trace) => {
        bound = measure(engine, trace)?.values["linear/flattest"] ?? NaN;
      });
      const { best } = expectedOf(matrixOf(x, examples), matrixOf(y, examples));
      const found = Array.from({ length: 12 }, (_, seed) =>
        curvatureAt(factors(best, layers, seed), matrixOf(x, examples)),
      );
      expect(Math.min(...found)).toBeGreaterThan(bound * (1 - 1e-6));
      tf.dispose([tx, ty]);
    },
  );
});

/** Layers whose product is a map: random ones, and what is left of it for the first. */
function factors(map: Matrix, layers: number, seed: number): Matrix[] {
  const later = Array.from({ length: layers - 1 }, (_, index) => {
    const columns = index === layers - 2 ? outputs : 4;
    return matrixOf(seededValues(4 * columns, 50 + 7 * seed + index), 4).mul(1.5);
  });
  const rest = later.slice(1).reduce((whole, each) => whole.mmul(each), later[0] ?? Matrix.eye(4));
  // Least norm: rest has full column rank, so that its left inverse exists.
  return [map.mmul(inverse(rest.transpose().mmul(rest))).mmul(rest.transpose()), ...later];
}

/** Largest eigenvalue of JᵀJ·scale/examples, J being the derivatives of all outputs by all weights: the Hessian at a minimum. */
function curvatureAt(layers: readonly Matrix[], x: Matrix): number {
  const columns = layers.flatMap((layer, index) => {
    const before = layers.slice(0, index).reduce((whole, each) => whole.mmul(each), x);
    const after = layers.slice(index + 1).reduce((whole, each) => whole.mmul(each), Matrix.eye(layer.columns));
    return Array.from({ length: layer.rows * layer.columns }, (_, at) => {
      const [row, column] = [Math.floor(at / layer.columns), at % layer.columns];
      return before.getColumnVector(row).mmul(after.getRowVector(column)).to1DArray();
    });
  });
  const jacobian = new Matrix(columns).mul(Math.sqrt(scale / examples));
  return new SingularValueDecomposition(jacobian, { autoTranspose: true }).norm2 ** 2;
}
