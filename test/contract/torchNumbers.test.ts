/**
 * The same networks, weights and batches in TensorFlow.js and PyTorch, each trained by a script of its own under its own probe: every
 * observable has the same values at every step, as far as its definition fixes them.
 */
import { describe, expect, test } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { observationsOf, runPair, type Observation } from "./pairs.ts";
import { recordsOf } from "./probeRun.ts";
import { python } from "./torchRun.ts";

type Comparison = (tensorflow: Observation, torch: Observation, scale: number) => number;

/** Difference over what is allowed, `tolerance` being relative to the largest value that the observable has in the run. */
function relative(tolerance: number): Comparison {
  return (tensorflow, torch, scale) => largestDifference(tensorflow, torch) / (tolerance * scale);
}

/** The same, relative to the value itself. */
function relativeToItself(tolerance: number): Comparison {
  return (tensorflow, torch) =>
    largestDifference(tensorflow, torch) / (tolerance * Math.max(...tensorflow.values.map(Math.abs)));
}

function absolute(tolerance: number): Comparison {
  return (tensorflow, torch) => largestDifference(tensorflow, torch) / tolerance;
}

function withinErrors(tensorflow: Observation, torch: Observation): number {
  return largestDifference(tensorflow, torch) / ((tensorflow.error ?? 0) + (torch.error ?? 0));
}

/** Of two independent samples, each of which tells its standard error; seeds are fixed, so that this cannot come out otherwise. */
function withinStandardErrors(tensorflow: Observation, torch: Observation): number {
  return largestDifference(tensorflow, torch) / (4 * Math.hypot(tensorflow.error ?? 0, torch.error ?? 0));
}

function notCompared(): number {
  return 0;
}

/**
 * Of the ten largest eigenvalues, relative to the first. Farther down, where neighbours are closer, the search may pass one over, as its
 * docstring says: there that is no fault of either.
 */
function eigenvalues(tensorflow: Observation, torch: Observation): number {
  const ten = ({ values, ...more }: Observation) => ({ ...more, values: values.slice(0, 10) });
  return relativeToItself(1e-4)(ten(tensorflow), ten(torch), 0);
}

/** Kernels are of as many examples as two seconds allow: under load, perhaps of fewer in one of the two. */
function ofTheSameExamples(compare: Comparison): Comparison {
  return (tensorflow, torch, scale) =>
    tensorflow.values.length === torch.values.length && tensorflow.sample === torch.sample
      ? compare(tensorflow, torch, scale)
      : 0;
}

/** Share of entries that differ, over what is allowed: of nearly equal cosines rounding makes the order. */
function mostlySame(share: number): Comparison {
  return ({ values: first }, { values: second }) =>
    first.length === second.length
      ? first.filter((value, index) => value !== second[index]).length / (share * first.length)
      : Infinity;
}

function largestDifference({ values: first }: Observation, { values: second }: Observation): number {
  if (first.length !== second.length) return Infinity;
  return Math.max(...first.map((value, index) => Math.abs(value - (second[index] ?? Number.NaN))));
}

/** Of the first pattern that a name matches. */
const comparisons: readonly (readonly [RegExp, Comparison])[] = [
  // Of the machine, and of the program's speed.
  [/^(memory|throughput|step)\//, notCompared],
  // Of random directions in a space whose axes are in another order; the moments of these lists are compared below.
  [/^hessian\/spectrum/, notCompared],
  [/^hessian\/(trace|meanEigenvalue|rootMeanSquareEigenvalue)$/, notCompared],
  // Each draws with random numbers of its own, by a step size that eight of them have set.
  [/^learningCoefficient\/local$/, withinStandardErrors],
  [/^learningCoefficient\/acceptance$/, notCompared],
  // Bounds, as large as the iteration has left them.
  [/^hessian\/eigenvalues\/residual$/, notCompared],
  [/^hessian\/eigenvalues$/, eigenvalues],
  // Where eigenvalues are close, the space of the first ten is known to the angle that the error tells.
  [/^gradient\/topShare$/, withinErrors],
  // Derivatives of the curvature by differences, which cross zero: 6e-5 was measured, of errors between 1e-3 and 1.
  [/^sharpness\/(progressive|gradientNorm)$/, relative(2e-4)],
  [/^sharpness\//, relativeToItself(1e-4)],
  [/^kernel\//, ofTheSameExamples(relative(2e-5))],
  // A difference of Gram matrices that float32 weights leave known to 1e-7 of their size, a thousandth of which it is.
  [/^balance\/drift/, relative(1e-3)],
  // Zero but for rounding and what guards a divisor, relative to Gram matrices and to lengths.
  [/^balance\/residual/, absolute(1e-6)],
  [/^scale\/product/, absolute(1e-5)],
  [/^representation\/examples$/, mostlySame(1e-6)],
  [/^representation\/neighbours/, mostlySame(0.02)],
  // Shares of examples, where equal ones may be put in another order: a few of some hundreds of pairs.
  [/^(agreement\/neighbours|collapse\/nc4|activation\/(dead|dormant)Fraction)/, absolute(2e-3)],
  // Of updates a hundred to a thousand times smaller than the weights, each rounded to 6e-8.
  [/^(update|feature\/fact)/, relative(1e-4)],
  // Float32 sums in another order, over some steps of training: 1.5e-6 was measured.
  [/^/, relative(2e-5)],
];

/** What only one of the two can know. */
const onlyInTensorFlow = [
  // PyTorch does not count what it holds in a processor's memory.
  "memory/device",
];
const onlyInTorch = [
  // Known from the inputs of modules; a closure that TensorFlow.js differentiates has none.
  "batch/size",
];

interface Given {
  readonly name: string;
  readonly steps: number;
  /** Batches of the probe set. */
  readonly batches: number;
  /** What must not be missing in both. */
  readonly measured: readonly string[];
}

const pairs: readonly Given[] = [
  {
    name: "classifier",
    // A noise scale is told from ten measurements on.
    steps: 11,
    batches: 1,
    measured: [
      ...["sharpness/batch", "sharpness/block@second", "sharpness/directional@microBatch", "hessian/eigenvalues"],
      ...["sharpness/progressive", "sharpness/gradientNorm", "gradient/topShare", "gradient/noiseScale/high"],
      ...["kernel/alignment", "kernel/distance", "kernel/spectrum", "collapse/nc3/null", "logit/variance"],
      ...["balance/defect@second→logits", "activation/deadFraction@second", "agreement/neighbours@logits"],
      ...["input/correlationSpread", "output/jointCorrelation", "weight/rms@logits", "bias/rms@first"],
    ],
  },
  {
    name: "regressor",
    steps: 6,
    batches: 1,
    measured: [
      ...["sharpness/batch", "kernel/distance", "kernel/residual", "kernel/initialResidual"],
      ...["agreement/cka@second", "gradient/noise"],
    ],
  },
  {
    name: "convolution",
    steps: 3,
    batches: 1,
    measured: ["sharpness/batch", "sharpness/block@shapes", "activation/deadFraction@edges", "collapse/nc1"],
  },
  {
    name: "adaptive",
    steps: 6,
    batches: 1,
    measured: ["sharpness/preconditioned", "hessian/eigenvalues", "feature/nfa@second"],
  },
  {
    name: "normalized",
    steps: 3,
    batches: 1,
    measured: ["sharpness/batch", "scale/product@edges", "activation/rms@edges"],
  },
  {
    name: "attention",
    steps: 3,
    batches: 1,
    measured: [
      ...["sharpness/batch", "sharpness/block@query", "sharpness/directional@microBatch"],
      ...["agreement/cka@mixed", "stream/rms"],
    ],
  },
  {
    // More examples than are compared with the initialization, and others at each step.
    name: "batches",
    steps: 6,
    batches: 2,
    measured: [
      ...["sharpness/probe", "loss/probe", "sharpness/preconditioned"],
      ...["agreement/cka@first", "representation/neighbours@second"],
    ],
  },
  {
    name: "minimum",
    steps: 2,
    batches: 1,
    measured: ["learningCoefficient/local", "learningCoefficient/local/null", "learningCoefficient/acceptance"],
  },
];

describe.skipIf(python === undefined)("the same training in TensorFlow.js and PyTorch", () => {
  test.each(pairs)(
    "has the same observables: $name",
    { timeout: 400_000 },
    async ({ name, steps, batches, measured }) => {
      const { tensorflow, torch } = await runPair(name, 1, batches);
      for (const records of [tensorflow, torch]) {
        expect(recordsOf(records, "step")).toHaveLength(steps);
        expect(missing(observationsOf(records), measured)).toEqual([]);
      }
      if (name === "classifier") expectRest(tensorflow, torch);
      expectSameFacts(tensorflow, torch);
      expectSameObservables(tensorflow, torch);
      expectSameMoments(tensorflow, torch);
    },
  );
});

/** Neighbours are measured at the first step and, after a rest of eight, once more, although everything is asked for at every step. */
function expectRest(...runs: readonly (readonly SpoolRecord[])[]): void {
  const steps = runs.map((records) => [
    ...(observationsOf(records).get("representation/neighbours@second")?.keys() ?? []),
  ]);
  expect(steps).toEqual(runs.map(() => [0, 8]));
}

/** Of as many examples or evaluations as two or three seconds allow, or of none on a machine under load. */
const hangsOnTheClock = ["kernel/", "learningCoefficient/"];

function missing(from: ReadonlyMap<string, unknown>, names: Iterable<string>): string[] {
  return [...names].filter((name) => !from.has(name)).sort();
}

function expectSameObservables(first: readonly SpoolRecord[], second: readonly SpoolRecord[]): void {
  const [tensorflow, torch] = [observationsOf(first), observationsOf(second)];
  const only = (names: readonly string[]) =>
    names.filter((name) => !hangsOnTheClock.some((each) => name.startsWith(each)));
  expect(only(missing(torch, tensorflow.keys()))).toEqual(onlyInTensorFlow);
  expect(only(missing(tensorflow, torch.keys()))).toEqual(onlyInTorch);
  for (const [name, ofTensorFlow] of tensorflow) {
    const ofTorch = torch.get(name) ?? new Map<number, Observation>();
    const compare = comparisons.find(([pattern]) => pattern.test(name))?.[1] ?? notCompared;
    const scale = Math.max(...[...ofTensorFlow.values()].flatMap(({ values }) => values).map(Math.abs));
    for (const [step, observation] of ofTensorFlow) {
      const other = ofTorch.get(step);
      // Layers of a network may take turns, as many at a step as half a second allows.
      if (other === undefined) continue;
      const excess = compare(observation, other, scale);
      // Equal numbers differ by nothing, also from nothing.
      if (Number.isNaN(excess) && largestDifference(observation, other) === 0) continue;
      const seen = `${name} at step ${step}: ${observation.values.join()} and ${other.values.join()}`;
      expect(excess, seen).toBeLessThanOrEqual(1);
    }
  }
}

/** Estimates from random directions: on the average over steps, the two differ by no more than their standard errors tell. */
function expectSameMoments(first: readonly SpoolRecord[], second: readonly SpoolRecord[]): void {
  const [tensorflow, torch] = [observationsOf(first), observationsOf(second)];
  for (const name of ["hessian/trace", "hessian/meanEigenvalue", "hessian/rootMeanSquareEigenvalue"]) {
    let [difference, variance] = [0, 0];
    for (const [step, { values, error = 0 }] of tensorflow.get(name) ?? []) {
      const other = torch.get(name)?.get(step);
      difference += (values[0] ?? Number.NaN) - (other?.values[0] ?? Number.NaN);
      variance += error ** 2 + (other?.error ?? 0) ** 2;
    }
    // The directions come from fixed seeds, so that this cannot come out otherwise; standard errors of few samples are themselves rough.
    expect(Math.abs(difference), name).toBeLessThanOrEqual(4 * Math.sqrt(variance));
  }
}

/** What laws know of a run beside its series. */
function expectSameFacts(tensorflow: readonly SpoolRecord[], torch: readonly SpoolRecord[]): void {
  expect(factsOf(torch)).toEqual(factsOf(tensorflow));
}

function factsOf(records: readonly SpoolRecord[]) {
  return {
    parameters: recordsOf(records, "model").map(({ parameters, depth }) => ({ parameters, depth })),
    objectives: recordsOf(records, "objective").map(({ kind, reduction, classes, outputs, regularized }) => {
      return { kind, reduction, classes, outputs, regularized };
    }),
    optimizers: recordsOf(records, "optimizer").map(({ kind, schedule, groups }) => {
      const rates = groups.map(({ parameters, learningRate, beta1, beta2, rho }) => {
        return { parameters, learningRate, beta1, beta2, rho };
      });
      return { kind, schedule, rates, momentum: groups.map(({ momentum = 0 }) => momentum) };
    }),
    data: recordsOf(records, "data").map(({ step, examples, batch, fullBatch }) => {
      return { step, examples, batch, fullBatch };
    }),
  };
}
