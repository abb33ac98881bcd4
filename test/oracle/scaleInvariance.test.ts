/** The product of weights and gradient where a normalization follows: found where it does and nowhere else, and right. */
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, test } from "vitest";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { degreesOf } from "../../src/probe/tfjs/homogeneity.ts";
import { tracedLayers } from "../../src/probe/tfjs/layerActivations.ts";
import type { Measurement, ObservedStep } from "../../src/probe/tfjs/observables/observable.ts";
import { scaleInvariance } from "../../src/probe/tfjs/observables/scaleInvariance.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { constants, dense, layerNorm, meanSquaredError, WeightReader } from "./reference/networks.ts";
import { ScalarTape } from "./reference/scalarTape.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

/** A step with the trace's own weights and gradients. */
function stepOf(engine: Engine, trace: Trace, gradientOf = (gradient: Float32Array) => gradient): ObservedStep {
  const part = (flat: Float32Array, name: string) => {
    let offset = 0;
    for (const variable of trace.variables) {
      if (variable.name === name) return flat.slice(offset, offset + variable.size);
      offset += variable.size;
    }
    return undefined;
  };
  const [weights, gradient] = [trace.weights(), gradientOf(trace.gradient())];
  return {
    ...tracedStep(engine, trace),
    gradient: (name) => part(gradient, name),
    weightsBefore: (name) => part(weights, name),
  };
}

const products = (measured: Measurement | undefined) =>
  Object.entries(measured?.values ?? {}).filter(
    ([name]) => name.startsWith("scale/product@") && !name.endsWith("/null"),
  );

const [batch, inputs, hidden, outputs] = [6, 4, 5, 2];

/** Of weights, bias, gain and offset, and the next layer, in one vector. */
function normalizedReference(weights: ArrayLike<number>, x: Float32Array, y: Float32Array, epsilon: number) {
  const tape = new ScalarTape();
  const reader = new WeightReader(tape, weights);
  const mixed = dense(tape, constants(tape, x, batch, inputs), reader.matrix(inputs, hidden), reader.vector(hidden));
  const normalized = layerNorm(tape, mixed, reader.vector(hidden), reader.vector(hidden), epsilon);
  const output = dense(tape, normalized, reader.matrix(hidden, outputs), reader.vector(outputs));
  return tape.gradient(meanSquaredError(tape, output, constants(tape, y, batch, outputs)));
}

describe.each(testedBackends)("on %s", (backend) => {
  test.each([1e-5, 1e-2])(
    "the product before a layer normalization is that of float64, with ε = %d",
    async (epsilon) => {
      const engine = await useBackend(backend);
      const [x, y] = [seededValues(batch * inputs, 1), seededValues(batch * outputs, 2)];
      const variables = [
        seededVariable([inputs, hidden], 0.2, 3),
        seededVariable([hidden], 0.1, 4),
        seededVariable([hidden], 1, 5),
        seededVariable([hidden], 1, 6),
        seededVariable([hidden, outputs], 1, 7),
        seededVariable([outputs], 1, 8),
      ];
      const [w, b, gain, offset, v, c] = variables as [
        tf.Variable<tf.Rank.R2>,
        tf.Variable,
        tf.Variable,
        tf.Variable,
        tf.Variable<tf.Rank.R2>,
        tf.Variable,
      ];
      const loss = () => {
        const mixed = tf.tensor2d(x, [batch, inputs]).matMul(w).add(b);
        const { mean, variance } = tf.moments(mixed, 1, true);
        const normalized = mixed
          .sub(mean)
          .div(tf.sqrt(variance.add(epsilon)))
          .mul(gain)
          .add<tf.Tensor2D>(offset);
        return tf.losses.meanSquaredError(tf.tensor2d(y, [batch, outputs]), normalized.matMul(v).add(c)).asScalar();
      };
      withTrace(engine, loss, variables, (trace) => {
        const tensors = engine.state.numTensors;
        const measured = scaleInvariance().measure(stepOf(engine, trace));
        expect(engine.state.numTensors).toBe(tensors);
        const weights = trace.weights();
        const gradient = normalizedReference(weights, x, y, epsilon);
        const size = inputs * hidden + hidden;
        let [product, squares, slopes] = [0, 0, 0];
        for (let index = 0; index < size; index++) {
          product += (weights[index] ?? 0) * (gradient[index] ?? 0);
          squares += (weights[index] ?? 0) ** 2;
          slopes += (gradient[index] ?? 0) ** 2;
        }
        const exact = product / Math.sqrt(squares * slopes);
        // A sum of 25 float32 products that cancel, relative to their norms.
        expect(Math.abs((measured?.values[`scale/product@${w.name}`] ?? Number.NaN) - exact)).toBeLessThan(2e-6);
        expect(Math.abs(exact)).toBeGreaterThan(epsilon === 1e-5 ? 0 : 0.02);
        expect(measured?.values[`scale/product@${w.name}/null`]).toBeCloseTo(1 / Math.sqrt(size), 12);
        // The layer after it is not normalized.
        expect(products(measured)).toHaveLength(1);
      });
    },
  );

  test("convolutions and dense layers before batch normalization are found, one with a bias as well, and their products vanish", async () => {
    const engine = await useBackend(backend);
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({
          filters: 4,
          kernelSize: 3,
          inputShape: [6, 6, 2],
          useBias: false,
          name: `first-${backend}`,
        }),
        tf.layers.batchNormalization({ epsilon: 1e-7 }),
        tf.layers.reLU(),
        tf.layers.conv2d({ filters: 3, kernelSize: 3, name: `second-${backend}` }),
        tf.layers.averagePooling2d({ poolSize: 2 }),
        tf.layers.batchNormalization({ epsilon: 1e-7 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 5, name: `third-${backend}`, biasInitializer: "randomNormal" }),
        tf.layers.layerNormalization({ epsilon: 1e-7 }),
        tf.layers.dense({ units: 3, activation: "softmax", name: `last-${backend}` }),
      ],
    });
    model.setWeights(
      model.getWeights().map((weight, index) =>
        tf.tensor(
          seededValues(weight.size, index).map((each) => 0.3 + each),
          weight.shape,
        ),
      ),
    );
    model.compile({ optimizer: tf.train.sgd(0.01), loss: "categoricalCrossentropy" });
    const x = tf.tensor4d(seededValues(12 * 72, 1), [12, 6, 6, 2]);
    const y = tf.tidy(() =>
      tf.oneHot(
        tf.tensor1d(
          Array.from({ length: 12 }, (_, index) => index % 3),
          "int32",
        ),
        3,
      ),
    );
    let measured: Measurement | undefined;
    await withFitTrace(engine, model, x, y, (trace) => {
      measured = scaleInvariance().measure(stepOf(engine, trace));
    });
    expect(products(measured).map(([name]) => name)).toEqual(
      ["first", "second", "third"].map((layer) => `scale/product@${layer}-${backend}`),
    );
    // Zero in exact arithmetic but for ε over variances of about 0.1; float32 leaves a few 1e-6.
    for (const [, cosine] of products(measured)) expect(Math.abs(cosine)).toBeLessThan(2e-5);
    tf.dispose([x, y]);
    model.dispose();
  });
});

describe("invariance is not claimed", () => {
  const x = () => tf.tensor2d(seededValues(batch * inputs, 1), [batch, inputs]);
  const target = () => tf.tensor2d(seededValues(batch * hidden, 2), [batch, hidden]);
  const rootMeanSquare = (value: tf.Tensor) =>
    value.div<tf.Tensor2D>(tf.sqrt(tf.add(tf.mean(tf.square(value), 1, true), 1e-6)));
  const compared = (output: tf.Tensor) => tf.losses.meanSquaredError(target(), output).asScalar();
  const cases: Readonly<Record<string, readonly [number, (w: tf.Tensor2D) => tf.Scalar]>> = {
    "but for a root mean square normalization": [1, (w) => compared(rootMeanSquare(tf.matMul(x(), w)))],
    "and through rectifiers and a product with another weight": [
      1,
      (w) => compared(rootMeanSquare(tf.relu(tf.matMul(x(), w)))),
    ],
    "where nothing is normalized": [0, (w) => compared(tf.matMul(x(), w))],
    "where something else is added before the normalization": [
      0,
      (w) => compared(rootMeanSquare(tf.matMul(x(), w).add(target()))),
    ],
    "where a saturating function comes before the normalization": [
      0,
      (w) => compared(rootMeanSquare(tf.tanh(tf.matMul(x(), w)))),
    ],
    "where a way leads around the normalization": [
      0,
      (w) => {
        const inside = tf.matMul(x(), w);
        return compared(rootMeanSquare(inside).add(inside));
      },
    ],
    "where a constant that matters is added to the variance": [
      0,
      (w) => {
        const inside = tf.matMul(x(), w);
        return compared(inside.div(tf.sqrt(tf.add(tf.mean(tf.square(inside), 1, true), 1))));
      },
    ],
    "where the statistics are not those of the batch": [
      0,
      (w) =>
        compared(
          tf.batchNorm2d(
            tf.matMul<tf.Tensor2D>(x(), w),
            tf.zeros<tf.Rank.R1>([hidden]),
            tf.ones<tf.Rank.R1>([hidden]),
            tf.zeros<tf.Rank.R1>([hidden]),
            tf.ones<tf.Rank.R1>([hidden]),
          ),
        ),
    ],
  };

  test.each(Object.entries(cases))("%s", async (_name, [count, lossOf]) => {
    const engine = await useBackend("cpu");
    const w = seededVariable([inputs, hidden], 1, 3) as tf.Variable<tf.Rank.R2>;
    withTrace(
      engine,
      () => lossOf(w),
      [w],
      (trace) => {
        const measured = scaleInvariance().measure(stepOf(engine, trace));
        expect(products(measured)).toHaveLength(count);
        // The degree is a claim on the loss itself.
        const point = trace.at(trace.weights().map((weight) => 1.5 * weight));
        const changes = Math.abs(point.loss() / trace.loss() - 1);
        if (count === 1) expect(changes).toBeLessThan(1e-5);
        else expect(changes).toBeGreaterThan(1e-3);
        point.dispose();
      },
    );
  });

  test("where the weights are penalized, which is told", async () => {
    const engine = await useBackend("cpu");
    const w = seededVariable([inputs, hidden], 1, 3) as tf.Variable<tf.Rank.R2>;
    const loss = () => tf.add<tf.Scalar>(compared(rootMeanSquare(tf.matMul(x(), w))), tf.sum(tf.square(w)).mul(0.01));
    withTrace(engine, loss, [w], (trace) => {
      const measured = scaleInvariance().measure(stepOf(engine, trace));
      expect(products(measured)).toEqual([]);
      expect(measured?.omitted?.map(({ code }) => code)).toEqual(["scale-penalized"]);
    });
  });

  test("of a gradient that is not the loss's: its product is reported as it is", async () => {
    const engine = await useBackend("cpu");
    const w = seededVariable([inputs, hidden], 1, 3) as tf.Variable<tf.Rank.R2>;
    withTrace(
      engine,
      () => compared(rootMeanSquare(tf.matMul(x(), w))),
      [w],
      (trace) => {
        const weights = trace.weights();
        const measured = scaleInvariance().measure(stepOf(engine, trace, () => weights));
        expect(products(measured)[0]?.[1]).toBeCloseTo(1, 6);
      },
    );
  });
});

test("degrees follow products, roots and quotients", async () => {
  const engine = await useBackend("cpu");
  const w = seededVariable([3, 3], 1, 3) as tf.Variable<tf.Rank.R2>;
  const loss = () => tf.sum(tf.div(tf.square(tf.matMul(w, w)), tf.sqrt(tf.abs(w)))).asScalar();
  withTrace(engine, loss, [w], (trace) => {
    const { graph } = tracedLayers(trace);
    const degrees = degreesOf(
      engine,
      graph,
      graph.trace.variables.flatMap(({ values }) => values),
    );
    expect(degrees.get(trace.lossId)).toBe(3.5);
  });
});
