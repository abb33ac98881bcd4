/** Agreement with the initialization and neural collapse, against their definitions written out on plain arrays and dense matrices. */
import * as tf from "@tensorflow/tfjs";
import { Matrix, pseudoInverse } from "ml-matrix";
import { afterEach, describe, expect, test } from "vitest";
import type { Measurement } from "../../src/probe/tfjs/observables/observable.ts";
import { collapse, collapseNull, type ClassifiedFeatures } from "../../src/probe/tfjs/observables/collapse.ts";
import { initialAgreement } from "../../src/probe/tfjs/observables/initialAgreement.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import { neuralCollapse } from "../../src/probe/tfjs/observables/neuralCollapse.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import { alignment, mutualNeighbours } from "../../src/probe/tfjs/observables/representation.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { descend, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";
import { gaussians } from "./tinyNetwork.ts";

afterEach(() => {
  tf.disposeVariables();
});

const oneBatch = { batches: 1, bytes: 1024 ** 2 };

function gaussianRows(rows: number, columns: number, seed: number): number[][] {
  const next = gaussians(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, next));
}

const flat = (rows: readonly (readonly number[])[]) => ({
  values: rows.flat(),
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
});
const inner = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, each, index) => sum + each * (b[index] ?? 0), 0);

/** Hilbert–Schmidt independence as the U-statistic that it is: the mean over all ordered quadruples of different examples. */
function independenceByQuadruples(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): number {
  const kernel = (rows: readonly (readonly number[])[], i: number, j: number) => inner(rows[i] ?? [], rows[j] ?? []);
  const n = x.length;
  let [sum, count] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let q = 0; q < n; q++) {
        for (let r = 0; r < n; r++) {
          if (new Set([i, j, q, r]).size < 4) continue;
          sum += kernel(x, i, j) * (kernel(y, i, j) + kernel(y, q, r) - 2 * kernel(y, i, q));
          count++;
        }
      }
    }
  }
  return sum / count;
}

function neighboursByDefinition(rows: readonly (readonly number[])[], of: number, k: number): number[] {
  const cosine = (i: number) =>
    inner(rows[of] ?? [], rows[i] ?? []) / Math.hypot(...(rows[of] ?? [])) / Math.hypot(...(rows[i] ?? []));
  return rows
    .map((_, index) => index)
    .filter((index) => index !== of)
    .sort((a, b) => cosine(b) - cosine(a))
    .slice(0, k);
}

describe("centred kernel alignment", () => {
  test("is the ratio of the statistics over quadruples of examples", () => {
    const [x, y] = [gaussianRows(8, 3, 1), gaussianRows(8, 5, 2)];
    y.forEach((row, index) => {
      row[0] = (row[0] ?? 0) + 2 * (x[index]?.[1] ?? 0);
    });
    const expected =
      independenceByQuadruples(x, y) / Math.sqrt(independenceByQuadruples(x, x) * independenceByQuadruples(y, y));
    // A few thousand products in float64.
    expect(alignment(flat(x), flat(y))?.value).toBeCloseTo(expected, 11);
  });

  test("is one for a turned and scaled representation, and within its null for an independent one", () => {
    const x = gaussianRows(50, 512, 3);
    const turned = x.map((row) => row.map((_, index) => 3 * (row[(index + 1) % row.length] ?? 0) + 7));
    expect(alignment(flat(x), flat(turned))?.value).toBeCloseTo(1, 9);
    const independent = alignment(flat(x), flat(gaussianRows(50, 512, 4)));
    // The biased estimate would be 0.91 here.
    expect(Math.abs(independent?.value ?? 1)).toBeLessThan(0.05);
    expect(independent?.null).toBeLessThan(0.1);
    expect(independent?.null).toBeGreaterThan(0);
  });

  test("is unknown where a representation does not vary", () => {
    const constant = Array.from({ length: 20 }, () => [0.1, 0.7, -0.3]);
    expect(alignment(flat(constant), flat(gaussianRows(20, 3, 5)))).toBeUndefined();
  });
});

test("mutual neighbours are those of the cosines, and of independent representations k/(n − 1)", () => {
  const [x, y] = [gaussianRows(40, 6, 6), gaussianRows(40, 9, 7)];
  const k = 10;
  const shares = x.map((_, index) => {
    const there = neighboursByDefinition(y, index, k);
    return neighboursByDefinition(x, index, k).filter((each) => there.includes(each)).length / k;
  });
  expect(mutualNeighbours(flat(x), flat(y), k)).toBeCloseTo(shares.reduce((sum, each) => sum + each, 0) / 40, 12);
  expect(mutualNeighbours(flat(x), flat(x), k)).toBe(1);
  const draws = 30;
  let mean = 0;
  for (let draw = 0; draw < draws; draw++) {
    mean += mutualNeighbours(flat(gaussianRows(40, 8, 50 + draw)), flat(gaussianRows(40, 8, 90 + draw)), k) / draws;
  }
  // 30 draws of 400 neighbours, of which a quarter are common: a standard error of less than 0.006.
  expect(Math.abs(mean - k / 39)).toBeLessThan(0.02);
});

describe.each(testedBackends)("on %s", (backend) => {
  test("agreement with the initialization compares with the same batch at the first weights, and leaves no tensor", async () => {
    const engine = await useBackend(backend);
    const [batch, inputs, hidden] = [24, 4, 6];
    const x = tf.tensor2d(seededValues(batch * inputs, 1), [batch, inputs]);
    const [first, second] = [
      seededVariable([inputs, hidden], 1, 2) as tf.Variable<tf.Rank.R2>,
      seededVariable([hidden, 2], 1, 3) as tf.Variable<tf.Rank.R2>,
    ];
    const target = tf.tensor2d(seededValues(batch * 2, 4), [batch, 2]);
    const inside = () => tf.tanh<tf.Tensor2D>(tf.matMul(x, first));
    const loss = () => tf.losses.meanSquaredError(target, tf.matMul(inside(), second)).asScalar();
    const hiddenRows = () => tf.tidy(() => inside().arraySync());
    const observable = initialAgreement(new InitialWeights(), new ProbeSet(oneBatch));
    const before = hiddenRows();
    const tensors = engine.state.numTensors;
    let measured: Measurement | undefined;
    for (let step = 0; step < 6; step++) {
      withTrace(engine, loss, [first, second], (trace, gradients) => {
        measured = observable.measure(tracedStep(engine, trace, step));
        if (step === 0) expect(measured).toBeUndefined();
        if (step < 5) descend([first, second], gradients, 3);
      });
    }
    expect(engine.state.numTensors).toBe(tensors);
    const now = hiddenRows();
    const expected = alignment(flat(now), flat(before))?.value ?? Number.NaN;
    // The replay runs the same kernels on the same numbers.
    expect(measured?.values[`agreement/cka@${first.name}`]).toBeCloseTo(expected, 12);
    expect(expected).toBeLessThan(0.999);
    expect(measured?.values[`agreement/neighbours@${first.name}`]).toBe(mutualNeighbours(flat(now), flat(before), 6));
    expect(measured?.values[`agreement/neighbours@${first.name}/null`]).toBeCloseTo(6 / 23, 12);
    tf.dispose([x, target]);
  });
});

test("agreement is refused where the first weights were not seen, and where a batch is too small", async () => {
  const engine = await useBackend("cpu");
  const w = seededVariable([3, 2], 1, 1) as tf.Variable<tf.Rank.R2>;
  const loss = () => tf.losses.meanSquaredError(tf.zeros([5, 2]), tf.matMul(tf.ones([5, 3]), w)).asScalar();
  withTrace(engine, loss, [w], (trace) => {
    expect(() =>
      initialAgreement(new InitialWeights(), new ProbeSet(oneBatch)).measure(tracedStep(engine, trace, 7)),
    ).toThrow(/step 0/);
    const observable = initialAgreement(new InitialWeights(), new ProbeSet(oneBatch));
    observable.measure(tracedStep(engine, trace, 0));
    const tensors = engine.state.numTensors;
    expect(() => observable.measure(tracedStep(engine, trace, 1))).toThrow(/fewer than 16/);
    expect(engine.state.numTensors).toBe(tensors);
  });
});

const [examples, width, classes] = [30, 7, 3];

function someFeatures(): ClassifiedFeatures & { readonly rows: number[][]; readonly classifier: number[][] } {
  const labels = Array.from({ length: examples }, (_, index) => index % classes);
  const centres = gaussianRows(classes, width, 1);
  const rows = gaussianRows(examples, width, 2).map((row, index) =>
    row.map((each, unit) => each + 2 * (centres[labels[index] ?? 0]?.[unit] ?? 0)),
  );
  const classifier = gaussianRows(width, classes, 3);
  const logits = rows.map((row) =>
    Array.from({ length: classes }, (_, label) =>
      inner(
        row,
        classifier.map((each) => each[label] ?? 0),
      ),
    ),
  );
  return { features: flat(rows), logits: flat(logits), weights: classifier.flat(), labels, rows, classifier };
}

/** By dense covariances of the features, in classes of equal size. */
function collapseByDefinition({ rows, classifier, labels, logits }: ReturnType<typeof someFeatures>) {
  const mean = (some: readonly (readonly number[])[]) =>
    Array.from({ length: width }, (_, unit) => some.reduce((sum, row) => sum + (row[unit] ?? 0), 0) / some.length);
  const centre = mean(rows);
  const means = Array.from({ length: classes }, (_, label) =>
    mean(rows.filter((__, index) => labels[index] === label)),
  );
  const outer = (vectors: readonly (readonly number[])[]) =>
    vectors.reduce(
      (sum, vector) =>
        sum.add(
          Matrix.columnVector([...vector])
            .mmul(Matrix.rowVector([...vector]))
            .div(vectors.length),
        ),
      Matrix.zeros(width, width),
    );
  const minus = (a: readonly number[], b: readonly number[] = []) => a.map((each, index) => each - (b[index] ?? 0));
  const within = outer(rows.map((row, index) => minus(row, means[labels[index] ?? 0])));
  const centred = means.map((each) => minus(each, centre));
  const m = new Matrix(centred);
  const simplex = Matrix.eye(classes)
    .sub(1 / classes)
    .div(Math.sqrt(classes - 1));
  const distance = (matrix: Matrix) => Matrix.sub(Matrix.div(matrix, matrix.norm()), simplex).norm();
  const norms = centred.map((each) => Math.hypot(...each));
  const average = norms.reduce((sum, each) => sum + each, 0) / classes;
  const largest = (list: readonly number[]) => list.indexOf(Math.max(...list));
  const differing = rows.filter((row, index) => {
    const own = Array.from({ length: classes }, (_, label) => logits.values[index * classes + label] ?? 0);
    return largest(own) !== largest(means.map((each) => -Math.hypot(...minus(row, each))));
  });
  return {
    nc1: within.mmul(pseudoInverse(outer(centred), 1e-9)).trace() / classes,
    nc2: distance(m.mmul(m.transpose())),
    equinorm: Math.sqrt(norms.reduce((sum, each) => sum + (each - average) ** 2, 0) / classes) / average,
    nc3: distance(new Matrix(classifier).transpose().mmul(m.transpose())),
    nc4: differing.length / examples,
  };
}

describe("neural collapse", () => {
  test("is that of dense covariances and their pseudoinverse", () => {
    const given = someFeatures();
    const [measured, expected] = [collapse(given), collapseByDefinition(given)];
    // The pseudoinverse of a matrix with singular values between 1 and 10, in float64.
    for (const name of ["nc1", "nc2", "equinorm", "nc3", "nc4"] as const) {
      expect(measured[name]).toBeCloseTo(expected[name], 9);
    }
    expect(measured.nc4).toBeGreaterThan(0);
  });

  test("is complete where features sit at the corners of a simplex, and far from complete under its null", () => {
    const corner = (label: number) => Array.from({ length: classes }, (_, unit) => (unit === label ? 1 : 0));
    const labels = Array.from({ length: 12 }, (_, index) => index % classes);
    const rows = labels.map(corner);
    const given = { features: flat(rows), logits: flat(rows), weights: rows.slice(0, classes).flat(), labels };
    const measured = collapse(given);
    // Sums of a few ones in float64.
    for (const name of ["nc1", "nc2", "equinorm", "nc3", "nc4"] as const) expect(measured[name]).toBeCloseTo(0, 12);
    const expected = collapseNull(given);
    expect(Math.min(expected.nc1, expected.nc2, expected.equinorm, expected.nc3, expected.nc4)).toBeGreaterThan(0.1);
  });

  test("has a null for NC2 that falls with the dimension, in which random means are nearly a simplex", () => {
    const at = (columns: number) =>
      collapseNull({
        features: flat(gaussianRows(12, columns, 1)),
        logits: flat(gaussianRows(12, 4, 2)),
        weights: gaussianRows(columns, 4, 3).flat(),
        labels: Array.from({ length: 12 }, (_, index) => index % 4),
      }).nc2;
    expect(at(1000)).toBeLessThan(0.1);
    expect(at(1000)).toBeLessThan(at(10) / 4);
  });
});

describe("labels are found", () => {
  const labels = Array.from({ length: examples }, (_, index) => (index * 2) % classes);
  const x = () => tf.tensor2d(someFeatures().rows);
  /** What is learned has gone through a weight, if only by 1: inputs are no features. */
  const gainOf = () => tf.variable(tf.scalar(1));
  const expectedOf = (weights: readonly number[], logits: readonly number[]) =>
    collapse({
      features: flat(tf.tidy(() => x().arraySync())),
      logits: { values: logits, rows: examples, columns: classes },
      weights,
      labels,
    });
  const check = (measured: Measurement | undefined, weights: readonly number[], logits: readonly number[]) => {
    const expected = expectedOf(weights, logits);
    for (const name of ["nc1", "nc2", "equinorm", "nc3", "nc4"] as const) {
      // The same float32 numbers, in the same order.
      expect(measured?.values[`collapse/${name}`]).toBeCloseTo(expected[name], 9);
      expect(measured?.values[`collapse/${name}/null`]).toBeGreaterThan(0);
    }
  };

  test.each([0, 0.1])(
    "as what a softmax cross-entropy of the script's own is taken against, smoothed by %d",
    async (smoothing) => {
      const engine = await useBackend("cpu");
      const w = seededVariable([width, classes], 1, 5) as tf.Variable<tf.Rank.R2>;
      const b = seededVariable([classes], 1, 6);
      const gain = gainOf();
      const inputs = x();
      const logits = () => tf.matMul(inputs.mul<tf.Tensor2D>(gain), w).add<tf.Tensor2D>(b);
      const loss = () =>
        tf.losses
          .softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, "int32"), classes), logits(), undefined, smoothing)
          .asScalar();
      const expected = Array.from(tf.tidy(() => logits().dataSync()));
      withTrace(engine, loss, [gain, w, b], (trace) => {
        check(
          neuralCollapse(new ProbeSet(oneBatch)).measure(tracedStep(engine, trace)),
          Array.from(w.dataSync()),
          expected,
        );
      });
      inputs.dispose();
    },
  );

  test.each(["categoricalCrossentropy", "sparseCategoricalCrossentropy"])(
    "as the targets of a model compiled with %s",
    async (kind) => {
      const engine = await useBackend("cpu");
      const model = tf.sequential({
        layers: [
          tf.layers.dense({ units: width, inputShape: [width], useBias: false, kernelInitializer: "identity" }),
          tf.layers.dense({ units: classes, activation: "softmax" }),
        ],
      });
      model.compile({ optimizer: tf.train.sgd(0.01), loss: kind });
      const inputs = x();
      const y = kind.startsWith("sparse")
        ? tf.tensor2d(labels, [examples, 1])
        : tf.tidy(() => tf.oneHot(tf.tensor1d(labels, "int32"), classes));
      const [, w, b] = model.getWeights() as [tf.Tensor2D, tf.Tensor2D, tf.Tensor];
      const weights = Array.from(w.dataSync());
      const logits = Array.from(tf.tidy(() => tf.matMul(inputs, w).add(b).dataSync()));
      await withFitTrace(engine, model, inputs, y, (trace) => {
        check(neuralCollapse(new ProbeSet(oneBatch)).measure(tracedStep(engine, trace)), weights, logits);
      });
      tf.dispose([inputs, y]);
      model.dispose();
    },
  );

  test("and a batch that lacks examples of a class is refused", async () => {
    const engine = await useBackend("cpu");
    const w = seededVariable([width, classes], 1, 5) as tf.Variable<tf.Rank.R2>;
    const gain = gainOf();
    const loss = () =>
      tf.losses
        .softmaxCrossEntropy(
          tf.oneHot(tf.tensor1d([0, 0, 1, 1, 2], "int32"), classes),
          tf.matMul(tf.ones([5, width]).mul<tf.Tensor2D>(gain), w),
        )
        .asScalar();
    withTrace(engine, loss, [gain, w], (trace) => {
      expect(() => neuralCollapse(new ProbeSet(oneBatch)).measure(tracedStep(engine, trace))).toThrow(/fewer than two/);
    });
  });
});
