import { adaptiveAngle, equilibriumWeight } from "../../../src/theory/hyperparameters/weightEquilibrium.ts";
import { decayingWeights } from "../../unit/streams/decayingWeights.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";
import { meanOf } from "./statistics.ts";

const [rate, decay, beta1] = [1e-3, 0.1, 0.9];

/** In steps, two times 1/(ηλ), of which the second is looked at. */
const [weights, steps] = [800, 20_000];

/** Of the norm and the rotation of weights without a scale under AdamW (Kosson et al. 2023). */
export function quotedOfWeightEquilibrium(): QuotedNumber[] {
  const weight = equilibriumWeight(rate, decay);
  const theory = { weight, angle: adaptiveAngle(rate, (1 - beta1) / (1 + beta1), weight) };
  const records = decayingWeights({ rate, decay, weights, steps, initial: theory.weight, every: 50 });
  const late = (name: string) =>
    meanOf(
      records.flatMap((record) =>
        record.t === "measure" && record.step >= steps / 2 ? (record.values[name] ?? []) : [],
      ),
    );
  const [ofWeight, ofAngle] = [
    "root mean square of a weight in equilibrium, η = 1e-3, λ = 0.1, β₁ = 0.9",
    "angle of a step in equilibrium, η = 1e-3, λ = 0.1, β₁ = 0.9",
  ];
  const by = `AdamW on ${weights} weights, mean over ${steps / 2} steps`;
  // ‖w‖² of N weights varies by √(2/N) within 1/(2ηλ) steps, ‖w‖ by half of that and its mean over twice as long by three quarters: 1.9 %; two of it.
  const scatter = 0.038;
  return [
    ...byTheory(0.5e-4, [[ofWeight, 0.0707, theory.weight]]),
    {
      what: ofWeight,
      ...{ by, quoted: 0.0709, within: scatter * theory.weight },
      found: late("weight/norm@a") / Math.sqrt(weights),
    },
    ...byTheory(0.5e-5, [[ofAngle, 0.00324, theory.angle]]),
    { what: ofAngle, ...{ by, quoted: 0.00323, within: scatter * theory.angle }, found: late("update/angle@a") },
  ];
}
