import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Engine, Tensor } from "../engine.ts";
import { freeMemory } from "../freeMemory.ts";
import { tracedLayers } from "../layerActivations.ts";
import { type OutputHead, outputHead } from "../outputHead.ts";
import type { ProbeSet } from "../probeSet.ts";
import { readFloats } from "../stepView.ts";
import { OutputGradients } from "../trace/outputGradients.ts";
import { permutation } from "../trace/permutation.ts";
import type { Trace } from "../trace/trace.ts";
import type { InitialWeights } from "./initialWeights.ts";
import { type Measurement, type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { chosen } from "./randomMatrix.ts";
import { gramOfRows } from "./symmetric.ts";
import { dot } from "./vectors.ts";

/** Gradients of single outputs that a kernel is made of. */
const mostRows = 200;
const fewestExamples = 5;
const mostBytes = 256 * 1024 * 1024;
/** A kernel that would take longer than this many seconds is of fewer examples. */
const mostSeconds = 2;
/** Of one product in a kernel's inner products. */
const productSeconds = 2e-9;
const shuffles = 19;
/** The first ones take longer than those that follow. */
const timedGradients = 4;

/**
 * The empirical neural tangent kernel K = J·Jᵀ of m examples of the probe set's first batch, J being the derivatives of all their outputs (logits,
 * for a cross-entropy) by all weights (Jacot et al. 2018); at most 200 rows, and as many examples as two seconds allow, the same ones at each measurement:
 *
 * - `kernel/spectrum`: eigenvalues of K/m, descending; `kernel/largest`: the first of them.
 * - `kernel/alignment`: yᵀKy/(‖K‖·‖y‖²), y being the targets less their mean over the examples (Cristianini et al. 2001). Null: mean over
 *   shuffled examples.
 * - `kernel/residual`: (e·r)²/(2m) for each eigenvector e, in the order of the spectrum, r being outputs less targets; of a squared error only.
 * - `kernel/initialResidual`: the same of the residual at the initial weights, along the present kernel's eigenvectors.
 * - `kernel/distance`: ‖K − K₀‖/‖K₀‖, with the kernel of the same examples at the initial weights; from step 1 on.
 */
export function tangentKernel(initial: InitialWeights, probe: ProbeSet): Observable {
  let mostExamples: number | undefined;
  const measure = (step: ObservedStep, trace: Trace, start: Float32Array): Measurement | undefined => {
    const { engine } = step;
    const head = outputHead(tracedLayers(trace));
    const gradients = head && OutputGradients.of(engine, trace, head.product);
    if (head === undefined || gradients === undefined) return undefined;
    const [batch = 0, outputs = 0] = head.outputs.shape;
    mostExamples ??= affordable(gradients, trace, head);
    const examples = chosen(batch, mostExamples);
    if (examples.length < fewestExamples) {
      throw new Unmeasurable(
        "kernel-examples",
        `The tangent kernel is not measured: the batch, or what fits in ${mostSeconds} s and ${mostBytes / 1024 ** 2} MiB, is fewer than ${fewestExamples} examples.`,
      );
    }
    const kernelAt = (at: Parameters<OutputGradients["rows"]>[0]) =>
      kernelOf(gradients.rows(at, unitCoefficients(examples, batch, outputs)), trace.parameterCount);
    const kernel = kernelAt(trace);
    const norm = kernel.norm("frobenius");
    if (!Number.isFinite(norm) || norm === 0) return undefined;
    const { eigenvalues, eigenvectors } = decomposed(kernel);
    const spectrum = eigenvalues.map((each) => each / examples.length);
    const values: Record<string, number> = { "kernel/largest": spectrum[0] ?? 0 };
    const targets = centredTargets(rowsOf(readFloats(engine, head.targets), examples, outputs), outputs);
    const aligned = alignments(kernel, targets, outputs);
    if (aligned !== undefined) {
      values["kernel/alignment"] = aligned.value;
      values["kernel/alignment/null"] = aligned.null;
    }
    const isSquared = tracedLayers(trace).prediction?.kind === "meanSquaredError";
    const residual = (outputs: Tensor | undefined) =>
      isSquared && outputs !== undefined
        ? residualParts(eigenvectors, residualOf(engine, { ...head, outputs }, examples), examples.length)
        : undefined;
    const vectors: Record<string, readonly number[] | undefined> = {
      "kernel/spectrum": spectrum,
      "kernel/residual": residual(head.outputs),
      "kernel/initialResidual": step.step === 0 ? residual(head.outputs) : undefined,
    };
    if (step.step > 0) {
      const point = trace.at(start);
      try {
        const before = kernelAt(point);
        values["kernel/distance"] = Matrix.sub(kernel, before).norm("frobenius") / before.norm("frobenius");
        vectors["kernel/initialResidual"] = residual(point.primal(head.outputsId));
      } finally {
        point.dispose();
      }
    }
    return {
      values,
      vectors: known(vectors),
      sample: examples.length,
      method: `gradients of the ${outputs} outputs for each of ${examples.length} examples, ${probe.describe("first")}`,
    };
  };
  return {
    name: "kernel",
    price: 5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace, engine } = step;
      if (trace === undefined || outputHead(tracedLayers(trace)) === undefined) return undefined;
      const start = initial.of(step, trace);
      probe.look(step, trace);
      return probe.onFirst(engine, trace.weights(), (first) => measure(step, first, start));
    },
  };
}

/** Those that could be measured. */
function known(vectors: Readonly<Record<string, readonly number[] | undefined>>): Record<string, readonly number[]> {
  return Object.fromEntries(
    Object.entries(vectors).flatMap(([name, values]) => (values === undefined ? [] : [[name, values] as const])),
  );
}

/** Examples whose two kernels take bounded time and memory: r gradients and r²/2 inner products each. */
function affordable(gradients: OutputGradients, trace: Trace, { outputs }: OutputHead): number {
  const each = outputs.shape[1] ?? 1;
  let seconds = Infinity;
  let start = performance.now();
  const samples = Array.from({ length: timedGradients }, () => new Float32Array(outputs.size));
  for (const { length } of gradients.rows(trace, samples)) {
    if (length > 0) seconds = Math.min(seconds, (performance.now() - start) / 1000);
    start = performance.now();
  }
  const square = productSeconds * trace.parameterCount;
  const byTime = (Math.sqrt(seconds ** 2 + square * mostSeconds) - seconds) / square;
  const byMemory = Math.min(mostBytes, freeMemory() / 2) / (4 * trace.parameterCount);
  return Math.floor(Math.min(mostRows, byTime, byMemory) / each);
}

function* unitCoefficients(examples: readonly number[], batch: number, outputs: number): Generator<Float32Array> {
  for (const example of examples) {
    for (let output = 0; output < outputs; output++) {
      const coefficients = new Float32Array(batch * outputs);
      coefficients[example * outputs + output] = 1;
      yield coefficients;
    }
  }
}

function kernelOf(rows: Iterable<Float32Array>, columns: number): Matrix {
  const all = [...rows];
  const values = new Float32Array(all.length * columns);
  all.forEach((row, index) => {
    values.set(row, index * columns);
  });
  return gramOfRows({ values, rows: all.length, columns });
}

function decomposed(kernel: Matrix) {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(kernel, { assumeSymmetric: true });
  const order = realEigenvalues
    .map((_, column) => column)
    .toSorted((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  return {
    eigenvalues: order.map((column) => realEigenvalues[column] ?? 0),
    eigenvectors: order.map((column) => eigenvectorMatrix.getColumn(column)),
  };
}

/** Flat [examples, outputs]. */
function centredTargets(targets: readonly number[], outputs: number): number[] {
  const examples = targets.length / outputs;
  const means = Array.from(
    { length: outputs },
    (_, output) => targets.reduce((sum, each, index) => (index % outputs === output ? sum + each : sum), 0) / examples,
  );
  return targets.map((each, index) => each - (means[index % outputs] ?? 0));
}

/** Flat, of some examples. */
function rowsOf(all: Float32Array, examples: readonly number[], outputs: number): number[] {
  return examples.flatMap((example) => Array.from(all.subarray(example * outputs, (example + 1) * outputs)));
}

/** Outputs less targets, flat, of some examples. */
function residualOf(engine: Engine, { outputs, targets }: OutputHead, examples: readonly number[]): number[] {
  const [is, wanted] = [outputs, targets].map((tensor) =>
    rowsOf(readFloats(engine, tensor), examples, outputs.shape[1] ?? 0),
  );
  return (is ?? []).map((each, index) => each - (wanted?.[index] ?? 0));
}

/** Halves of the mean square over the examples, of what of a residual lies along each eigenvector. */
function residualParts(
  eigenvectors: readonly (readonly number[])[],
  residual: readonly number[],
  examples: number,
): number[] {
  return eigenvectors.map((vector) => dot(vector, residual) ** 2 / (2 * examples));
}

function alignments(kernel: Matrix, targets: readonly number[], outputs: number) {
  const squares = targets.reduce((sum, each) => sum + each * each, 0);
  if (squares === 0) return undefined;
  const aligned = (order: readonly number[]) => {
    const y = order.flatMap((example) => targets.slice(example * outputs, (example + 1) * outputs));
    const product = kernel.mmul(Matrix.columnVector(y)).to1DArray();
    return product.reduce((sum, each, index) => sum + each * (y[index] ?? 0), 0) / (kernel.norm("frobenius") * squares);
  };
  const examples = targets.length / outputs;
  const shuffled = Array.from({ length: shuffles }, (_, seed) => aligned(permutation(examples, seed + 1)));
  return {
    value: aligned(Array.from({ length: examples }, (_, index) => index)),
    null: shuffled.reduce((sum, each) => sum + each, 0) / shuffles,
  };
}
