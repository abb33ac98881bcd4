/** Who is near whom in representations, against cosines of the same network written out in float64, and how examples are told apart. */
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, test } from "vitest";
import { neighbourhoods } from "../../src/probe/tfjs/observables/neighbourhoods.ts";
import { type Measurement, Unmeasurable } from "../../src/probe/tfjs/observables/observable.ts";
import { ProbeSet } from "../../src/probe/tfjs/probeSet.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { descend, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

const [inputs, hidden, outputs] = [4, 7, 2];

type Rows = readonly (readonly number[])[];

function rowsOf(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_none, column) => values[row * columns + column] ?? Number.NaN),
  );
}

/** The first 48 bits of the SHA-256 of float32 numbers. */
function numberOf(row: readonly number[]): number {
  return Number.parseInt(createHash("sha256").update(Float32Array.from(row)).digest("hex").slice(0, 12), 16);
}

function neighboursOf(rows: Rows, k: number): number[] {
  const length = (row: readonly number[]) => Math.hypot(...row);
  return rows.flatMap((row, own) => {
    const cosines = rows.map(
      (other) =>
        row.reduce((sum, value, index) => sum + value * (other[index] ?? Number.NaN), 0) / length(row) / length(other),
    );
    const others = rows.map((_, index) => index).filter((index) => index !== own);
    return others.sort((a, b) => (cosines[b] ?? Number.NaN) - (cosines[a] ?? Number.NaN)).slice(0, k);
  });
}

type Variables = readonly [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>];

/** A tanh network on numbered batches; `data` gives a batch's inputs. */
function network(data: (batch: number) => Float32Array) {
  const variables = [
    seededVariable([inputs, hidden], 1, 3),
    seededVariable([hidden], 0.5, 4),
    seededVariable([hidden, outputs], 1, 5),
  ] as unknown as Variables;
  const [w, b, v] = variables;
  const loss = (batch: number) => {
    const x = tf.tensor2d(data(batch), [data(batch).length / inputs, inputs]);
    const output = tf.tanh(x.matMul(w).add(b)).matMul<tf.Tensor2D>(v);
    return tf.losses.meanSquaredError(tf.ones(output.shape), output).asScalar();
  };
  /** What the hidden layer gives, in float64. */
  const represent = (rows: Rows) => {
    const [weights, bias] = [rowsOf(w.dataSync(), hidden), [...b.dataSync()]];
    return rows.map((row) =>
      bias.map((offset, unit) =>
        Math.tanh(row.reduce((sum, value, index) => sum + value * (weights[index]?.[unit] ?? Number.NaN), offset)),
      ),
    );
  };
  return { variables, loss, represent };
}

async function measureOn(
  backend: (typeof testedBackends)[number],
  data: (batch: number) => Float32Array,
  { batches, steps, rate = 0.1 }: { readonly batches: number; readonly steps: number; readonly rate?: number },
) {
  const engine = await useBackend(backend);
  const { variables, loss, represent } = network(data);
  const observable = neighbourhoods(new ProbeSet({ batches, bytes: 1024 ** 2 }));
  const tensors = engine.state.numTensors;
  const measured: (Measurement | undefined)[] = [];
  for (let step = 0; step < steps; step++) {
    withTrace(
      engine,
      () => loss(step),
      variables,
      (trace, gradients) => {
        measured.push(observable.measure(tracedStep(engine, trace, step)));
        if (step < steps - 1) descend(variables, gradients, rate);
      },
    );
  }
  expect(engine.state.numTensors).toBe(tensors);
  return { observable, measured, represent, hiddenLayer: variables[0].name };
}

describe.each(testedBackends)("on %s", (backend) => {
  test("nearest neighbours are those of the float64 network, among the different examples of all kept batches in the order of their numbers", async () => {
    const [batch, batches] = [40, 2];
    // The second batch begins with ten examples of the first.
    const data = (index: number) => {
      const values = seededValues(batch * inputs, 100 + (index % batches));
      if (index % batches === 1) values.set(seededValues(batch * inputs, 100).subarray(0, 10 * inputs));
      return values;
    };
    const { measured, represent, hiddenLayer } = await measureOn(backend, data, { batches, steps: 5 });
    // The first batch alone would be other examples than all of them.
    expect(measured[0]).toBeUndefined();
    const rows = [0, 1].flatMap((index) => rowsOf(data(index), inputs));
    const byNumber = new Map(rows.map((row) => [numberOf(row), row]));
    const numbers = [...byNumber.keys()].sort((a, b) => a - b);
    expect(numbers).toHaveLength(70);
    expect(measured[1]?.vectors?.["representation/examples"]).toEqual(numbers);
    // They are still the same.
    expect(measured.at(-1)?.vectors).not.toHaveProperty(["representation/examples"]);
    const expected = neighboursOf(represent(numbers.map((number) => byNumber.get(number) ?? [])), 10);
    expect(measured.at(-1)?.vectors?.[`representation/neighbours@${hiddenLayer}`]).toEqual(expected);
    expect(Object.keys(measured.at(-1)?.vectors ?? {})).toHaveLength(2);
  });
});

test("of more than 256 examples those with the smallest numbers are taken, in whatever order they come", async () => {
  const batch = 300;
  const values = seededValues(batch * inputs, 7);
  const rows = rowsOf(values, inputs);
  const numbers = rows.map(numberOf).sort((a, b) => a - b);
  const setting = { batches: 1, steps: 1 };
  const { measured } = await measureOn("cpu", () => values, setting);
  const reversed = await measureOn("cpu", () => Float32Array.from(rows.toReversed().flat()), setting);
  expect(measured[0]?.vectors?.["representation/examples"]).toEqual(numbers.slice(0, 256));
  const lists = [measured, reversed.measured].map((each) => Object.values(each[0]?.vectors ?? {}));
  expect(lists[1]).toEqual(lists[0]);
});

test("it rests after each measurement, for a quarter of the steps so far and at least eight", async () => {
  const values = seededValues(20 * inputs, 9);
  const { observable } = await measureOn("cpu", () => values, { batches: 1, steps: 3 });
  expect(observable.restsUntil).toBe(2 + 8);
  const late = await measureOn("cpu", () => values, { batches: 1, steps: 101, rate: 0.001 });
  expect(late.observable.restsUntil).toBe(100 + 25);
});

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Unmeasurable) return `${error.severity} ${error.code}`;
    throw error;
  }
  return "";
}

test("few examples are refused, and those that a normalization stands before", async () => {
  const engine = await useBackend("cpu");
  const few = network(() => seededValues(15 * inputs, 11));
  withTrace(
    engine,
    () => few.loss(0),
    few.variables,
    (trace) => {
      const observable = neighbourhoods(new ProbeSet({ batches: 1, bytes: 1024 ** 2 }));
      expect(refusalOf(() => observable.measure(tracedStep(engine, trace)))).toBe(
        "information representation-examples",
      );
    },
  );
  const model = tf.sequential({
    layers: [
      tf.layers.batchNormalization({ inputShape: [5] }),
      tf.layers.dense({ units: 6, activation: "tanh" }),
      tf.layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
  const [x, y] = [tf.tensor2d(seededValues(20 * 5, 1), [20, 5]), tf.tensor2d(seededValues(20, 2), [20, 1])];
  await withFitTrace(engine, model, x, y, (trace) => {
    const observable = neighbourhoods(new ProbeSet({ batches: 1, bytes: 1024 ** 2 }));
    expect(refusalOf(() => observable.measure(tracedStep(engine, trace)))).toBe("information representation-inputs");
  });
  tf.dispose([x, y]);
});
