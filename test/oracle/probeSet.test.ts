/** The probe set: which batches are kept, and what is measured on them while the weights move, against float64. */
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, test } from "vitest";
import type { Engine } from "../../src/probe/tfjs/engine.ts";
import { initialAgreement } from "../../src/probe/tfjs/observables/initialAgreement.ts";
import { InitialWeights } from "../../src/probe/tfjs/observables/initialWeights.ts";
import { machine } from "../../src/probe/tfjs/observables/machine.ts";
import { neuralCollapse } from "../../src/probe/tfjs/observables/neuralCollapse.ts";
import { type Measurement, Unmeasurable } from "../../src/probe/tfjs/observables/observable.ts";
import { hasBatchesApart, probeLoss } from "../../src/probe/tfjs/observables/probeLoss.ts";
import { probeSharpness } from "../../src/probe/tfjs/observables/sharpness.ts";
import { tangentKernel } from "../../src/probe/tfjs/observables/tangentKernel.ts";
import { ProbeSet, probeSetLimits } from "../../src/probe/tfjs/probeSet.ts";
import { DetachedTrace } from "../../src/probe/tfjs/trace/detachedTrace.ts";
import type { Trace } from "../../src/probe/tfjs/trace/trace.ts";
import { constants, dense, map, meanSquaredError, WeightReader } from "./reference/networks.ts";
import { ScalarTape } from "./reference/scalarTape.ts";
import { largestEigenvalueByBisection } from "./reference/spectrum.ts";
import { testedBackends, useBackend } from "./support/backends.ts";
import { withFitTrace } from "./support/fits.ts";
import { descend, makeCnn, makeTransformer, seededValues, seededVariable, withTrace } from "./support/models.ts";
import { tracedStep } from "./support/observedStep.ts";

afterEach(() => {
  tf.disposeVariables();
});

const limits = { batches: 3, bytes: 1024 ** 2 };
const [batch, inputs, hidden, outputs] = [10, 4, 6, 2];

type Variables = readonly [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>, tf.Variable];

/** A tanh network on numbered batches, as a script that goes through its data would have it. */
function makeStream() {
  const variables = [
    seededVariable([inputs, hidden], 1, 3),
    seededVariable([hidden], 0.5, 4),
    seededVariable([hidden, outputs], 1, 5),
    seededVariable([outputs], 0.5, 6),
  ] as unknown as Variables;
  const [w1, b1, w2, b2] = variables;
  const data = (index: number, size: number = batch) => ({
    x: seededValues(size * inputs, 100 + index),
    y: seededValues(size * outputs, 200 + index),
  });
  const loss = (index: number, size: number = batch) => {
    const { x, y } = data(index, size);
    const inside = tf.tanh(tf.tensor2d(x, [size, inputs]).matMul(w1).add(b1));
    const output = inside.matMul<tf.Tensor2D>(w2).add(b2);
    return tf.losses.meanSquaredError(tf.tensor2d(y, [size, outputs]), output).asScalar();
  };
  return { variables, data, loss };
}

/** The same loss in float64, of some batches together. */
function reference(
  weights: readonly number[],
  batches: readonly { readonly x: Float32Array; readonly y: Float32Array }[],
) {
  const tape = new ScalarTape();
  const reader = new WeightReader(tape, weights);
  const rows = (side: "x" | "y", columns: number) =>
    constants(
      tape,
      batches.flatMap((each) => [...each[side]]),
      batches.length * batch,
      columns,
    );
  const inside = map(dense(tape, rows("x", inputs), reader.matrix(inputs, hidden), reader.vector(hidden)), (node) =>
    tape.unary("tanh", node),
  );
  const output = dense(tape, inside, reader.matrix(hidden, outputs), reader.vector(outputs));
  return { tape, node: meanSquaredError(tape, output, rows("y", outputs)) };
}

const flatWeights = (variables: readonly tf.Variable[]) => variables.flatMap((variable) => [...variable.dataSync()]);
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof Unmeasurable) return `${error.severity} ${error.code}`;
    throw error;
  }
  return undefined;
};

describe.each(testedBackends)("on %s", (backend) => {
  test("loss and sharpness are those of the kept batches at the weights of the step, and no tensor is left", async () => {
    const engine = await useBackend(backend);
    const { variables, data, loss } = makeStream();
    const probe = new ProbeSet(limits);
    const observables = [probeLoss(probe), probeSharpness(probe)];
    const measured: (Measurement | undefined)[][] = [];
    const tensors = engine.state.numTensors;
    for (let step = 0; step < 6; step++) {
      withTrace(
        engine,
        () => loss(step),
        variables,
        (trace, gradients) => {
          measured.push(observables.map((each) => each.measure(tracedStep(engine, trace, step))));
          if (step < 5) descend(variables, gradients, 0.2);
        },
      );
    }
    expect(engine.state.numTensors).toBe(tensors);
    // Before the third batch the set would be other data at each step.
    expect(measured.slice(0, 2).flat()).toEqual([undefined, undefined, undefined, undefined]);
    const [lossMeasured, sharpnessMeasured] = measured.at(-1) ?? [];
    const { tape, node } = reference(
      flatWeights(variables),
      [0, 1, 2].map((index) => data(index)),
    );
    // Float32 sums of a few dozen terms.
    expect((lossMeasured?.values["loss/probe"] ?? 0) / tape.value(node)).toBeCloseTo(1, 5);
    expect(lossMeasured?.sample).toBe(3 * batch);
    const sharpness = sharpnessMeasured?.values["sharpness/probe"] ?? Number.NaN;
    const exact = largestEigenvalueByBisection(tape.hessian(node), sharpness, 1e-7);
    // What Lanczos was asked for.
    expect(Math.abs(sharpness / exact - 1)).toBeLessThan(1e-3);
    expect(Math.abs(sharpness - exact)).toBeLessThanOrEqual(sharpnessMeasured?.error?.["sharpness/probe"] ?? 0);
    expect(sharpnessMeasured?.method).toMatch(/3 kept batches of 10 examples/);
  });

  test("kernel and representations are compared on the same examples, whatever the step's batch is", async () => {
    const engine = await useBackend(backend);
    const { variables, loss } = makeStream();
    const probe = new ProbeSet({ batches: 2, bytes: 1024 ** 2 });
    const initial = new InitialWeights();
    const observables = [tangentKernel(initial, probe), initialAgreement(initial, probe)];
    const measured: Readonly<Record<string, number>>[] = [];
    steps(
      engine,
      loss,
      4,
      (trace, step) => {
        const found = observables.map((each) => each.measure(tracedStep(engine, trace, step))?.values);
        measured.push(Object.assign({}, ...found) as Readonly<Record<string, number>>);
      },
      variables,
    );
    const [first, last] = [measured[0], measured.at(-1)];
    // The weights stay where they are.
    expect(last?.["kernel/distance"]).toBe(0);
    expect(last?.["kernel/largest"]).toBe(first?.["kernel/largest"]);
    expect(last?.[`agreement/cka@${variables[0].name}`]).toBeCloseTo(1, 10);
    expect(last?.[`agreement/neighbours@${variables[0].name}`]).toBe(1);
  });

  test.each(Object.entries({ cnn: makeCnn, transformer: makeTransformer }))(
    "a %s detached from its activations gives the same loss, gradient and curvature again, and at other weights those of a replay",
    async (_name, make) => {
      const engine = await useBackend(backend);
      const { variables, loss } = make();
      withTrace(engine, loss, variables, (trace) => {
        const direction = seededValues(trace.parameterCount, 5);
        // The recorded trace keeps what its products share until it is disposed of.
        trace.hessianVector(direction);
        const tensors = engine.state.numTensors;
        const detached = DetachedTrace.of(engine, trace);
        expect(engine.state.numTensors).toBe(tensors);
        const moved = trace.weights().map((weight, index) => weight + 0.05 * (direction[index] ?? 0));
        const point = trace.at(moved);
        for (const [weights, expected] of [
          [trace.weights(), trace],
          [moved, point],
        ] as const) {
          const again = detached.at(engine, weights);
          // The same kernels on the same numbers.
          expect(again.loss()).toBe(expected.loss());
          expect(detached.loss(engine, weights)).toBe(expected.loss());
          expect(again.gradient()).toEqual(expected.gradient());
          expect(again.hessianVector(direction)).toEqual(expected.hessianVector(direction));
          again.dispose();
        }
        point.dispose();
        expect(engine.state.numTensors).toBe(tensors);
      });
    },
  );

  test("dropout masks are kept with the batch, and its statistics are those of the batch at the weights asked for", async () => {
    const engine = await useBackend(backend);
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 12, inputShape: [5] }),
        tf.layers.batchNormalization(),
        tf.layers.activation({ activation: "relu" }),
        tf.layers.dropout({ rate: 0.5 }),
        tf.layers.dense({ units: 3, activation: "softmax" }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });
    const x = tf.tensor2d(seededValues(16 * 5, 1), [16, 5]);
    const y = tf.tidy(() =>
      tf.oneHot(
        tf.tensor1d(
          Array.from({ length: 16 }, (_, index) => index % 3),
          "int32",
        ),
        3,
      ),
    );
    let seen = 0;
    await withFitTrace(engine, model, x, y, (trace) => {
      const tensors = engine.state.numTensors;
      const detached = DetachedTrace.of(engine, trace);
      const moved = trace.weights().map((weight, index) => weight * (1 + 0.1 * Math.sin(index)));
      const [again, point] = [detached.at(engine, moved), trace.at(moved)];
      expect(again.loss()).toBe(point.loss());
      expect(again.gradient()).toEqual(point.gradient());
      again.dispose();
      point.dispose();
      expect(engine.state.numTensors).toBe(tensors);
      seen++;
    });
    expect(seen).toBe(1);
    tf.dispose([x, y]);
    model.dispose();
  });

  test("the memory of tensors is counted at recorded steps as at others", async () => {
    const engine = await useBackend(backend);
    const { variables, loss } = makeCnn();
    const bytes = engine.state.numBytes;
    withTrace(engine, loss, variables, (trace, gradients) => {
      const own = trace.variables.reduce((sum, { size }) => sum + 4 * size, 0);
      expect(gradients).toHaveLength(variables.length);
      // What the evaluation returned: the loss, and a gradient of each weight.
      const device = machine().measure(tracedStep(engine, trace))?.values["memory/device"];
      expect(device).toBe(bytes + 4 + own);
    });
    expect(engine.state.numBytes).toBe(bytes);
  });
});

/** Goes through steps with the batches of a stream. */
function steps(
  engine: Engine,
  lossOf: (step: number) => tf.Scalar,
  count: number,
  visit: (trace: Trace, step: number) => void,
  variables: readonly tf.Variable[],
) {
  for (let step = 0; step < count; step++) {
    withTrace(
      engine,
      () => lossOf(step),
      variables,
      (trace) => {
        visit(trace, step);
      },
    );
  }
}

describe("batches are kept", () => {
  test("of one shape, each once, and no more than the set may have", async () => {
    const engine = await useBackend("cpu");
    const { variables, loss } = makeStream();
    const probe = new ProbeSet(limits);
    // The same, a smaller one as at the end of an epoch, another, and two more.
    const order = [0, 0, 7, 1, 2, 3];
    const complete: boolean[] = [];
    steps(
      engine,
      (step) => loss(order[step] ?? 0, order[step] === 7 ? 4 : batch),
      order.length,
      (trace, step) => {
        probe.look(tracedStep(engine, trace, step), trace);
        complete.push(probe.isComplete);
      },
      variables,
    );
    expect(complete).toEqual([false, false, false, false, true, true]);
    expect(probe.examples).toBe(3 * batch);
  });

  test.each([
    ["bare", false],
    ["with a dropout mask of its own at each step", true],
  ] as const)(
    "but not measured on where all steps have the same examples, %s, which is said as information",
    async (_name, drops) => {
      const engine = await useBackend("cpu");
      const w = seededVariable([inputs, hidden], 1, 1) as tf.Variable<tf.Rank.R2>;
      const v = seededVariable([hidden, outputs], 1, 2) as tf.Variable<tf.Rank.R2>;
      const [x, y] = [seededValues(batch * inputs, 3), seededValues(batch * outputs, 4)];
      const probe = new ProbeSet(limits);
      const codes: (string | undefined)[] = [];
      steps(
        engine,
        (step) => {
          const inside = tf.tanh<tf.Tensor2D>(tf.matMul(tf.tensor2d(x, [batch, inputs]), w));
          const passed = drops ? tf.dropout(inside, 0.5, undefined, step + 1) : inside;
          return tf.losses
            .meanSquaredError(tf.tensor2d(y, [batch, outputs]), tf.matMul(passed as tf.Tensor2D, v))
            .asScalar();
        },
        12,
        (trace, step) => {
          codes.push(codeOf(() => hasBatchesApart(probe, tracedStep(engine, trace, step), trace)));
        },
        [w, v],
      );
      expect(codes[0]).toBeUndefined();
      expect(codes.at(-1)).toBe("information probe-set-is-batch");
      expect(probe.isComplete).toBe(true);
      expect(probe.examples).toBe(batch);
    },
  );

  test("but not those on which the loss is no number", async () => {
    const engine = await useBackend("cpu");
    const { variables, loss } = makeStream();
    const probe = new ProbeSet({ batches: 1, bytes: 1024 ** 2 });
    const complete: boolean[] = [];
    steps(
      engine,
      (step) => (step === 0 ? tf.div(loss(step), 0) : loss(step)),
      2,
      (trace, step) => {
        probe.look(tracedStep(engine, trace, step), trace);
        complete.push(probe.isComplete);
      },
      variables,
    );
    expect(complete).toEqual([false, true]);
  });

  test("anew, with a note, where the trained variables are others than before", async () => {
    const engine = await useBackend("cpu");
    const stream = makeStream();
    const probe = new ProbeSet({ batches: 1, bytes: 1024 ** 2 });
    const look = (lossOf: () => tf.Scalar, variables: readonly tf.Variable[], step: number) =>
      withTrace(engine, lossOf, variables, (trace) =>
        codeOf(() => {
          probe.look(tracedStep(engine, trace, step), trace);
        }),
      );
    expect(look(() => stream.loss(0), stream.variables, 0)).toBeUndefined();
    expect(probe.isComplete).toBe(true);
    const w = seededVariable([4, 2], 1, 1) as tf.Variable<tf.Rank.R2>;
    const other = () =>
      tf.losses.meanSquaredError(tf.ones([6, 2]), tf.matMul(tf.tensor2d(seededValues(24, 9), [6, 4]), w)).asScalar();
    expect(look(other, [w], 1)).toBe("warning probe-set-anew");
    expect(probe.isComplete).toBe(false);
    expect(look(other, [w], 2)).toBeUndefined();
    expect(probe.examples).toBe(6);
  });

  test("only within the limits of the settings, which say what to raise", async () => {
    const engine = await useBackend("cpu");
    const { variables, loss } = makeStream();
    const tight = new ProbeSet({ batches: 3, bytes: 100 });
    const oneAndAHalf = new ProbeSet({ batches: 3, bytes: 1.5 * 4 * batch * (inputs + outputs) });
    const none = new ProbeSet({ batches: 0, bytes: 1024 ** 2 });
    steps(
      engine,
      loss,
      3,
      (trace, step) => {
        const seen = tracedStep(engine, trace, step);
        expect(
          codeOf(() => {
            tight.look(seen, trace);
          }),
        ).toBe("warning probe-set-memory");
        expect(
          codeOf(() => {
            none.look(seen, trace);
          }),
        ).toBe("warning probe-set-memory");
        oneAndAHalf.look(seen, trace);
      },
      variables,
    );
    expect(oneAndAHalf.isComplete).toBe(true);
    expect(oneAndAHalf.examples).toBe(batch);
    expect(probeSetLimits("2", "1000")).toEqual({ batches: 2, bytes: 1000 });
    expect(probeSetLimits(undefined, "many")).toEqual({ batches: 4, bytes: 256 * 1024 ** 2 });
  });
});

test("neural collapse is of all batches together, where single ones lack a class", async () => {
  const engine = await useBackend("cpu");
  const w = seededVariable([4, 3], 1, 5) as tf.Variable<tf.Rank.R2>;
  const gain = tf.variable(tf.scalar(1));
  const observable = neuralCollapse(new ProbeSet({ batches: 2, bytes: 1024 ** 2 }));
  const labels = [
    [0, 0, 1, 1, 2],
    [0, 1, 2, 2, 2],
  ];
  let measured: Measurement | undefined;
  steps(
    engine,
    (step) =>
      tf.losses
        .softmaxCrossEntropy(
          tf.oneHot(tf.tensor1d(labels[step] ?? [], "int32"), 3),
          tf.matMul(tf.tensor2d(seededValues(20, step), [5, 4]).mul<tf.Tensor2D>(gain), w),
        )
        .asScalar(),
    2,
    (trace, step) => {
      measured = observable.measure(tracedStep(engine, trace, step));
    },
    [gain, w],
  );
  expect(measured?.sample).toBe(10);
  expect(measured?.values["collapse/nc1"]).toBeGreaterThan(0);
});
