/** Sharpness and Hessian-vector products in float32, against a dense float64 Hessian that shares no code with the probe. */
import type * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { measureSharpness } from "../../src/probe/tfjs/trace/sharpness.ts";
import { at } from "./reference/scalarTape.ts";
import { allEigenvaluesBelow, largestEigenvalueByBisection } from "./reference/spectrum.ts";
import { testedBackendsAnd, useBackend } from "./support/backends.ts";
import { descend, makeCnn, makeMlp, makeTransformer, seededValues, withTrace, type Model } from "./support/models.ts";
import { webgpuIfAny } from "./support/webgpu.ts";
import { cnnReference, mlpReference, transformerReference, type Reference } from "./support/references.ts";

function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const differences = Array.from(expected).map((value, index) => value - at(actual, index));
  return Math.hypot(...differences) / Math.hypot(...Array.from(expected));
}

function dispose(variables: readonly tf.Variable[]): void {
  for (const variable of variables) variable.dispose();
}

test("sharpness of a tanh network of 663 parameters is within 1e-4 of the dense one at 20 points of training", async () => {
  const engine = await useBackend("cpu");
  const { variables, loss, inputs, targets } = makeMlp();
  const errors: number[] = [];
  let starts: readonly Float32Array[] = [];
  for (let point = 0; point < 20; point++) {
    for (let step = 0; step < 9; step++) {
      withTrace(engine, loss, variables, (_trace, gradients) => {
        descend(variables, gradients, 0.3);
      });
    }
    withTrace(engine, loss, variables, (trace, gradients) => {
      const measured = measureSharpness(trace, { tolerance: 1e-5, starts });
      starts = measured.nextStarts;
      const reference = mlpReference(trace.weights(), inputs, targets);
      const hessian = reference.tape.hessian(reference.loss);
      expect(allEigenvaluesBelow(hessian, measured.value * (1 + 1e-4))).toBe(true);
      expect(allEigenvaluesBelow(hessian, measured.value * (1 - 1e-4))).toBe(false);
      if (point % 10 === 0) {
        const exact = largestEigenvalueByBisection(hessian, measured.value, 1e-7);
        errors.push(Math.abs(measured.value / exact - 1));
      }
      descend(variables, gradients, 0.3);
    });
  }
  // Float32 products are good to 1e-6 of the largest eigenvalue, and Lanczos was asked for 1e-5.
  expect(Math.max(...errors)).toBeLessThan(1e-5);
  dispose(variables);
});

interface Case {
  readonly name: string;
  readonly make: () => Model & { reference: (weights: Float32Array) => Reference };
}

const cases: Case[] = [
  {
    name: "tanh network",
    make: () => {
      const model = makeMlp();
      return { ...model, reference: (weights) => mlpReference(weights, model.inputs, model.targets) };
    },
  },
  {
    name: "convolutional network",
    make: () => {
      const model = makeCnn();
      return { ...model, reference: (weights) => cnnReference(weights, model.inputs, model.labels) };
    },
  },
  {
    name: "transformer",
    make: () => {
      const model = makeTransformer();
      return { ...model, reference: (weights) => transformerReference(weights, model.words, model.labels) };
    },
  },
];

describe.each(testedBackendsAnd(webgpuIfAny))("on %s", (backend) => {
  test.each(cases)("loss, gradient, Hessian and sharpness of a $name are the float64 ones", async ({ make }) => {
    const engine = await useBackend(backend);
    const { variables, loss, reference } = make();
    withTrace(engine, loss, variables, (trace) => {
      expect(trace.unsupported).toEqual([]);
      const exact = reference(trace.weights());
      // Single precision carries 6e-8 an operation; a few hundred add up to no more than 2e-6 here.
      expect(trace.loss() / exact.tape.value(exact.loss)).toBeCloseTo(1, 5);
      expect(relativeDistance(trace.gradient(), exact.tape.gradient(exact.loss))).toBeLessThan(1e-5);
      const hessian = exact.tape.hessian(exact.loss);
      const direction = seededValues(trace.parameterCount, 99);
      const expected = hessian.map((row) =>
        row.reduce((sum, element, index) => sum + element * at(direction, index), 0),
      );
      expect(relativeDistance(trace.hessianVector(direction), expected)).toBeLessThan(1e-5);
      const { value, error, converged } = measureSharpness(trace, { tolerance: 1e-6 });
      const largest = largestEigenvalueByBisection(hessian, value, 1e-7);
      expect(converged).toBe(true);
      expect(Math.abs(value / largest - 1)).toBeLessThan(1e-5);
      expect(Math.abs(value - largest)).toBeLessThanOrEqual(error);
    });
    dispose(variables);
  });

  test.each(cases)(
    "a $name replayed at other weights has the float64 loss, gradient and curvature there",
    async ({ make }) => {
      const engine = await useBackend(backend);
      const { variables, loss, reference } = make();
      withTrace(engine, loss, variables, (trace) => {
        const shift = seededValues(trace.parameterCount, 5);
        const elsewhere = trace.weights().map((weight, index) => weight + 0.2 * at(shift, index));
        const before = engine.state.numTensors;
        const point = trace.at(elsewhere);
        const exact = reference(elsewhere);
        const direction = seededValues(trace.parameterCount, 98);
        const expected = exact.tape
          .hessian(exact.loss)
          .map((row) => row.reduce((sum, element, index) => sum + element * at(direction, index), 0));
        // As above.
        expect(point.loss() / exact.tape.value(exact.loss)).toBeCloseTo(1, 5);
        expect(relativeDistance(point.gradient(), exact.tape.gradient(exact.loss))).toBeLessThan(1e-5);
        expect(relativeDistance(point.hessianVector(direction), expected)).toBeLessThan(1e-5);
        point.dispose();
        expect(engine.state.numTensors).toBe(before);
      });
      dispose(variables);
    },
  );
});
