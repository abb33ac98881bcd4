/** Recording is invisible: same results to the bit, no tensor left, no other path than the script's own. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { NonFiniteProductError } from "../../src/probe/tfjs/trace/krylovSpace.ts";
import { recordTrace } from "../../src/probe/tfjs/trace/recordTrace.ts";
import { UnsupportedKernelError } from "../../src/probe/tfjs/trace/rule.ts";
import { measureSharpness } from "../../src/probe/tfjs/trace/sharpness.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import {
  descend,
  makeCnn,
  makeMlp,
  makeTransformer,
  seededValues,
  seededVariable,
  withTrace,
} from "./support/models.ts";

const models = { "tanh network": makeMlp, "convolutional network": makeCnn, transformer: makeTransformer };

describe.each(testedBackends)("on %s", (backend) => {
  test.each(Object.entries(models))(
    "loss and gradients of a %s are the same bits with and without recording",
    async (_name, make) => {
      const engine = await useBackend(backend);
      const { variables, loss } = make();
      const plain = engine.gradients(loss, variables);
      const read = (tensors: readonly (object | null | undefined)[]) =>
        tensors.map((tensor) => Array.from((tensor as tf.Tensor).dataSync()));
      const expected = read([plain.value, ...plain.grads]);
      const { evaluation, trace } = recordTrace(engine, () => engine.gradients(loss, variables), variables);
      expect(read([evaluation.value, ...evaluation.grads])).toEqual(expected);
      trace?.hessianVector(seededValues(trace.parameterCount, 1));
      expect(read([evaluation.value, ...evaluation.grads])).toEqual(expected);
      expect(trace?.gradient()).toEqual(Float32Array.from(expected.slice(1).flat()));
      trace?.dispose();
      tf.disposeVariables();
    },
  );

  test.each(Object.entries(models))(
    "the second product with a direction, for a %s, is the first one's bits, and what they share is freed with the trace",
    async (_name, make) => {
      const engine = await useBackend(backend);
      const { variables, loss } = make();
      const before = tf.memory().numBytes;
      withTrace(engine, loss, variables, (trace) => {
        const direction = seededValues(trace.parameterCount, 6);
        const first = trace.hessianVector(direction);
        const shared = engine.state.numTensors;
        expect(trace.hessianVector(direction)).toEqual(first);
        expect(engine.state.numTensors).toBe(shared);
      });
      expect(tf.memory().numBytes).toBe(before);
      tf.disposeVariables();
    },
  );

  test("memory is flat over 200 steps that are recorded, measured and disposed of", async () => {
    const engine = await useBackend(backend);
    const { variables, loss } = makeTransformer();
    const before = tf.memory();
    for (let step = 0; step < 200; step++) {
      withTrace(engine, loss, variables, (trace, gradients) => {
        if (step % 20 === 0) measureSharpness(trace, { tolerance: 1e-2 });
        else trace.hessianVector(new Float32Array(trace.parameterCount));
        descend(variables, gradients, 0.1);
      });
    }
    const after = tf.memory();
    expect(after.numTensors).toBe(before.numTensors);
    expect(after.numDataBuffers).toBe(before.numDataBuffers);
    expect(after.numBytes).toBe(before.numBytes);
    tf.disposeVariables();
    // Milliseconds: a GPU in software has taken 150 seconds on a busy machine.
  }, 600_000);
});

test("what the evaluation throws passes through, and no more stays behind than without recording", async () => {
  const engine = await useBackend("cpu");
  const w = seededVariable([3], 1, 1);
  const fail = () => {
    tf.tidy(() => tf.square(w).sum());
    throw new Error("theirs");
  };
  const leftBy = (run: () => unknown) => {
    const before = engine.state.numTensors;
    expect(run).toThrow("theirs");
    return engine.state.numTensors - before;
  };
  // TensorFlow.js itself leaves what it saved for the backward pass.
  const withoutRecording = leftBy(() => engine.gradients(fail, [w]));
  expect(leftBy(() => recordTrace(engine, () => engine.gradients(fail, [w]), [w]))).toBe(withoutRecording);
  expect(Object.hasOwn(engine, "runKernelFunc")).toBe(false);
  w.dispose();
});

test("a kernel without a tangent rule is named in an error, and gives no number", async () => {
  const engine = await useBackend("cpu");
  const w = seededVariable([3], 1, 1);
  const loss = () => tf.prod(w).asScalar();
  withTrace(engine, loss, [w], (trace) => {
    expect(trace.unsupported).toContain("Cumprod");
    expect(() => trace.hessianVector(new Float32Array(3))).toThrow(UnsupportedKernelError);
    expect(() => measureSharpness(trace, { tolerance: 1e-3 })).toThrow(/Cumprod/);
  });
  w.dispose();
});

test("a loss that overflows gives an error, and no number", async () => {
  const engine = await useBackend("cpu");
  const w = tf.variable(tf.tensor1d([60, 1]));
  const loss = () => tf.exp(tf.square(w)).sum().asScalar();
  withTrace(engine, loss, [w], (trace) => {
    expect(() => measureSharpness(trace, { tolerance: 1e-3 })).toThrow(NonFiniteProductError);
  });
  w.dispose();
});

test("variables without a gradient, as Adam's accumulators, are no parameters", async () => {
  const engine = await useBackend("cpu");
  const [used, unused] = [seededVariable([2, 2], 1, 1), seededVariable([5], 1, 2)];
  const loss = () => tf.square(used).sum().asScalar();
  const variables = [unused, used];
  const { evaluation, trace } = recordTrace(engine, () => engine.gradients(loss, variables, null, true), variables);
  expect(trace?.variables.map(({ name }) => name)).toEqual([used.name]);
  expect(trace?.parameterCount).toBe(4);
  expect(trace?.hessianVector([1, 0, 0, 0])).toEqual(Float32Array.of(2, 0, 0, 0));
  trace?.dispose();
  for (const tensor of [evaluation.value, ...evaluation.grads, used, unused]) tensor?.dispose();
});

test("a variable reassigned in mid-evaluation is recorded with both of its values", async () => {
  const engine = await useBackend("cpu");
  const w = tf.variable(tf.tensor1d([3]));
  const state = tf.variable(tf.tensor1d([2]), false);
  const loss = () => {
    const first = tf.mul(state, tf.square(w));
    tf.tidy(() => {
      state.assign(tf.tensor1d([5]));
    });
    return tf
      .add(first, tf.mul(state, tf.square(w)))
      .sum()
      .asScalar();
  };
  withTrace(engine, loss, [w], (trace) => {
    // d²/dw² of 2w² + 5w²; small integers are exact.
    expect(trace.hessianVector([1])).toEqual(Float32Array.of(14));
  });
  tf.dispose([w, state]);
});

test("a network of the Layers API, with dropout, batch normalization and penalties, is differentiated as it was run", async () => {
  const engine = await useBackend("cpu");
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 6, inputShape: [4], activation: "softplus", kernelRegularizer: "l1l2" }),
      tf.layers.batchNormalization(),
      tf.layers.dropout({ rate: 0.4, seed: 7 }),
      tf.layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
  // Known weights, none so near to zero that the differences below would cross the kink of its L1 penalty.
  model.setWeights(
    model.getWeights().map((weight, index) => {
      if (weight.rank !== 2) return weight;
      const values = seededValues(weight.size, 10 + index).map((value) => value + 0.2 * Math.sign(value));
      return tf.tensor(values, weight.shape);
    }),
  );
  const optimizer = tf.train.sgd(0.05);
  model.compile({ optimizer, loss: "categoricalCrossentropy" });
  const x = tf.tensor2d(seededValues(32, 1), [8, 4]);
  const y = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), 3);
  const own = engine.gradients.bind(engine);
  const before = engine.state.numTensors;
  let compared = 0;
  engine.gradients = (evaluate, xs, dy, allow) => {
    const { evaluation, trace } = recordTrace(engine, () => own(evaluate, xs, dy, allow), xs);
    if (trace === undefined) throw new Error("no trace");
    const direction = seededValues(trace.parameterCount, 3);
    const product = trace.hessianVector(direction);
    // A replay keeps the dropout mask and the batch, so its gradients can be differenced.
    const step = 1e-2;
    const [up, down] = [1, -1].map((sign) => {
      const point = trace.at(trace.weights().map((weight, index) => weight + sign * step * (direction[index] ?? 0)));
      const gradient = point.gradient();
      point.dispose();
      return gradient;
    });
    const difference = product.map((_, index) => ((up?.[index] ?? 0) - (down?.[index] ?? 0)) / (2 * step));
    const distance = Math.hypot(...product.map((element, index) => element - (difference[index] ?? 0)));
    // Central differences in float32 with a step of 1e-2: truncation and cancellation are both of order 1e-4 to 1e-3.
    expect(distance / Math.hypot(...difference)).toBeLessThan(5e-3);
    compared++;
    trace.dispose();
    return evaluation;
  };
  try {
    await model.fit(x, y, { epochs: 1, batchSize: 8, shuffle: false, yieldEvery: "never" });
  } finally {
    Reflect.deleteProperty(engine, "gradients");
  }
  expect(compared).toBe(1);
  expect(engine.state.numTensors - before).toBeLessThanOrEqual(2);
  tf.dispose([x, y]);
  model.dispose();
});
