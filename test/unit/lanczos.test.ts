import fc from "fast-check";
import { expect, test } from "vitest";
import { AsymmetricProductError } from "../../src/probe/tfjs/trace/asymmetricProductError.ts";
import { NonFiniteProductError } from "../../src/probe/tfjs/trace/krylovSpace.ts";
import { largestEigenvalue } from "../../src/probe/tfjs/trace/lanczos.ts";
import { measureSharpness } from "../../src/probe/tfjs/trace/sharpness.ts";

/** v − 2u(uᵀv) for a unit u: an orthogonal change of basis with a known inverse, itself. */
function reflect(u: Float64Array, v: ArrayLike<number>): Float64Array {
  const overlap = u.reduce((sum, element, index) => sum + element * (v[index] ?? 0), 0);
  return u.map((element, index) => (v[index] ?? 0) - 2 * overlap * element);
}

function mirror(dimension: number, seed: number): Float64Array {
  const raw = Float64Array.from({ length: dimension }, (_, index) => Math.sin(seed + 1 + index * 2.3) + 0.01);
  const length = Math.hypot(...raw);
  return raw.map((element) => element / length);
}

/** A symmetric operator with the spectrum given, and its eigenvectors. */
function withSpectrum(spectrum: readonly number[], seed = 3) {
  const u = mirror(spectrum.length, seed);
  return {
    dimension: spectrum.length,
    product: (v: ArrayLike<number>) =>
      reflect(
        u,
        reflect(u, v).map((element, index) => element * (spectrum[index] ?? 0)),
      ),
    eigenvector: (place: number) =>
      reflect(
        u,
        spectrum.map((_, index) => (index === place ? 1 : 0)),
      ),
  };
}

test("of any spectrum, the largest algebraic eigenvalue is found once every dimension has been looked into", () => {
  const spectra = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 24 });
  fc.assert(
    fc.property(spectra, fc.integer(), (spectrum, seed) => {
      const operator = withSpectrum(spectrum);
      const result = largestEigenvalue({ ...operator, seed, tolerance: 0 });
      const scale = Math.max(1, ...spectrum.map(Math.abs));
      // All is in float64: 24 dimensions lose a few hundred roundings of 1e-16.
      expect(Math.abs(result.value - Math.max(...spectrum)) / scale).toBeLessThan(1e-11);
    }),
    { seed: 5 },
  );
});

test("the largest algebraic eigenvalue is found where a negative one is larger in size", () => {
  const operator = withSpectrum([-50, -3, ...Array.from({ length: 200 }, (_, index) => index / 100), 4]);
  const { value, converged } = largestEigenvalue({ ...operator, seed: 1, tolerance: 1e-6 });
  expect(converged).toBe(true);
  // The tolerance asked.
  expect(value / 4).toBeCloseTo(1, 6);
});

test("a cluster at the top, as at the edge of stability, is resolved to the tolerance", () => {
  const cluster = [20, 19.9, 19.8, 19.6, 19.5, 19.1, 18.7];
  const operator = withSpectrum([...cluster, ...Array.from({ length: 400 }, (_, index) => 3 * Math.exp(-index / 40))]);
  for (let seed = 0; seed < 20; seed++) {
    const { value } = largestEigenvalue({ ...operator, seed, tolerance: 1e-3 });
    expect(Math.abs(value / 20 - 1)).toBeLessThan(1e-3);
  }
});

test("the residual bounds the distance to the nearest eigenvalue", () => {
  const spectrum = Array.from({ length: 60 }, (_, index) => 10 * Math.exp(-index / 6));
  const operator = withSpectrum(spectrum);
  for (let seed = 0; seed < 10; seed++) {
    const { value, residual } = largestEigenvalue({ ...operator, seed, tolerance: 1e-2, mostProducts: 5 });
    const nearest = Math.min(...spectrum.map((eigenvalue) => Math.abs(eigenvalue - value)));
    // 1e-12 for rounding in float64.
    expect(nearest).toBeLessThanOrEqual(residual + 1e-12);
  }
});

test("a warm start at an eigenvector that is no longer the largest does not hide the new one", () => {
  const spectrum = [12, 11, ...Array.from({ length: 300 }, (_, index) => 2 * Math.exp(-index / 30))];
  const operator = withSpectrum(spectrum);
  for (let seed = 0; seed < 20; seed++) {
    const { value } = largestEigenvalue({ ...operator, seed, tolerance: 1e-3, starts: [operator.eigenvector(1)] });
    expect(Math.abs(value / 12 - 1)).toBeLessThan(1e-3);
  }
});

test("an exact eigenvector as the start breaks down and goes on", () => {
  const operator = withSpectrum([5, 9, 1, 2, 3, 4]);
  const starts = [operator.eigenvector(0)];
  const { value } = largestEigenvalue({ ...operator, seed: 2, tolerance: 1e-9, starts });
  expect(value).toBeCloseTo(9, 9);
});

test("a Hessian of rank one is measured again and again, each time from the results of the time before", () => {
  const dimension = 10;
  // In float32, as products along a record are: what is left of them is rounding.
  const product = (v: ArrayLike<number>) =>
    Float32Array.from({ length: dimension }, (_, index) =>
      index === dimension - 1 ? 2 * Math.fround(v[index] ?? 0) : 0,
    );
  let starts: readonly ArrayLike<number>[] = [];
  for (let measurement = 0; measurement < 5; measurement++) {
    const found = largestEigenvalue({ dimension, product, tolerance: 1e-3, seed: 1, starts });
    // Rounding of float32 starts.
    expect(found.value).toBeCloseTo(2, 6);
    starts = found.nextStarts.map((vector) => Float32Array.from(vector));
  }
});

test("an operator that is not symmetric is told from one that is, whatever its size", () => {
  for (const scale of [1e-30, 1, 1e30]) {
    const { dimension, product } = withSpectrum([3, 2, 1, 0.5, 0.1, 0.1, 0]);
    const twisted = (v: ArrayLike<number>) =>
      product(v).map(
        (element, index) => scale * (element + (index === 0 ? (v[1] ?? 0) : index === 1 ? -(v[0] ?? 0) : 0)),
      );
    expect(() => largestEigenvalue({ dimension, product: twisted, tolerance: 1e-3, seed: 1 })).toThrow(
      AsymmetricProductError,
    );
    const straight = (v: ArrayLike<number>) => product(v).map((element) => scale * element);
    expect(largestEigenvalue({ dimension, product: straight, tolerance: 1e-3, seed: 1 }).value / scale).toBeCloseTo(
      3,
      3,
    );
  }
});

test("a warm start spares products", () => {
  const spectrum = Array.from({ length: 500 }, (_, index) => 10 / (1 + index / 4));
  const operator = withSpectrum(spectrum);
  const cold = largestEigenvalue({ ...operator, seed: 3, tolerance: 1e-3 });
  const warm = largestEigenvalue({ ...operator, seed: 4, tolerance: 1e-3, starts: cold.nextStarts });
  expect(warm.products).toBeLessThan(cold.products);
});

test("where the two largest eigenvalues change places from step to step, two starts find the new largest at once", () => {
  const tail = Array.from({ length: 300 }, (_, index) => 6 * Math.exp(-index / 30));
  const [even, odd] = [
    [8, 7.9, ...tail],
    [7.9, 8, ...tail],
  ].map((spectrum) => withSpectrum(spectrum));
  if (even === undefined || odd === undefined) throw new Error("two operators");
  const before = largestEigenvalue({ ...even, seed: 1, tolerance: 1e-3 });
  const { value, products } = largestEigenvalue({ ...odd, seed: 2, tolerance: 1e-3, starts: before.nextStarts });
  expect(products).toBeLessThanOrEqual(5);
  // The tolerance asked.
  expect(Math.abs(value / 8 - 1)).toBeLessThan(1e-3);
});

test("starts that are alike, zero or not finite are as good as the usable ones among them", () => {
  const operator = withSpectrum(Array.from({ length: 40 }, (_, index) => index));
  const top = operator.eigenvector(39);
  const starts = [new Float64Array(40), top.map((element) => 3 * element), top, top.map(() => Number.NaN)];
  const { value, converged } = largestEigenvalue({ ...operator, seed: 5, tolerance: 1e-6, starts });
  expect(converged).toBe(true);
  // The tolerance asked.
  expect(value / 39).toBeCloseTo(1, 6);
  expect(() => largestEigenvalue({ ...operator, seed: 5, tolerance: 1e-6, starts: [[1, 2]] })).toThrow(/2 elements/);
});

test("an operator of zeros has the eigenvalue 0, and one of a single dimension its only element", () => {
  expect(largestEigenvalue({ ...withSpectrum([0, 0, 0, 0, 0, 0]), seed: 1, tolerance: 1e-3 }).value).toBe(0);
  expect(
    largestEigenvalue({ dimension: 1, product: (v) => [-7 * (v[0] ?? 0)], seed: 1, tolerance: 1e-3 }).value,
  ).toBeCloseTo(-7, 12);
});

test("equal seeds give equal results", () => {
  const operator = withSpectrum(Array.from({ length: 50 }, (_, index) => index));
  const run = () => largestEigenvalue({ ...operator, seed: 8, tolerance: 1e-4 });
  expect(run()).toEqual(run());
});

test("products that are not finite give an error, never a number", () => {
  const run = (element: number) => () =>
    largestEigenvalue({ dimension: 3, product: () => [0, element, 0], seed: 1, tolerance: 1e-3 });
  expect(run(Number.NaN)).toThrow(NonFiniteProductError);
  expect(run(Number.POSITIVE_INFINITY)).toThrow(NonFiniteProductError);
});

test("running out of products is reported as not converged", () => {
  const operator = withSpectrum(Array.from({ length: 500 }, (_, index) => index));
  expect(largestEigenvalue({ ...operator, seed: 1, tolerance: 1e-9, mostProducts: 6 })).toMatchObject({
    products: 6,
    converged: false,
  });
});

test("preconditioned sharpness of a diagonal Hessian is its largest quotient by the preconditioner", () => {
  const [hessian, preconditioner] = [
    [4, 9, -100, 2],
    [2, 30, 1, 0.25],
  ];
  const source = {
    parameterCount: 4,
    hessianVector: (v: ArrayLike<number>) => Float32Array.from(hessian, (element, index) => element * (v[index] ?? 0)),
  };
  const { value, error } = measureSharpness(source, { tolerance: 1e-5, preconditioner });
  expect(Math.abs(value - 8)).toBeLessThanOrEqual(error);
  // Single-precision products of numbers up to 100.
  expect(value).toBeCloseTo(8, 4);
  expect(() => measureSharpness(source, { tolerance: 1e-5, preconditioner: [1, 0, 1, 1] })).toThrow(RangeError);
  expect(() => measureSharpness(source, { tolerance: 1e-5, preconditioner: [1] })).toThrow(/1 elements/);
});
