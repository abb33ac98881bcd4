import type { ProbeSet } from "../probeSet.ts";
import { addScaled } from "../trace/krylovSpace.ts";
import { type CurvatureSource, measureSharpness } from "../trace/sharpness.ts";
import type { Trace } from "../trace/trace.ts";
import { optimizerKind } from "../optimizerFacts.ts";
import { preconditionerOf } from "../preconditioner.ts";
import { requireTangentRules } from "./hessian.ts";
import { hasBatchesApart, sampleOf } from "./probeLoss.ts";
import { Unmeasurable, type Measurement, type Observable, type ObservedStep } from "./observable.ts";

/** Optimizers of TensorFlow.js that divide by a diagonal. */
const adaptive: ReadonlySet<string> = new Set(["adam", "adamax", "rmsprop", "adagrad"]);

/** Relative accuracy of a measured eigenvalue. */
const tolerance = 1e-3;

/**
 * One measurement in so many is begun at random: where a third eigenvalue overtakes the two that are followed, it may be missed
 * for as long as the products hardly show it.
 */
const measurementsPerColdStart = 8;

/** `sharpness/batch`: largest algebraic eigenvalue of the Hessian of the loss that was stepped on. */
export function batchSharpness(): Observable {
  const eigenvalue = new WarmEigenvalue("sharpness/batch");
  return {
    name: "sharpness/batch",
    price: "sharpness",
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure: ({ trace }) => (trace === undefined ? undefined : eigenvalue.measure(trace, undefined)),
  };
}

/**
 * `sharpness/preconditioned`: largest eigenvalue of P^(−1/2)·H·P^(−1/2), with the diagonal P that this step's update divided by
 * (Cohen et al. 2022, eq. 2).
 */
export function preconditionedSharpness(): Observable {
  const eigenvalue = new WarmEigenvalue("sharpness/preconditioned");
  return {
    name: "sharpness/preconditioned",
    price: "sharpness",
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: (optimizer) => optimizer !== undefined && adaptive.has(optimizerKind(optimizer)),
    measure(step) {
      const preconditioner = flatPreconditioner(step);
      return step.trace === undefined || preconditioner === undefined
        ? undefined
        : eigenvalue.measure(step.trace, preconditioner);
    },
  };
}

/**
 * `sharpness/probe`: largest eigenvalue of the Hessian of the mean loss over the batches of the probe set, at the weights before the
 * step. Where all steps see the same batch it would be `sharpness/batch`, and is left out.
 */
export function probeSharpness(probe: ProbeSet): Observable {
  const eigenvalue = new WarmEigenvalue("sharpness/probe");
  return {
    name: "sharpness/probe",
    price: 4,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace, engine } = step;
      if (trace === undefined || !hasBatchesApart(probe, step, trace)) return undefined;
      return probe.onAll(engine, trace.weights(), (traces) => {
        const measured = eigenvalue.measure(meanOver(traces), undefined);
        return { ...measured, ...sampleOf(probe), method: `${measured.method}, ${probe.describe("all")}` };
      });
    },
  };
}

/** The mean of several losses of the same weights. */
function meanOver(traces: readonly Trace[]): Curvature {
  return {
    parameterCount: traces[0]?.parameterCount ?? 0,
    unsupported: traces[0]?.unsupported ?? [],
    hessianVector(direction) {
      const mean = new Float64Array(direction.length);
      for (const trace of traces) addScaled(mean, trace.hessianVector(direction), 1 / traces.length);
      return Float32Array.from(mean);
    },
  };
}

type Curvature = CurvatureSource & Pick<Trace, "unsupported">;

class WarmEigenvalue {
  readonly #name: string;
  #starts: readonly Float32Array[] = [];
  #measurements = 0;

  constructor(name: string) {
    this.#name = name;
  }

  measure(trace: Curvature, preconditioner: Float32Array | undefined): Measurement {
    requireTangentRules(trace);
    const isCold = this.#measurements++ % measurementsPerColdStart === 0;
    const starts = isCold ? [] : this.#starts.filter(({ length }) => length === trace.parameterCount);
    const sharpness = measureSharpness(trace, { tolerance, starts, preconditioner });
    this.#starts = sharpness.nextStarts;
    if (!sharpness.converged) {
      throw new Unmeasurable(
        "sharpness-not-converged",
        `${this.#name} was left out at some steps: ${sharpness.products} Hessian-vector products were not enough for an accuracy of ${100 * tolerance} %.`,
      );
    }
    return {
      values: { [this.#name]: sharpness.value },
      error: { [this.#name]: sharpness.error },
      method: `Lanczos, ${sharpness.products} Hessian-vector ${sharpness.products === 1 ? "product" : "products"}, ${starts.length === 0 ? "cold" : "warm"} start`,
    };
  }
}

/** The preconditioner in the order of the trace's variables. */
function flatPreconditioner({ engine, optimizer, trace }: ObservedStep): Float32Array | undefined {
  const of = optimizer === undefined ? undefined : preconditionerOf(engine, optimizer);
  if (of === undefined || trace === undefined) return undefined;
  const flat = new Float32Array(trace.parameterCount);
  let offset = 0;
  for (const { name, size } of trace.variables) {
    const part = of(name);
    if (part?.length !== size) return undefined;
    flat.set(part, offset);
    offset += size;
  }
  return flat;
}
