import type { Engine, Tensor } from "./engine.ts";
import type { Optimizer } from "./optimizerHook.ts";
import { optimizerKind } from "./optimizerFacts.ts";

/** State of TensorFlow.js's adaptive optimizers: one slot a variable, in the order of the gradients. */
interface AdaptiveState {
  readonly epsilon?: number | null;
  readonly beta2?: number;
  readonly centered?: boolean;
  readonly accBeta2?: Tensor;
  readonly accumulatedSecondMoment?: readonly Slot[];
  readonly accumulatedMeanSquares?: readonly Slot[];
  readonly accumulatedGrads?: readonly Slot[];
  readonly accumulatedWeightedInfNorm?: readonly Slot[];
}

interface Slot {
  readonly originalName: string;
  readonly variable: Tensor;
}

/**
 * The diagonal P by which the optimizer's last step divided, for each named variable, read after that step; undefined where
 * the optimizer has none or its form is not one of these:
 *
 * - Adam: √(v / (1 − β₂ᵗ)) + ε (Kingma and Ba, 2015, Algorithm 1)
 * - RMSProp, not centred: √(v + ε), as TensorFlow.js has it
 * - Adagrad: √(v + ε) with the backend's ε
 * - Adamax: u + ε; its bias correction belongs to the first moment
 */
export function preconditionerOf(
  engine: Engine,
  optimizer: Optimizer,
): ((variable: string) => Float32Array | undefined) | undefined {
  const state = optimizer as AdaptiveState;
  switch (optimizerKind(optimizer)) {
    case "adam": {
      const { epsilon, beta2, accBeta2 } = state;
      if (typeof epsilon !== "number" || beta2 === undefined || accBeta2 === undefined) return undefined;
      // After a step, accBeta2 holds one factor more than the step's own correction used, and in float32, of which the
      // difference from 1 keeps few digits: the very number has to be found again, not β₂ᵗ.
      const power = Math.fround((engine.readSync(accBeta2.dataId)[0] ?? Number.NaN) / Math.fround(beta2));
      const correction = Math.fround(1 - power);
      return slots(engine, state.accumulatedSecondMoment, (v) => Math.sqrt(v / correction) + epsilon);
    }
    case "rmsprop": {
      const { epsilon } = state;
      if (typeof epsilon !== "number" || state.centered === true) return undefined;
      return slots(engine, state.accumulatedMeanSquares, (v) => Math.sqrt(v + epsilon));
    }
    case "adagrad": {
      const epsilon = (engine.backend as { epsilon?(): number }).epsilon?.();
      return epsilon === undefined ? undefined : slots(engine, state.accumulatedGrads, (v) => Math.sqrt(v + epsilon));
    }
    case "adamax": {
      const { epsilon } = state;
      if (typeof epsilon !== "number") return undefined;
      return slots(engine, state.accumulatedWeightedInfNorm, (u) => u + epsilon);
    }
    case "sgd":
    case "momentum":
    case "adadelta":
    case "adamw":
    case "nadam":
    case "other":
      return undefined;
  }
}

function slots(
  engine: Engine,
  list: readonly Slot[] | undefined,
  divisor: (slot: number) => number,
): (variable: string) => Float32Array | undefined {
  return (name) => {
    const slot = list?.find(({ originalName }) => originalName.slice(0, originalName.lastIndexOf("/")) === name);
    return slot === undefined ? undefined : new Float32Array(engine.readSync(slot.variable.dataId)).map(divisor);
  };
}
