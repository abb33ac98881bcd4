/** Observables of curvature and of gradients, against dense float64 Hessians and gradients of single examples. */
import * as tf from "@tensorflow/tfjs";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { blockSharpness } from "../../src/probe/tfjs/observables/blockSharpness.ts";
import { directionalSharpness } from "../../src/probe/tfjs/observables/directionalSharpness.ts";
import { eigenvalues } from "../../src/probe/tfjs/observables/eigenvalues.ts";
import { hessianOf } from "../../src/probe/tfjs/observables/hessian.ts";
import { hessianSpectrum } from "../../src/probe/tfjs/observables/hessianSpectrum.ts";
import { hessianTrace } from "../../src/probe/tfjs/observables/hessianTrace.ts";
import { noiseScale } from "../../src/probe/tfjs/observables/noiseScale.ts";
import { Unmeasurable, type Measurement, type Observable } from "../../src/probe/tfjs/observables/observable.ts";
import { progressiveSharpening } from "../../src/probe/tfjs/observables/progressiveSharpening.ts";
import { ratioOfMeans } from "../../src/probe/tfjs/observables/ratioOfMeans.ts";
import { at } from "./reference/scalarTape.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { exampleReferences } from "./support/exampleReferences.ts";
import { makeCnn, makeMlp, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";
import { mlpReference } from "./support/references.ts";
import { gaussians, largestEigenvalue } from "./tinyNetwork.ts";

function value(measurement: Measurement | undefined, name: string): number {
  return measurement?.values[name] ?? Number.NaN;
}

function errorOf(measurement: Measurement | undefined, name: string): number {
  return measurement?.error?.[name] ?? Number.NaN;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, element, index) => sum + element * at(b, index), 0);
}

const times = (matrix: readonly ArrayLike<number>[], vector: ArrayLike<number>) =>
  matrix.map((row) => dot(row, vector));

await useBackend("cpu");

describe("on a tanh network of 663 parameters", () => {
  const model = makeMlp();
  const measure = async (observable: Observable, steps = 1) => {
    const engine = await useBackend("cpu");
    const before = engine.state.numTensors;
    const measured = withTrace(engine, model.loss, model.variables, (trace) =>
      Array.from({ length: steps }, (_, step) => observable.measure(tracedStep(engine, trace, step))),
    );
    expect(engine.state.numTensors).toBe(before);
    return measured;
  };
  const weights = model.variables.flatMap((variable) => [...variable.dataSync()]);
  const { tape, loss } = mlpReference(weights, model.inputs, model.targets);
  const hessian = tape.hessian(loss);
  const gradient = tape.gradient(loss);
  const matrix = new Matrix(hessian.map((row) => [...row]));
  const dense = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = dense.realEigenvalues
    .map((_, index) => index)
    .toSorted((a, b) => at(dense.realEigenvalues, b) - at(dense.realEigenvalues, a));
  const exact = order.map((index) => at(dense.realEigenvalues, index));

  test("the twenty largest eigenvalues are the dense ones within their residuals, cold and warm", async () => {
    for (const measured of await measure(eigenvalues(), 2)) {
      const values = measured?.vectors?.["hessian/eigenvalues"] ?? [];
      const residuals = measured?.vectors?.["hessian/eigenvalues/residual"] ?? [];
      expect(values).toHaveLength(20);
      values.forEach((found, place) => {
        // Asked for 1e-4 of the largest.
        expect(Math.abs(found - at(exact, place))).toBeLessThan(1e-4 * at(exact, 0));
        expect(Math.abs(found - at(exact, place))).toBeLessThanOrEqual(at(residuals, place));
      });
      expect(Math.abs(value(measured, "sharpness/gap") - (at(exact, 0) - at(exact, 1)))).toBeLessThanOrEqual(
        errorOf(measured, "sharpness/gap"),
      );
    }
  });

  test("the gradient's share in the top eigenspace is the dense one within its error", async () => {
    const [measured] = await measure(eigenvalues());
    const share =
      order.slice(0, 10).reduce((sum, index) => sum + dot(dense.eigenvectorMatrix.getColumn(index), gradient) ** 2, 0) /
      dot(gradient, gradient);
    expect(Math.abs(value(measured, "gradient/topShare") - share)).toBeLessThanOrEqual(
      errorOf(measured, "gradient/topShare"),
    );
    expect(value(measured, "gradient/topShare/null")).toBe(10 / 663);
  });

  test("the trace and the first moments of the spectrum lie within four standard errors of the dense ones", async () => {
    const traces = await measure(hessianTrace(), 40);
    const strayed = Math.sqrt(
      traces.reduce((sum, each) => sum + (value(each, "hessian/trace") - matrix.trace()) ** 2, 0) / 40,
    );
    const stated = Math.sqrt(traces.reduce((sum, each) => sum + errorOf(each, "hessian/trace") ** 2, 0) / 40);
    expect(
      traces.every(
        (each) => Math.abs(value(each, "hessian/trace") - matrix.trace()) < 4 * errorOf(each, "hessian/trace"),
      ),
    ).toBe(true);
    // A deviation from 40 traces is known to 11 %.
    expect(stated / strayed).toBeGreaterThan(0.6);
    expect(stated / strayed).toBeLessThan(1.6);
    const spectra = await measure(hessianSpectrum(), 20);
    const mean = (name: string) => spectra.reduce((sum, each) => sum + value(each, name), 0) / spectra.length;
    const spread = (name: string) =>
      Math.sqrt(spectra.reduce((sum, each) => sum + errorOf(each, name) ** 2, 0)) / spectra.length;
    for (const [name, expected] of [
      ["hessian/meanEigenvalue", matrix.trace() / 663],
      ["hessian/rootMeanSquareEigenvalue", matrix.norm("frobenius") / Math.sqrt(663)],
    ] as const) {
      // Four standard errors of the mean of 20 spectra; the root's bias, (0.2)²/8 of it, is a quarter of one.
      expect(Math.abs(mean(name) - expected)).toBeLessThan(4.25 * spread(name));
    }
    const vectors = spectra[0]?.vectors ?? {};
    const nodes = vectors["hessian/spectrum/at"] ?? [];
    expect((vectors["hessian/spectrum"] ?? []).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    // Thirty products find the largest eigenvalue to far below 1e-4; float32 products are good to 1e-6.
    expect(Math.max(...nodes) / at(exact, 0)).toBeCloseTo(1, 4);
  });

  test("each layer's block has the sharpness of the dense block, layers taken in turn", async () => {
    const measured = await measure(blockSharpness(), 7);
    let offset = 0;
    model.variables.forEach((variable, index) => {
      const range = [offset, (offset += variable.size)] as const;
      const block = matrix.subMatrix(range[0], range[1] - 1, range[0], range[1] - 1);
      const name = `sharpness/block@${variable.name}`;
      // Asked for 1e-3; six quiet products usually leave far less.
      expect(value(measured[index], name) / largestEigenvalue(block)).toBeCloseTo(1, 3);
    });
    expect(Object.keys(measured[6]?.values ?? {})).toEqual(Object.keys(measured[0]?.values ?? {}));
  });

  test("the rate of progressive sharpening is −∇S·∇L of the float64 reference, within its error", async () => {
    const top = dense.eigenvectorMatrix.getColumn(at(order, 0));
    const sharpnessAfter = (time: number) => {
      const moved = weights.map((weight, index) => weight - time * at(gradient, index));
      const elsewhere = mlpReference(moved, model.inputs, model.targets);
      return dot(top, times(elsewhere.tape.hessian(elsewhere.loss), top));
    };
    // The differences' own error is of the order of 1e-8 here, in float64.
    const step = 1e-4;
    const rate = (sharpnessAfter(step) - sharpnessAfter(-step)) / (2 * step);
    const [measured] = await measure(progressiveSharpening());
    const found = value(measured, "sharpness/progressive");
    expect(Math.abs(found - rate)).toBeLessThanOrEqual(errorOf(measured, "sharpness/progressive"));
    // Rounding of uᵀHu over the step leaves about a thousandth.
    expect(Math.abs(found / rate - 1)).toBeLessThan(5e-3);
  });

  test("the norm of the sharpness' gradient is that of the float64 reference's, within its error", async () => {
    const top = dense.eigenvectorMatrix.getColumn(at(order, 0));
    const productAt = (time: number) => {
      const moved = weights.map((weight, index) => weight + time * at(top, index));
      const elsewhere = mlpReference(moved, model.inputs, model.targets);
      return elsewhere.tape.hessianVector(elsewhere.loss, top);
    };
    // The difference's own error is of the order of 1e-8 here, in float64.
    const step = 1e-4;
    const [before, after] = [productAt(-step), productAt(step)];
    const exactNorm = Math.hypot(...Array.from(after, (each, index) => (each - at(before, index)) / (2 * step)));
    for (const measured of await measure(progressiveSharpening(), 2)) {
      const found = value(measured, "sharpness/gradientNorm");
      expect(Math.abs(found - exactNorm)).toBeLessThanOrEqual(errorOf(measured, "sharpness/gradientNorm"));
      // Rounding of Hu over the step leaves about a thousandth.
      expect(Math.abs(found / exactNorm - 1)).toBeLessThan(5e-3);
    }
  });

  test("over random partitions, the noise is on average the trace of the covariance of single examples' gradients", async () => {
    const gradients = exampleReferences(model, weights).map((each) => each.tape.gradient(each.loss));
    const covariance =
      gradients.reduce((sum, each) => {
        const difference = each.map((element, index) => element - at(gradient, index));
        return sum + dot(difference, difference);
      }, 0) / 9;
    const noises = (await measure(noiseScale(), 60)).map((each) => value(each, "gradient/noise"));
    const mean = noises.reduce((sum, each) => sum + each, 0) / 60;
    const spread = Math.sqrt(noises.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 59);
    // Four standard errors of the mean of 60 partitions.
    expect(Math.abs(mean - covariance)).toBeLessThan((4 * spread) / Math.sqrt(60));
    expect(spread / covariance).toBeLessThan(0.5);
  });

  test("the noise scale is told from ten measurements on, between the ends of its interval", async () => {
    const measured = await measure(noiseScale(), 12);
    expect(measured.slice(0, 9).every((each) => Number.isNaN(value(each, "gradient/noiseScale")))).toBe(true);
    const mean = (name: string, count: number) =>
      measured.slice(0, count).reduce((sum, each) => sum + value(each, name), 0) / count;
    const last = measured[11];
    expect(value(last, "gradient/noiseScale")).toBeCloseTo(mean("gradient/noise", 12) / mean("gradient/signal", 12), 9);
    expect(value(last, "gradient/noiseScale/low")).toBeLessThan(value(last, "gradient/noiseScale"));
    expect(value(last, "gradient/noiseScale/high")).toBeGreaterThan(value(last, "gradient/noiseScale"));
  });
});

describe.each(testedBackends)("on %s, of a convolutional network whose parts are its four examples", (backend) => {
  test("noise, signal and directional sharpness are those of the float64 examples", async () => {
    const engine = await useBackend(backend);
    const model = makeCnn();
    const before = engine.state.numTensors;
    withTrace(engine, model.loss, model.variables, (trace) => {
      const references = exampleReferences(model, trace.weights());
      const examples = references.map(({ tape, loss }) => ({
        gradient: tape.gradient(loss),
        hessian: tape.hessian(loss),
      }));
      const mean =
        examples[0]?.gradient.map(
          (_, index) => examples.reduce((sum, { gradient }) => sum + at(gradient, index), 0) / 4,
        ) ?? [];
      const square = dot(mean, mean);
      const noise = examples.reduce((sum, { gradient }) => sum + dot(gradient, gradient), 0) / 3 - (4 * square) / 3;
      const measuredNoise = noiseScale().measure(tracedStep(engine, trace));
      // Float32 gradients are good to 1e-6, and differences of them to some 1e-5.
      expect(value(measuredNoise, "gradient/noise") / noise).toBeCloseTo(1, 4);
      expect(value(measuredNoise, "gradient/signal") / (square - noise / 4)).toBeCloseTo(1, 4);

      const quotients = examples.map(
        ({ gradient, hessian }) => dot(gradient, times(hessian, gradient)) / dot(gradient, gradient),
      );
      const whole = examples.reduce((sum, { hessian }) => sum + dot(mean, times(hessian, mean)) / 4, 0) / square;
      const average = quotients.reduce((sum, each) => sum + each, 0) / 4;
      const variance = quotients.reduce((sum, each) => sum + (each - average) ** 2, 0) / 3;
      const measured = directionalSharpness().measure(tracedStep(engine, trace));
      expect(measured?.omitted).toBeUndefined();
      expect(value(measured, "sharpness/directional") / whole).toBeCloseTo(1, 4);
      expect(value(measured, "sharpness/directional@microBatch") / average).toBeCloseTo(1, 4);
      expect(errorOf(measured, "sharpness/directional@microBatch") / Math.sqrt(variance / 4)).toBeCloseTo(1, 4);
    });
    expect(engine.state.numTensors).toBe(before);
    tf.dispose([...model.variables]);
  });
});

describe("the gradient of the sharpness", () => {
  const slopeAt = async (at: readonly number[], lossOf: (w: tf.Tensor) => tf.Tensor) => {
    const engine = await useBackend("cpu");
    const w = tf.variable(tf.tensor1d([...at]));
    const loss = () => tf.tidy(() => lossOf(w).sum<tf.Scalar>());
    const measured = withTrace(engine, loss, [w], (trace) =>
      progressiveSharpening().measure(tracedStep(engine, trace)),
    );
    w.dispose();
    return measured;
  };
  const quartic = (w: tf.Tensor) => tf.add(tf.square(w), tf.div(tf.square(tf.square(w)), 12));

  test("of w² + w⁴/12 is 2w of the weight of the largest curvature 2 + w²", async () => {
    const measured = await slopeAt([1, 0.5, 0.2], quartic);
    expect(Math.abs(value(measured, "sharpness/gradientNorm") - 2)).toBeLessThanOrEqual(
      errorOf(measured, "sharpness/gradientNorm"),
    );
    // Rounding of 2e-6 · 3 over a step of 0.002, one and a half times.
    expect(errorOf(measured, "sharpness/gradientNorm")).toBeLessThan(0.01);
  });

  test.each<[string, readonly number[], (w: tf.Tensor) => tf.Tensor, string]>([
    ["the two largest eigenvalues are equal", [1, 1, 0.2], quartic, "sharpness-gradient-close"],
    ["they differ by a millionth", [1, 1 + 2 ** -20, 0.2], quartic, "sharpness-gradient-close"],
    [
      "a rectifier switches on the way",
      [0.001, 1],
      (w) => tf.mul(tf.square(tf.relu(w)), tf.tensor1d([3, 1])),
      "sharpness-gradient-rough",
    ],
    [
      "the curvature does not change",
      [1, 2],
      (w) => tf.mul(tf.square(w), tf.tensor1d([3, 1])),
      "sharpness-gradient-rough",
    ],
  ])("is refused where %s", async (_name, weights, lossOf, code) => {
    const measured = await slopeAt(weights, lossOf);
    expect(measured?.omitted?.map((each) => each.code)).toEqual([code]);
    expect(Object.keys(measured?.values ?? {})).toEqual(["sharpness/progressive"]);
  });
});

test("where a weight penalty keeps the batch whole, that is said, and its own directional sharpness is still given", async () => {
  const engine = await useBackend("cpu");
  const x = tf.tensor2d(seededValues(24, 1), [8, 3]);
  const w = seededVariable([3, 2], 1, 2);
  const loss = () =>
    tf.tidy(() =>
      tf
        .matMul(x, w as tf.Tensor2D)
        .tanh()
        .square()
        .mean()
        .add<tf.Scalar>(w.square().sum()),
    );
  withTrace(engine, loss, [w], (trace) => {
    const step = tracedStep(engine, trace);
    const measured = directionalSharpness().measure(step);
    expect(measured?.omitted?.map(({ code }) => code)).toEqual(["batch-not-split"]);
    const gradient = trace.gradient();
    // The definition written out; the same products in float32.
    const expected = dot(gradient, trace.hessianVector(gradient)) / dot(gradient, gradient);
    expect(value(measured, "sharpness/directional") / expected).toBeCloseTo(1, 6);
    expect(Object.keys(measured?.values ?? {})).toEqual(["sharpness/directional"]);
    expect(() => noiseScale().measure(step)).toThrow(Unmeasurable);
  });
  tf.dispose([x, w]);
});

test("Fieller's interval covers the true ratio nineteen times in twenty, where the mean of ratios is biased", () => {
  const next = gaussians(5);
  const trials = 2000;
  let covered = 0;
  let told = 0;
  for (let trial = 0; trial < trials; trial++) {
    const pairs = Array.from({ length: 20 }, () => [180 * (1 + 0.3 * next()), 1 + 0.5 * next()] as const);
    const ratio = ratioOfMeans(pairs);
    if (ratio === undefined) continue;
    told++;
    if (ratio.low <= 180 && 180 <= ratio.high) covered++;
  }
  // Twenty pairs of mean 1 and deviation 0.5 are clear of zero by nine standard errors.
  expect(told).toBe(trials);
  // 0.95 with a standard error of 0.005, and the quantile to second order.
  expect(covered / trials).toBeGreaterThan(0.93);
  expect(covered / trials).toBeLessThan(0.97);
});

test("a ratio whose denominator is not clear of zero is not told", () => {
  expect(
    ratioOfMeans([
      [1, 0.1],
      [1, -0.2],
      [1, 0.3],
    ]),
  ).toBeUndefined();
  expect(
    ratioOfMeans([
      [1, -1],
      [1, -1.01],
      [1, -1],
    ]),
  ).toBeUndefined();
  expect(
    ratioOfMeans([
      [2, 1],
      [2, 1],
    ]),
  ).toEqual({ value: 2, low: 2, high: 2 });
});

test("what would not fit in memory is not begun", () => {
  const huge = {
    parameterCount: 1e9,
    unsupported: [],
    hessianVector: (): Float32Array => {
      throw new Error("begun");
    },
  };
  expect(() => hessianOf(huge, 10)).toThrow(Unmeasurable);
});
