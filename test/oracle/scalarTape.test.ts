/** The reference of the other oracle tests, held to central differences and to matrices with known spectra. */
import { expect, test } from "vitest";
import { at, ScalarTape } from "./reference/scalarTape.ts";
import { allEigenvaluesBelow, largestEigenvalueByBisection } from "./reference/spectrum.ts";

function composite(weights: readonly number[]) {
  const tape = new ScalarTape();
  const [a, b, c, d] = weights.map((weight) => tape.weight(weight)) as [number, number, number, number];
  const product = tape.multiply(tape.unary("tanh", tape.multiply(a, b)), tape.unary("exp", tape.scale(c, 0.3)));
  const root = tape.unary("sqrt", tape.add(tape.multiply(d, d), tape.constant(1)));
  const quotient = tape.multiply(tape.unary("relu", tape.subtract(c, a)), tape.unary("reciprocal", root));
  const bell = tape.unary("erf", tape.subtract(d, tape.scale(c, 1.5)));
  const logarithm = tape.unary("log", tape.add(root, tape.multiply(b, b)));
  const loss = tape.sum([product, quotient, bell, logarithm]);
  return { tape, loss };
}

const point = [0.4, -0.7, 1.1, 0.6];

function shifted(index: number, step: number): number[] {
  return point.map((weight, place) => (place === index ? weight + step : weight));
}

test("gradients on the tape equal central differences of its values", () => {
  const { tape, loss } = composite(point);
  const step = 1e-5;
  const gradient = tape.gradient(loss);
  for (const index of point.keys()) {
    const [up, down] = [composite(shifted(index, step)), composite(shifted(index, -step))];
    const difference = (up.tape.value(up.loss) - down.tape.value(down.loss)) / (2 * step);
    // Truncation is of order step² = 1e-10, cancellation 1e-16/step = 1e-11.
    expect(at(gradient, index)).toBeCloseTo(difference, 8);
  }
});

test("Hessians on the tape equal central differences of its gradients", () => {
  const { tape, loss } = composite(point);
  const step = 1e-5;
  const hessian = tape.hessian(loss);
  for (const row of point.keys()) {
    const [up, down] = [composite(shifted(row, step)), composite(shifted(row, -step))];
    const [upper, lower] = [up.tape.gradient(up.loss), down.tape.gradient(down.loss)];
    for (const column of point.keys()) {
      const difference = (at(upper, column) - at(lower, column)) / (2 * step);
      // As above.
      expect(at(at(hessian, row), column)).toBeCloseTo(difference, 8);
    }
  }
});

test("the product of a Hessian with a direction is that of its rows", () => {
  const { tape, loss } = composite(point);
  const direction = [1, -2, 0.5, 3];
  const expected = tape
    .hessian(loss)
    .map((row) => row.reduce((sum, each, index) => sum + each * at(direction, index), 0));
  // The same sums in another order.
  tape.hessianVector(loss, direction).forEach((each, index) => {
    expect(each).toBeCloseTo(at(expected, index), 12);
  });
});

test("derivatives by any node are those of the chain rule", () => {
  const tape = new ScalarTape();
  const inside = tape.multiply(tape.weight(0.3), tape.constant(2));
  const outside = tape.unary("tanh", inside);
  // Of one product, in float64.
  expect(tape.derivatives(tape.scale(outside, 3), [inside, outside])).toEqual([3 * (1 - Math.tanh(0.6) ** 2), 3]);
});

test("the error function has its tabulated values", () => {
  const tape = new ScalarTape();
  // Abramowitz and Stegun, table 7.1, ten digits.
  expect(tape.value(tape.unary("erf", tape.constant(0.5)))).toBeCloseTo(0.5204998778, 10);
  expect(tape.value(tape.unary("erf", tape.constant(-2)))).toBeCloseTo(-0.995322265, 9);
  expect(tape.value(tape.unary("erf", tape.constant(0)))).toBe(0);
});

test("bisection finds the largest eigenvalue of the second-difference matrix, 2 + 2 cos(π/(n+1))", () => {
  const order = 30;
  const matrix = Array.from({ length: order }, (_, row) =>
    Float64Array.from({ length: order }, (_unused, column) =>
      row === column ? 2 : Math.abs(row - column) === 1 ? -1 : 0,
    ),
  );
  const expected = 2 + 2 * Math.cos(Math.PI / (order + 1));
  expect(allEigenvaluesBelow(matrix, expected * (1 + 1e-9))).toBe(true);
  expect(allEigenvaluesBelow(matrix, expected * (1 - 1e-9))).toBe(false);
  // Bisected to 1e-10 relative, of a number near 4.
  expect(largestEigenvalueByBisection(matrix, 1, 1e-10)).toBeCloseTo(expected, 8);
});
