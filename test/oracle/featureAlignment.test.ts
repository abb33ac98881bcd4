/** Feature alignment (NFA) and features at convergence (FACT) of dense layers, against gradients by hand in float64. */
import * as tf from "@tensorflow/tfjs";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { afterEach, describe, expect, test } from "vitest";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { featureAlignment, featureAlignmentNull } from "../../src/probe/tfjs/observables/featureMatrix.ts";
import { neuralFeatures } from "../../src/probe/tfjs/observables/neuralFeatures.ts";
import { type Measurement, Unmeasurable } from "../../src/probe/tfjs/observables/observable.ts";
import { stationaryFeatures } from "../../src/probe/tfjs/observables/stationaryFeatures.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

const [batch, inputs, first, second, outputs] = [12, 9, 5, 7, 3];
const shapes = [
  [inputs, first],
  [first, second],
  [second, outputs],
] as const;
const x = Matrix.from1DArray(batch, inputs, seededValues(batch * inputs, 1));
const y = Matrix.from1DArray(batch, outputs, seededValues(batch * outputs, 2));

type Weights = readonly [Matrix, Matrix, Matrix];

const seeded = (): Weights =>
  shapes.map(([rows, columns], index) =>
    Matrix.from1DArray(rows, columns, seededValues(rows * columns, 10 + index)),
  ) as unknown as Weights;
const tanh = (matrix: Matrix) => Matrix.tanh(matrix);
const slopes = (values: Matrix) => Matrix.sub(Matrix.ones(values.rows, values.columns), Matrix.mul(values, values));

/** Inputs of the layers of tanh(tanh(x·A)·B)·C, and the derivatives of ⟨c, outputs⟩ by the layers' products. */
function passes([a, b, c]: Weights, coefficients: Matrix) {
  const one = tanh(x.mmul(a));
  const two = tanh(one.mmul(b));
  const byTwo = Matrix.mul(coefficients.mmul(c.transpose()), slopes(two));
  const byOne = Matrix.mul(byTwo.mmul(b.transpose()), slopes(one));
  return { inputs: [x, one, two] as const, derivatives: [byOne, byTwo, coefficients] as const, outputs: two.mmul(c) };
}

const cosine = (a: Matrix, b: Matrix) => Matrix.mul(a, b).sum() / (a.norm() * b.norm());

/** By the outer products of each example's gradients by the layer's input, in the full dimension of that. */
function alignmentByHand(weights: Weights, layer: 0 | 1 | 2) {
  const w = weights[layer];
  const sum = Matrix.zeros(w.rows, w.rows);
  for (let output = 0; output < outputs; output++) {
    const coefficients = Matrix.zeros(batch, outputs);
    for (let example = 0; example < batch; example++) coefficients.set(example, output, 1);
    const byInput = passes(weights, coefficients).derivatives[layer].mmul(w.transpose());
    sum.add(byInput.transpose().mmul(byInput).div(batch));
  }
  const { realEigenvalues, eigenvectorMatrix: v } = new EigenvalueDecomposition(sum, { assumeSymmetric: true });
  const root = v.mmul(Matrix.diag(realEigenvalues.map((each) => Math.sqrt(Math.max(0, each))))).mmul(v.transpose());
  const features = w.mmul(w.transpose());
  return { root: cosine(features, root), linear: cosine(features, sum) };
}

/** Of the mean squared error, the mean over examples and outputs, plus λ/2 times all squared weights. */
function gradients(weights: Weights, strength: number): Weights {
  const { outputs: given } = passes(weights, y);
  const residual = Matrix.sub(given, y).mul(2 / (batch * outputs));
  const { inputs: entering, derivatives } = passes(weights, residual);
  return weights.map((w, layer) =>
    Matrix.add((entering[layer] ?? x).transpose().mmul(derivatives[layer] ?? x), Matrix.mul(w, strength)),
  ) as unknown as Weights;
}

/** ‖W·Wᵀ + (1/λ)·Σᵢ (∂L/∂hᵢ)ᵀ·hᵢ‖/‖W·Wᵀ‖, example by example. */
function differenceByHand(weights: Weights, layer: 0 | 1 | 2, strength: number): number {
  const { outputs: given } = passes(weights, y);
  const residual = Matrix.sub(given, y).mul(2 / (batch * outputs));
  const { inputs: entering, derivatives } = passes(weights, residual);
  const w = weights[layer];
  const byInput = derivatives[layer].mmul(w.transpose());
  const sum = Matrix.zeros(w.rows, w.rows);
  for (let example = 0; example < batch; example++) {
    sum.add(byInput.getRowVector(example).transpose().mmul(entering[layer].getRowVector(example)));
  }
  const features = w.mmul(w.transpose());
  return Matrix.add(features, sum.div(strength)).norm() / features.norm();
}

function variablesOf(weights: Weights) {
  return weights.map((w) => tf.tidy(() => tf.variable(tf.tensor2d(w.to2DArray())))) as unknown as [
    tf.Variable<tf.Rank.R2>,
    tf.Variable<tf.Rank.R2>,
    tf.Variable<tf.Rank.R2>,
  ];
}

function withNetwork(
  engine: Engine,
  weights: Weights,
  strength: number,
  use: (trace: Trace, names: readonly string[]) => void,
): void {
  const variables = variablesOf(weights);
  const [a, b, c] = variables;
  const [inputTensor, target] = [tf.tensor2d(x.to2DArray()), tf.tensor2d(y.to2DArray())];
  const loss = () => {
    const output = tf.matMul(tf.tanh<tf.Tensor2D>(tf.matMul(tf.tanh<tf.Tensor2D>(tf.matMul(inputTensor, a)), b)), c);
    const error = tf.losses.meanSquaredError(target, output).asScalar();
    if (strength === 0) return error;
    return variables.reduce((sum, each) => tf.add<tf.Scalar>(sum, tf.sum(tf.square(each)).mul(strength / 2)), error);
  };
  withTrace(engine, loss, variables, (trace) => {
    use(
      trace,
      variables.map(({ name }) => name),
    );
  });
  tf.dispose([inputTensor, target]);
}

/** Stationary weights of the penalized error, in float64. */
function trained(strength: number): Weights {
  let weights: Weights = seeded();
  let velocity = weights.map(({ rows, columns }) => Matrix.zeros(rows, columns));
  for (let step = 0; step < 6000; step++) {
    const slope = gradients(weights, strength);
    velocity = velocity.map((each, layer) => Matrix.sub(Matrix.mul(each, 0.95), Matrix.mul(slope[layer] ?? x, 0.5)));
    weights = weights.map((each, layer) => Matrix.add(each, velocity[layer] ?? each)) as unknown as Weights;
  }
  return weights;
}

const restStrength = 0.005;
const atRest = trained(restStrength);

test("the gradient in float64 has vanished where training has come to rest", () => {
  // Against λ‖W‖ of 0.01.
  expect(Math.hypot(...gradients(atRest, restStrength).map((each) => each.norm()))).toBeLessThan(1e-8);
});

const nearby = (measured: Measurement | undefined, name: string) => measured?.values[name] ?? Number.NaN;

describe.each(testedBackends)("on %s", (backend) => {
  test("feature alignment is that of gradients by hand, in wide and narrow layers, and no tensor is left", async () => {
    const engine = await useBackend(backend);
    const weights = seeded();
    withNetwork(engine, weights, 0.1, (trace, names) => {
      const tensors = engine.state.numTensors;
      const measured = neuralFeatures(new ProbeSet()).measure(tracedStep(engine, trace));
      expect(engine.state.numTensors).toBe(tensors);
      for (const layer of [0, 1, 2] as const) {
        const expected = alignmentByHand(weights, layer);
        // Gradients in float32; a root of an eigenvalue near zero is less exact than the eigenvalue.
        expect(nearby(measured, `feature/nfa@${names[layer] ?? ""}`)).toBeCloseTo(expected.root, 4);
        expect(nearby(measured, `feature/nfaLinear@${names[layer] ?? ""}`)).toBeCloseTo(expected.linear, 5);
      }
      // The last layer's gradients are its weights themselves.
      expect(nearby(measured, `feature/nfaLinear@${names[2] ?? ""}`)).toBeCloseTo(1, 5);
      expect(nearby(measured, `feature/nfaLinear@${names[2] ?? ""}/null`)).toBeCloseTo(1, 5);
      expect(measured?.sample).toBe(batch);
    });
  });

  test("features at convergence are off by what they are by hand, far from there", async () => {
    const engine = await useBackend(backend);
    const weights = seeded();
    withNetwork(engine, weights, 0.1, (trace, names) => {
      const tensors = engine.state.numTensors;
      const measured = stationaryFeatures.measure(tracedStep(engine, trace));
      expect(engine.state.numTensors).toBe(tensors);
      for (const layer of [0, 1, 2] as const) {
        const value = nearby(measured, `feature/fact@${names[layer] ?? ""}`);
        // Weights and gradients in float32.
        expect(value / differenceByHand(weights, layer, 0.1)).toBeCloseTo(1, 5);
        expect(value).toBeGreaterThan(0.05);
      }
    });
  });

  test("and hold where training has come to rest, far below their null", async () => {
    const engine = await useBackend(backend);
    withNetwork(engine, atRest, restStrength, (trace, names) => {
      const converged = stationaryFeatures.measure(tracedStep(engine, trace));
      for (const name of names) {
        // Gradients that cancel to float32 rounding of about 1e-7, over λ.
        expect(nearby(converged, `feature/fact@${name}`)).toBeLessThan(1e-4);
        expect(nearby(converged, `feature/fact@${name}/null`)).toBeGreaterThan(0.5);
      }
      const aligned = neuralFeatures(new ProbeSet()).measure(tracedStep(engine, trace));
      const deep = `feature/nfa@${names[1] ?? ""}`;
      // What is claimed of deep layers (Radhakrishnan et al. 2024); no identity.
      expect(nearby(aligned, deep)).toBeGreaterThan(0.95);
      expect(nearby(aligned, `${deep}/null`)).toBeLessThan(0.85);
    });
  });
});

test("alignment with the root is perfect in a balanced linear network, with WᵀW = V·Vᵀ for x·W·V", () => {
  const weights = Matrix.from1DArray(9, 5, seededValues(45, 4));
  const balanced = weights.transpose().mmul(weights);
  const features = weights.mmul(weights.transpose());
  // W·VVᵀ·Wᵀ = (W·Wᵀ)², whose root is taken of eigenvalues in float64.
  expect(featureAlignment(weights, balanced)?.root).toBeCloseTo(1, 7);
  expect(featureAlignment(weights, balanced)?.linear).toBeCloseTo(cosine(features, features.mmul(features)), 10);
  expect(featureAlignment(weights.transpose(), Matrix.eye(9))?.linear).toBeCloseTo(1, 10);
});

test("the null of alignment is far from zero, and what is aligned by construction is at it", () => {
  const identity = Matrix.eye(4);
  const weights = Matrix.from1DArray(30, 4, seededValues(120, 3));
  // With all units alike the outer product is W·Wᵀ itself.
  expect(featureAlignment(weights, identity)?.linear).toBeCloseTo(1, 12);
  expect(featureAlignmentNull(weights, identity)?.linear).toBeCloseTo(1, 12);
  // One unit matters: W·G·Wᵀ has rank one, and W·Wᵀ of four nearly equal eigenvalues has a cosine of about a half with it.
  const one = Matrix.zeros(4, 4);
  one.set(0, 0, 1);
  expect(featureAlignmentNull(weights, one)?.linear).toBeGreaterThan(0.4);
  expect(featureAlignmentNull(weights, one)?.linear).toBeLessThan(0.75);
  expect(featureAlignment(weights, Matrix.zeros(4, 4))).toBeUndefined();
});

test("features at convergence of a convolution are those of its windows", async () => {
  const engine = await useBackend("cpu");
  const [size, window, filters] = [5, 3, 2];
  const filter = seededVariable([window, 1, 1, filters], 1, 1) as tf.Variable<tf.Rank.R4>;
  const values = seededValues(4 * size, 2);
  const places = size - window + 1;
  const target = seededValues(4 * places * filters, 3);
  const loss = () => {
    const output = tf.conv2d(tf.tensor4d(values, [4, size, 1, 1]), filter, 1, "valid");
    const error = tf.losses.meanSquaredError(tf.tensor4d(target, [4, places, 1, filters]), output).asScalar();
    return tf.add<tf.Scalar>(error, tf.sum(tf.square(filter)).mul(0.15));
  };
  withTrace(engine, loss, [filter], (trace) => {
    const measured = stationaryFeatures.measure(tracedStep(engine, trace));
    const w = Matrix.from1DArray(window, filters, filter.dataSync());
    const windows = new Matrix(
      Array.from({ length: 4 * places }, (_, index) => {
        const start = Math.floor(index / places) * size + (index % places);
        return values.subarray(start, start + window);
      }),
    );
    const residual = Matrix.sub(windows.mmul(w), Matrix.from1DArray(4 * places, filters, target));
    const byWindow = residual.mul(2 / target.length).mmul(w.transpose());
    const features = w.mmul(w.transpose());
    const sides = Matrix.add(features, byWindow.transpose().mmul(windows).div(0.3));
    // Sums of a dozen float32 products.
    expect(nearby(measured, `feature/fact@${filter.name}`) / (sides.norm() / features.norm())).toBeCloseTo(1, 5);
  });
});

describe("features are refused", () => {
  const codes = (measured: Measurement | undefined) => measured?.omitted?.map(({ code }) => code) ?? [];

  test("at convergence where weights have no penalty, and with a reason where it is another one", async () => {
    const engine = await useBackend("cpu");
    withNetwork(engine, seeded(), 0, (trace) => {
      expect(stationaryFeatures.measure(tracedStep(engine, trace))).toMatchObject({ values: {}, omitted: [] });
    });
    const w = seededVariable([4, 3], 1, 1) as tf.Variable<tf.Rank.R2>;
    const loss = () =>
      tf.add<tf.Scalar>(
        tf.losses.meanSquaredError(tf.ones([5, 3]), tf.matMul(tf.tensor2d(seededValues(20, 2), [5, 4]), w)),
        tf.sum(tf.abs(w)).mul(0.1),
      );
    withTrace(engine, loss, [w], (trace) => {
      const measured = stationaryFeatures.measure(tracedStep(engine, trace));
      expect(measured?.values).toEqual({});
      expect(codes(measured)).toEqual(["fact-penalty"]);
    });
  });

  test("before batch normalization, where an example has no gradient of its own", async () => {
    const engine = await useBackend("cpu");
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, inputShape: [4], activation: "tanh", name: "before" }),
        tf.layers.batchNormalization(),
        tf.layers.dense({
          units: 5,
          activation: "tanh",
          kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }),
          name: "after",
        }),
        tf.layers.dense({ units: 3, activation: "softmax", name: "outputs" }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.05), loss: "categoricalCrossentropy" });
    const inputTensor = tf.tensor2d(seededValues(48, 1), [12, 4]);
    const target = tf.tidy(() =>
      tf.oneHot(
        tf.tensor1d(
          Array.from({ length: 12 }, (_, index) => index % 3),
          "int32",
        ),
        3,
      ),
    );
    const seen: (Measurement | undefined)[] = [];
    await withFitTrace(engine, model, inputTensor, target, (trace) => {
      const step = tracedStep(engine, trace);
      seen.push(neuralFeatures(new ProbeSet()).measure(step), stationaryFeatures.measure(step));
    });
    const [aligned, converged] = seen;
    expect(codes(aligned)).toEqual(["feature-coupled"]);
    expect(
      Object.keys(aligned?.values ?? {}).filter((name) => name.startsWith("feature/nfa@") && !name.endsWith("/null")),
    ).toEqual(["feature/nfa@after", "feature/nfa@outputs"]);
    // A layer's own regularizer is a penalty like any other.
    expect(Object.keys(converged?.values ?? {})).toEqual(["feature/fact@after", "feature/fact@after/null"]);
    tf.dispose([inputTensor, target]);
    model.dispose();
  });

  test("where there are more outputs than backward passes are spent on", async () => {
    const engine = await useBackend("cpu");
    const w = seededVariable([4, 40], 1, 1) as tf.Variable<tf.Rank.R2>;
    const loss = () =>
      tf.losses.meanSquaredError(tf.ones([5, 40]), tf.matMul(tf.tensor2d(seededValues(20, 2), [5, 4]), w)).asScalar();
    withTrace(engine, loss, [w], (trace) => {
      expect(() => neuralFeatures(new ProbeSet()).measure(tracedStep(engine, trace))).toThrow(Unmeasurable);
    });
  });
});
