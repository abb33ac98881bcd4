/** Parts of a recorded batch, against float64 references and against the same loss written for those examples alone. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { overMicroBatches } from "../../src/probe/tfjs/trace/overMicroBatches.ts";
import { UnsplittableError } from "../../src/probe/tfjs/trace/splitRules.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { cnnShape, makeCnn, makeMlp, mlpShape, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { exampleReferences } from "./support/exampleReferences.ts";
import { at } from "./reference/scalarTape.ts";

function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const differences = Array.from(expected).map((value, index) => value - at(actual, index));
  return Math.hypot(...differences) / Math.hypot(...Array.from(expected));
}

const models = {
  "tanh network": { make: makeMlp, batch: mlpShape.batch },
  "convolutional network": { make: makeCnn, batch: cnnShape.batch },
};

describe.each(testedBackends)("on %s", (backend) => {
  test.each(Object.entries(models))(
    "gradient and curvature of each example of a %s are the float64 ones",
    async (_name, { make, batch }) => {
      const engine = await useBackend(backend);
      const model = make();
      withTrace(engine, model.loss, model.variables, (trace) => {
        const direction = seededValues(trace.parameterCount, 9);
        const references = exampleReferences(model, trace.weights());
        const before = engine.state.numTensors;
        references.forEach((reference, example) => {
          const point = trace.onExamples({ batch, examples: [example] });
          const scaled = (vector: Float32Array) => vector.map((element) => element * batch);
          // Float32 through a few hundred operations, as for the whole batch.
          expect(relativeDistance(scaled(point.gradient()), reference.tape.gradient(reference.loss))).toBeLessThan(
            1e-5,
          );
          // A dense Hessian is dear: one example stands for all.
          if (example === 1) {
            const product = reference.tape
              .hessian(reference.loss)
              .map((row) => row.reduce((sum, element, index) => sum + element * at(direction, index), 0));
            expect(relativeDistance(scaled(point.hessianVector(direction)), product)).toBeLessThan(1e-5);
          }
          point.dispose();
        });
        expect(engine.state.numTensors).toBe(before);
      });
      tf.disposeVariables();
    },
  );

  test("parts of unequal size make up the batch of a transformer's layers: attention, layer norm, GELU, dropout", async () => {
    const engine = await useBackend(backend);
    const { variables, loss } = attentionModel();
    withTrace(
      engine,
      () => loss([0, 1, 2, 3, 4]),
      variables,
      (trace) => {
        const parts = overMicroBatches(trace, { batch: 5, count: 2, seed: 1 }, (point) => point.gradient());
        expect(parts.map(({ examples }) => examples)).toEqual([2, 3]);
        expect(parts.map(({ factor }) => factor)).toEqual([5 / 2, 5 / 3]);
        const point = trace.onExamples({ batch: 5, examples: [1, 4] });
        const alone = gradientsOf(engine, () => loss([1, 4]), variables);
        // Both in float32; sums in another order.
        expect(
          relativeDistance(
            point.gradient().map((element) => (element * 5) / 2),
            alone,
          ),
        ).toBeLessThan(1e-5);
        point.dispose();
      },
    );
    tf.disposeVariables();
  });

  test("an LSTM of the Layers API is taken apart along its batch", async () => {
    const engine = await useBackend(backend);
    const batch = 6;
    const model = tf.sequential({
      layers: [
        tf.layers.lstm({
          units: 4,
          inputShape: [3, 2],
          kernelInitializer: "glorotNormal",
          recurrentInitializer: "glorotNormal",
        }),
        tf.layers.dense({ units: 3, activation: "softmax" }),
      ],
    });
    const x = tf.tensor3d(seededValues(batch * 6, 3), [batch, 3, 2]);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 1], "int32"), 3);
    const loss = () => tf.metrics.categoricalCrossentropy(labels, model.predict(x) as tf.Tensor).mean<tf.Scalar>();
    const variables = model.trainableWeights
      .map((weight) => weight.read())
      .filter((value) => value instanceof tf.Variable);
    withTrace(engine, loss, variables, (trace) => {
      expect(overMicroBatches(trace, { batch, count: 6, seed: 1 }, () => undefined)).toHaveLength(6);
    });
    model.dispose();
    tf.dispose([x, labels]);
  });
});

test("statistics over the batch and weight penalties make a batch that is no sum of its parts, which is said", async () => {
  const engine = await useBackend("cpu");
  const x = tf.tensor2d(seededValues(24, 1), [8, 3]);
  const w = seededVariable([3, 2], 1, 2);
  const normalized = () =>
    tf.tidy(() => {
      const hidden = tf.matMul(x, w);
      const { mean, variance } = tf.moments(hidden, 0);
      return hidden.sub(mean).div(variance.add(0.1).sqrt()).tanh().square().mean<tf.Scalar>();
    });
  const penalized = () =>
    tf.tidy(() =>
      tf
        .matMul(x, w as tf.Tensor<tf.Rank.R2>)
        .square()
        .mean()
        .add<tf.Scalar>(w.square().sum()),
    );
  for (const loss of [normalized, penalized]) {
    withTrace(engine, loss, [w], (trace) => {
      const before = engine.state.numTensors;
      expect(() => overMicroBatches(trace, { batch: 8, count: 4, seed: 1 }, () => undefined)).toThrow(
        UnsplittableError,
      );
      expect(engine.state.numTensors).toBe(before);
    });
  }
  x.dispose();
  w.dispose();
});

function gradientsOf(engine: Engine, loss: () => tf.Scalar, variables: readonly tf.Variable[]): Float32Array {
  return withTrace(engine, loss, variables, (trace) => trace.gradient());
}

/** Five sequences of four words through two heads of attention, for which each example's share is written out. */
function attentionModel() {
  const [length, width, heads] = [4, 6, 2];
  const inputs = seededValues(5 * length * width, 41);
  const keep = seededValues(5 * length * width, 42).map((value) => (value > -0.6 ? 1.25 : 0));
  const targets = seededValues(5 * width, 43);
  const shapes = [[width, width], [width, width], [width, width], [width], [width], [width, width]];
  const variables = shapes.map((shape, index) => seededVariable(shape, 0.7, 50 + index));
  const rows = (values: Float32Array, size: number, examples: readonly number[]) =>
    Float32Array.from(examples.flatMap((example) => [...values.subarray(example * size, (example + 1) * size)]));
  const loss = (examples: readonly number[]) => {
    const count = examples.length;
    const [query, key, value, gain, bias, up] = variables as unknown as [
      ...[tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor, tf.Tensor, tf.Tensor2D],
    ];
    const x = tf.tensor3d(rows(inputs, length * width, examples), [count, length, width]);
    const project = (weights: tf.Tensor2D) =>
      tf
        .matMul(x.reshape<tf.Tensor2D>([count * length, width]), weights)
        .reshape([count, length, heads, width / heads])
        .transpose([0, 2, 1, 3]);
    const scores = tf.softmax(tf.matMul(project(query), project(key), false, true));
    const mixed = tf.matMul(scores, project(value)).transpose([0, 2, 1, 3]).reshape([count, length, width]).add(x);
    const { mean, variance } = tf.moments(mixed, -1, true);
    const normalized = mixed.sub(mean).mul(variance.add(1e-3).rsqrt()).mul(gain).add(bias);
    const dropped = normalized.mul(tf.tensor3d(rows(keep, length * width, examples), [count, length, width]));
    const inner = tf.matMul(dropped.reshape<tf.Tensor2D>([count * length, width]), up);
    const gelu = inner
      .mul(inner.div(Math.SQRT2).erf().add(1))
      .mul(0.5)
      .reshape([count, length, width])
      .mean<tf.Tensor2D>(1);
    return tf.losses.meanSquaredError(tf.tensor2d(rows(targets, width, examples), [count, width]), gelu).asScalar();
  };
  return { variables, loss };
}
