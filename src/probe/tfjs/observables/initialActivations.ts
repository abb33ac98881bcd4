import { activationMoments } from "./activationMoments.ts";
import type { Observable } from "./observable.ts";

/** `activation/rms@layer` and `stream/rms` of the first step, which theory forecasts, whether or not the budget has come to activations by then. */
export function initialActivations(): Observable {
  let isLate = false;
  return {
    name: "activation/initial",
    price: "free",
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => !isLate,
    measure(step) {
      isLate = true;
      const measured = step.step === 0 ? activationMoments.measure(step) : undefined;
      if (measured === undefined) return undefined;
      const sizes = Object.entries(measured.values).filter(([name]) => name.startsWith("activation/rms@"));
      const { vectors, method } = measured;
      return { values: Object.fromEntries(sizes), ...(vectors !== undefined && { vectors }), method };
    },
  };
}
