import type { Trace } from "../trace/trace.ts";
import { type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";

/** Bytes of a copy of the initial weights, and of a second set of activations. */
export const mostReplayBytes = 1024 ** 3;

/** The weights of step 0, for what is compared with the initialization. */
export class InitialWeights {
  #flat: Float32Array | undefined;

  /**
   * Keeps the weights at step 0.
   *
   * @throws Unmeasurable where there are no weights of step 0 to compare with, or replaying a step at them takes too much memory.
   */
  of(step: ObservedStep, trace: Trace): Float32Array {
    if (4 * trace.parameterCount + trace.bytesHeld > mostReplayBytes) {
      throw new Unmeasurable(
        "initialization-memory",
        "Nothing is compared with the initialization: it would take more than 1 GiB to keep the initial weights and replay a step at them.",
      );
    }
    if (step.step === 0) this.#flat ??= trace.weights();
    if (this.#flat?.length !== trace.parameterCount) {
      throw new Unmeasurable(
        "initialization-unknown",
        "Nothing is compared with the initialization: the weights of step 0 were not recorded, or there are others now.",
      );
    }
    return this.#flat;
  }
}

/** Measures nothing, but is there at step 0, when what is compared with the initialization is too dear to be measured. */
export function keepInitialWeights(initial: InitialWeights): Observable {
  let isLate = false;
  return {
    name: "initialization",
    price: "free",
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => !isLate,
    measure(step) {
      isLate = true;
      if (step.trace !== undefined && step.step === 0) initial.of(step, step.trace);
      return undefined;
    },
  };
}
