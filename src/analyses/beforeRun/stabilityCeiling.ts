/** The largest sharpness at which an optimizer, as written, is stable. */
import { edgeOfStability } from "../../theory/empirical/edgeOfStability.ts";
import { stabilityThreshold } from "../../theory/empirical/stabilityThreshold.ts";
import type { OptimizerFacts } from "../../theory/facts.ts";
import type { OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import { optimizerFacts } from "./optimizerFacts.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";

/** In loss per squared parameter, or per squared preconditioned parameter for an adaptive optimizer. */
export function stabilityCeiling(optimizer: OptimizerSketch): Prediction {
  const known = optimizerFacts(optimizer);
  if (!known.known) return notPredicted(known.reason, edgeOfStability);
  const ceiling = stabilityThreshold(known.facts);
  if (ceiling === undefined) {
    return notPredicted(`theory names no stability limit for ${optimizer.call} as it is set here`, edgeOfStability);
  }
  const preconditioned = ceiling.observable === "sharpness/preconditioned";
  return exactly(
    ceiling.value,
    ceiling.formula,
    [
      preconditioned
        ? "Of the Hessian as the optimizer's own preconditioner scales it, held still for a step."
        : "Of the Hessian of the loss that is stepped on.",
      ...(known.facts.schedule === "moves" ? ["At the learning rate as written; its schedule moves the limit."] : []),
    ],
    edgeOfStability,
  );
}

/**
 * The largest learning rate at which the optimizer is stable at a sharpness, all else as it is; undefined where theory names no
 * limit, or none is stable. The limit falls as the rate rises, whatever the optimizer.
 */
export function largestStableRate(optimizer: OptimizerFacts, sharpness: number): number | undefined {
  if (!(sharpness > 0) || !Number.isFinite(sharpness)) return undefined;
  const isStable = (rate: number) => (stabilityThreshold(optimizer, rate)?.value ?? NaN) >= sharpness;
  let [low, high] = [1e-12, 1e12];
  if (!isStable(low) || isStable(high)) return undefined;
  // Halving the interval of the logarithm to one part in 10¹⁵.
  for (let halving = 0; halving < 60; halving++) {
    const middle = Math.sqrt(low * high);
    if (isStable(middle)) low = middle;
    else high = middle;
  }
  return low;
}
