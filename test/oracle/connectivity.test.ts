/** Barriers between trainings that began at the same weights, against the loss in float64 on the line between their weights. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WeightsFolder } from "../../src/probe/tfjs/keptWeights.ts";
import { connectivity } from "../../src/probe/tfjs/observables/connectivity.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import type { Measurement } from "../../src/probe/tfjs/observables/observable.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { descend, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

const [batches, batch, inputs, hidden] = [3, 6, 3, 4];
const steps = 24;

let workspace = "";

beforeEach(() => {
  workspace = mkdtempSync(path.join(tmpdir(), "orrery-connectivity-"));
});

afterEach(() => {
  tf.disposeVariables();
  rmSync(workspace, { recursive: true });
});

const dataOf = (index: number) => ({
  x: seededValues(batch * inputs, 100 + index),
  y: seededValues(batch, 200 + index),
});

/** Mean squared error of tanh(x·W)·v over the first batches, by plain loops. */
function lossAt(weights: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < batches; index++) {
    const { x, y } = dataOf(index);
    for (let row = 0; row < batch; row++) {
      let output = 0;
      for (let unit = 0; unit < hidden; unit++) {
        let into = 0;
        for (let from = 0; from < inputs; from++) {
          into += (x[row * inputs + from] ?? NaN) * (weights[from * hidden + unit] ?? NaN);
        }
        output += Math.tanh(into) * (weights[inputs * hidden + unit] ?? NaN);
      }
      sum += (output - (y[row] ?? NaN)) ** 2 / (batches * batch);
    }
  }
  return sum;
}

interface Trained {
  /** Before each step. */
  readonly weights: readonly (readonly number[])[];
  readonly found: readonly (readonly [step: number, measurement: Measurement])[];
}

/** Trains on one batch after another, the first of which are the same in every run, with a rate of the run's own from then on. */
async function train(backend: (typeof testedBackends)[number], run: string, rate: number, seed = 3): Promise<Trained> {
  const engine = await useBackend(backend);
  const variables = [seededVariable([inputs, hidden], 2, seed), seededVariable([hidden, 1], 2, seed + 1)];
  const [w, v] = variables as unknown as readonly [tf.Variable<tf.Rank.R2>, tf.Variable<tf.Rank.R2>];
  mkdirSync(path.join(workspace, run));
  const observable = connectivity(
    new WeightsFolder(path.join(workspace, run)),
    new InitialWeights(),
    new ProbeSet({ batches, bytes: 2 ** 20 }),
  );
  const [weights, found]: [number[][], [number, Measurement][]] = [[], []];
  for (let step = 0; step < steps; step++) {
    const { x, y } = dataOf(step);
    weights.push(variables.flatMap((variable) => [...variable.dataSync()]));
    withTrace(
      engine,
      () => {
        const output = tf.tanh(tf.tensor2d(x, [batch, inputs]).matMul(w)).matMul<tf.Tensor2D>(v);
        return tf.losses.meanSquaredError(tf.tensor2d(y, [batch, 1]), output).asScalar();
      },
      variables,
      (trace, gradients) => {
        if ((observable.restsUntil ?? 0) <= step) {
          const measured = observable.measure(tracedStep(engine, trace, step));
          if (measured !== undefined) found.push([step, measured]);
        }
        descend(variables, gradients, step < batches ? 0.05 : rate);
      },
    );
  }
  return { weights, found };
}

describe.each(testedBackends)("on %s", (backend) => {
  test("a barrier is the highest loss on the line between a run's weights and those that an earlier one had at that step, over the mean of the ends", async () => {
    const first = await train(backend, "first", 0.05);
    const second = await train(backend, "second", 0.4);
    const elsewhere = await train(backend, "third", 0.4, 9);
    expect(first.found).toEqual([]);
    expect(elsewhere.found).toEqual([]);
    // The set is whole at step 2, and weights are kept every eighth from then on; those of step 2 no longer, once there are those of step 10.
    expect(second.found.map(([step]) => step)).toEqual([10, 18]);
    for (const [step, { values, sample }] of second.found) {
      const [here, there] = [second.weights[step] ?? [], first.weights[step] ?? []];
      const losses = Array.from({ length: 9 }, (_, place) =>
        lossAt(here.map((weight, index) => weight + (place / 8) * ((there[index] ?? NaN) - weight))),
      );
      const wanted = Math.max(...losses) - ((losses[0] ?? NaN) + (losses[8] ?? NaN)) / 2;
      // Float32 sums of a few terms, of losses near one.
      expect(Math.abs((values["connectivity/barrier@first"] ?? NaN) - wanted)).toBeLessThan(1e-6);
      expect(sample).toBe(batches * batch);
    }
    // Else nothing would have been compared but zeros.
    expect(second.found.at(-1)?.[1].values["connectivity/barrier@first"]).toBeGreaterThan(1e-3);
  });
});
