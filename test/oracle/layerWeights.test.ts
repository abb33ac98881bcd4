/** Norms, spectra and updates of layers' weights, against decompositions by ml-matrix and closed forms. */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { gradientAlongWeights } from "../../src/probe/tfjs/observables/gradientAlongWeights.ts";
import { gradientNorm } from "../../src/probe/tfjs/observables/gradientNorm.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import { layerUpdates } from "../../src/probe/tfjs/observables/layerUpdates.ts";
import { bulkMedian } from "../../src/probe/tfjs/observables/randomMatrix.ts";
import { spectralNorms } from "../../src/probe/tfjs/observables/spectralNorms.ts";
import { updateRanks } from "../../src/probe/tfjs/observables/updateRanks.ts";
import { weightSpectra } from "../../src/probe/tfjs/observables/weightSpectra.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { weightsStep } from "./support/observedStep.ts";
import { gaussians } from "./tinyNetwork.ts";

function gaussianMatrix(rows: number, columns: number, seed: number, scale = 1): Float32Array {
  const next = gaussians(seed);
  return Float32Array.from({ length: rows * columns }, () => scale * next());
}

function singularValues(values: Float32Array, rows: number, columns: number): number[] {
  const matrix = new Matrix(
    Array.from({ length: rows }, (_, row) => Array.from(values.slice(row * columns, (row + 1) * columns))),
  );
  return new SingularValueDecomposition(rows < columns ? matrix.transpose() : matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  }).diagonal;
}

describe("updates", () => {
  test("are relative to the weights, and turn them by the angle of the closed form", () => {
    const turn = 2 ** -20;
    const { values } =
      layerUpdates.measure(
        weightsStep({
          "dense/kernel": { shape: [2, 1], before: [3, 4], after: [3, 5] },
          tiny: { shape: [1, 2], before: [1, 0], after: [1, turn] },
          opposite: { shape: [1, 2], before: [1, 0], after: [-2, 0] },
          bias: { shape: [2], before: [1, 1] },
        }),
      ) ?? {};
    // Small integers and powers of two: nothing is rounded before the last operations.
    expect(values?.["weight/norm@dense"]).toBe(5);
    expect(values?.["update/relative@dense"]).toBeCloseTo(0.2, 15);
    expect(values?.["update/angle@dense"]).toBeCloseTo(Math.atan2(5, 3) - Math.atan2(4, 3), 14);
    expect(values?.["update/angle@tiny"]).toBeCloseTo(Math.atan(turn), 20);
    expect(values?.["update/angle@opposite"]).toBeCloseTo(Math.PI, 14);
    expect(Object.keys(values ?? {}).some((name) => name.endsWith("@bias"))).toBe(false);
  });

  test("of weights that are not finite are left out, and named", () => {
    const measured = layerUpdates.measure(
      weightsStep({ good: { shape: [1, 1], before: [2] }, bad: { shape: [1, 1], before: [NaN] } }),
    );
    expect(Object.keys(measured?.values ?? {})).toEqual([
      "weight/norm@good",
      "update/relative@good",
      "update/angle@good",
    ]);
    expect(measured?.omitted?.map(({ message }) => message)).toEqual([expect.stringContaining("bad")]);
  });
});

describe("spectral norm and stable rank", () => {
  test.each([
    [40, 25],
    [12, 60],
    [7, 1],
    [3, 3],
  ])("of a %d×%d matrix are those of its singular values", (rows, columns) => {
    const weights = gaussianMatrix(rows, columns, 5);
    const { values } = spectralNorms().measure(weightsStep({ w: { shape: [rows, columns], before: weights } })) ?? {};
    const expected = singularValues(weights, rows, columns);
    const top = Math.max(...expected);
    // The squared norm is asked for to 1e-6.
    expect(values?.["weight/spectralNorm@w"]).toBeCloseTo(top, 5);
    const squares = expected.reduce((sum, each) => sum + each ** 2, 0);
    expect((values?.["weight/stableRank@w"] ?? 0) / (squares / top ** 2)).toBeCloseTo(1, 5);
  });

  test("of a convolution's kernel are those of the matrix from offsets and channels to filters", () => {
    const weights = gaussianMatrix(3 * 3 * 2, 5, 6);
    const { values } = spectralNorms().measure(weightsStep({ w: { shape: [3, 3, 2, 5], before: weights } })) ?? {};
    expect(values?.["weight/spectralNorm@w"]).toBeCloseTo(Math.max(...singularValues(weights, 18, 5)), 5);
  });

  test("from a warm start follow weights whose leading directions change places", () => {
    const observable = spectralNorms();
    const diagonal = (a: number, b: number) => weightsStep({ w: { shape: [2, 2], before: [a, 0, 0, b] } });
    expect(observable.measure(diagonal(3, 1))?.values["weight/spectralNorm@w"]).toBeCloseTo(3, 6);
    expect(observable.measure(diagonal(3, 4))?.values["weight/spectralNorm@w"]).toBeCloseTo(4, 6);
  });

  test.each([
    [5, 40],
    [30, 30],
    [100, 40],
  ])("of %d×%d random weights agree on the mean with the null", (rows, columns) => {
    const draws = 60;
    let squares = 0;
    let expected = 0;
    for (let seed = 0; seed < draws; seed++) {
      const weights = gaussianMatrix(rows, columns, 100 + seed);
      const { values } = spectralNorms().measure(weightsStep({ w: { shape: [rows, columns], before: weights } })) ?? {};
      squares += (values?.["weight/spectralNorm@w"] ?? 0) ** 2 / draws;
      expected = values?.["weight/stableRank@w/null"] ?? 0;
    }
    // Of 60 draws the mean of the largest eigenvalue is uncertain by 2 % at most; the formula adds as much for five columns.
    expect((rows * columns) / squares / expected).toBeGreaterThan(0.95);
    expect((rows * columns) / squares / expected).toBeLessThan(1.05);
  });
});

describe("the change since initialization", () => {
  const [rows, columns] = [12, 9];
  const initial = gaussianMatrix(rows, columns, 11);
  const traceOf = (weights: Float32Array) =>
    ({
      variables: [
        { name: "bias", size: 2 },
        { name: "w", size: weights.length },
      ],
      parameterCount: 2 + weights.length,
      bytesHeld: 0,
      weights: () => Float32Array.from([7, 7, ...weights]),
    }) as unknown as Trace;
  const at = (step: number, weights: Float32Array) => ({
    ...weightsStep({ w: { shape: [rows, columns], before: weights } }),
    step,
    trace: traceOf(weights),
  });

  test("has no rank before the first step, and then that of its singular values beside that of random matrices", () => {
    const observable = updateRanks(new InitialWeights());
    expect(observable.measure(at(0, initial))?.values).toEqual({});
    const change = gaussianMatrix(rows, columns, 12, 0.1);
    const moved = initial.map((weight, index) => weight + (change[index] ?? 0));
    const exact = singularValues(
      moved.map((weight, index) => weight - (initial[index] ?? 0)),
      rows,
      columns,
    );
    const squares = exact.reduce((sum, each) => sum + each ** 2, 0);
    const { values } = observable.measure(at(5, moved)) ?? {};
    // The squared norm is asked for to 1e-6.
    expect(values?.["update/stableRank@w"]).toBeCloseTo(squares / Math.max(...exact) ** 2, 5);
    const ofWeights = spectralNorms().measure(at(5, moved))?.values ?? {};
    expect(values?.["update/stableRank@w/null"]).toBe(ofWeights["weight/stableRank@w/null"]);
    expect(values?.["update/stableRank@w/null"]).toBeGreaterThan(0);
  });

  test("along one direction has rank one", () => {
    const observable = updateRanks(new InitialWeights());
    observable.measure(at(0, initial));
    const moved = initial.map((weight, index) => weight + Math.floor(index / columns) * (index % columns));
    // Float32 weights move to within 1e-6 of what is added.
    expect(observable.measure(at(1, moved))?.values["update/stableRank@w"]).toBeCloseTo(1, 6);
  });

  test("is refused where the weights of step 0 were not seen", () => {
    expect(() => updateRanks(new InitialWeights()).measure(at(3, initial))).toThrow(/step 0 were not recorded/);
  });
});

describe("gradients", () => {
  const gradients: Readonly<Record<string, number[]>> = { "dense/kernel": [3, 4], bias: [12] };
  const step = {
    ...weightsStep({ "dense/kernel": { shape: [2, 1], before: [2, -1] }, bias: { shape: [1], before: [0.5] } }),
    gradient: (name: string) => Float32Array.from(gradients[name] ?? []),
  };

  test("have their norm over all variables, and over each layer's weights", () => {
    expect(gradientNorm.measure(step)?.values).toEqual({ "gradient/norm": 13, "gradient/norm@dense": 5 });
  });

  test("are multiplied with the weights before the step, biases too", () => {
    expect(gradientAlongWeights.measure(step)?.values).toEqual({ "gradient/alongWeights": 8 });
    expect(gradientAlongWeights.measure({ ...step, weightsBefore: () => undefined })).toBeUndefined();
  });
});

describe("spectrum", () => {
  const measure = (weights: Float32Array, rows: number, columns: number) =>
    weightSpectra().measure(weightsStep({ w: { shape: [rows, columns], before: weights } }));

  test("is that of the singular values, in both orientations", () => {
    for (const [rows, columns] of [
      [30, 20],
      [20, 45],
    ] as const) {
      const weights = gaussianMatrix(rows, columns, 7);
      const expected = singularValues(weights, rows, columns)
        .toSorted((a, b) => b - a)
        .map((each) => each ** 2 / Math.max(rows, columns));
      const spectrum = measure(weights, rows, columns)?.vectors?.["weight/spectrum@w"] ?? [];
      expect(spectrum).toHaveLength(Math.min(rows, columns));
      // Squaring in float64 loses 1e-16 of the largest eigenvalue, which is about 4.
      spectrum.forEach((each, index) => {
        expect(each).toBeCloseTo(expected[index] ?? NaN, 12);
      });
    }
  });

  test("of random weights has the Marchenko–Pastur edges to 3 %, and no spikes", () => {
    const measured = measure(gaussianMatrix(800, 200, 8, 0.05), 800, 200);
    const variance = 0.05 ** 2;
    expect(Math.abs((measured?.values["weight/bulkLower@w"] ?? 0) / (variance * 0.25) - 1)).toBeLessThan(0.03);
    expect(Math.abs((measured?.values["weight/bulkUpper@w"] ?? 0) / (variance * 2.25) - 1)).toBeLessThan(0.03);
    expect(measured?.values["weight/spikes@w"]).toBe(0);
    expect(measured?.values["weight/spikes@w/null"]).toBe(0);
  });

  test("shows each direction planted well above the threshold of Baik, Ben Arous and Péché as a spike, and none below it", () => {
    const [rows, columns] = [300, 100];
    const weights = gaussianMatrix(rows, columns, 9);
    // As strengths of singular values over √n; the threshold is q^(1/4) = 0.76.
    [3, 2, 0.3].forEach((strength, index) => {
      const [left, right] = [gaussianMatrix(rows, 1, 20 + index), gaussianMatrix(columns, 1, 30 + index)];
      const scale = (strength * Math.sqrt(rows)) / (Math.hypot(...left) * Math.hypot(...right));
      weights.forEach((value, at) => {
        weights[at] = value + scale * (left[Math.floor(at / columns)] ?? 0) * (right[at % columns] ?? 0);
      });
    });
    expect(measure(weights, rows, columns)?.values["weight/spikes@w"]).toBe(2);
  });

  test("shows no edges of few eigenvalues, and says so where there are too many", () => {
    expect(measure(gaussianMatrix(50, 20, 1), 50, 20)?.values).toEqual({});
    const large = measure(new Float32Array(600 * 600).fill(1), 600, 600);
    expect(large?.vectors).toEqual({});
    expect(large?.omitted?.map(({ code }) => code)).toEqual(["spectrum-too-large"]);
  });

  test.each([0.1, 0.25, 0.5, 0.75, 1])("of a bulk with q = %d has the median that Gavish and Donoho give", (q) => {
    const optimal = Math.sqrt(2 * (q + 1) + (8 * q) / (q + 1 + Math.sqrt(q ** 2 + 14 * q + 1)));
    const coefficient = optimal / Math.sqrt(bulkMedian(q));
    // Their cubic for ω(β) is off by at most 0.02 (2014, eq. 5).
    expect(Math.abs(coefficient - (0.56 * q ** 3 - 0.95 * q ** 2 + 1.82 * q + 1.43))).toBeLessThan(0.02);
  });
});
