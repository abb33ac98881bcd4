/** After how many steps decoupled weight decay has made a weight forget, against the length of training. */
import type { OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import { weightEquilibrium } from "../../theory/hyperparameters/weightEquilibrium.ts";
import { optimizerFacts } from "./optimizerFacts.ts";
import { exactly, notPredicted, type Prediction } from "./prediction.ts";

/**
 * τ = 1/(ηλ) steps (Wang and Aitchison 2024, sec. 3). Undefined for an optimizer without decoupled decay: nothing is to be said of it.
 */
export function decayTimescale(optimizer: OptimizerSketch): Prediction | undefined {
  const decay = optimizer.hyperparameters.weightDecay;
  if (optimizer.weightDecayForm !== "decoupled" || decay === undefined) return undefined;
  const known = optimizerFacts(optimizer);
  if (!known.known) return notPredicted(known.reason, weightEquilibrium);
  const [group, ...others] = known.facts.groups.filter(({ weightDecay = 0 }) => weightDecay > 0);
  if (group === undefined) return undefined;
  const timescale = timescaleOf(group.learningRate, group.weightDecay);
  if (others.some((other) => timescaleOf(other.learningRate, other.weightDecay) !== timescale)) {
    return notPredicted("its groups have timescales of their own", weightEquilibrium);
  }
  if (!Number.isFinite(timescale)) return notPredicted("its learning rate is zero", weightEquilibrium);
  const assumptions =
    known.facts.schedule === "moves" ? ["At the learning rate as written; a smaller one takes longer."] : [];
  return exactly(timescale, "1/(ηλ) steps", assumptions, weightEquilibrium);
}

function timescaleOf(rate: number, decay = 0): number {
  return 1 / (rate * decay);
}
