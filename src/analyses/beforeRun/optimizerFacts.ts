/** An optimizer as read off a text, in the form in which theory knows those of runs. */
import type { Known } from "../../source/sketch/known.ts";
import type { Hyperparameters, OptimizerKind, OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import type { OptimizerFacts, ParameterGroup, OptimizerKind as TheoryKind } from "../../theory/facts.ts";

/** `reason` says why it is not known, as the second half of a sentence. */
export type KnownOptimizer =
  { readonly known: true; readonly facts: OptimizerFacts } | { readonly known: false; readonly reason: string };

/** What the laws go by, with the words for it; the others steer what they do not ask about. */
const needed = {
  learningRate: "learning rate",
  momentum: "momentum",
  dampening: "dampening",
  nesterov: "form of momentum",
  beta1: "β₁",
  centered: "form",
  weightDecay: "weight decay",
} as const;

/** Unknown where a hyperparameter is that it has and the laws go by. Its groups' sizes are not: they stand as 0. */
export function optimizerFacts(sketch: OptimizerSketch): KnownOptimizer {
  const own = sketch.hyperparameters;
  const sets =
    sketch.groups.length === 0 ? [own] : sketch.groups.map((group) => ({ ...own, ...group.hyperparameters }));
  for (const set of sets) {
    for (const name of namesOf(needed)) {
      const value = set[name];
      if (value?.known === false) return { known: false, reason: `its ${needed[name]} is not known: ${value.reason}` };
    }
  }
  const facts: OptimizerFacts = {
    id: sketch.call,
    kind: kindOf(sketch.kind, sets),
    name: sketch.call,
    groups: sets.map((set) => groupOf(set, sketch.weightDecayForm)),
    schedule: sketch.schedules.length === 0 ? "constant" : "moves",
  };
  return { known: true, facts };
}

function namesOf(words: typeof needed): (keyof typeof needed)[] {
  return Object.keys(words) as (keyof typeof needed)[];
}

/** Dampening averages the momentum, which is another recurrence. */
function kindOf(kind: OptimizerKind, sets: readonly Hyperparameters[]): TheoryKind {
  if (kind === "lbfgs" || sets.some(({ dampening }) => (valueOf(dampening) ?? 0) !== 0)) return "other";
  return kind;
}

function groupOf(set: Hyperparameters, decayForm: OptimizerSketch["weightDecayForm"]): ParameterGroup {
  return {
    parameters: 0,
    learningRate: valueOf(set.learningRate) ?? NaN,
    momentum: valueOf(set.momentum),
    nesterov: valueOf(set.nesterov),
    beta1: valueOf(set.beta1),
    beta2: valueOf(set.beta2),
    rho: valueOf(set.rho),
    centered: valueOf(set.centered),
    epsilon: valueOf(set.epsilon),
    weightDecay: valueOf(set.weightDecay),
    weightDecayForm: decayForm,
  };
}

function valueOf<T>(value: Known<T> | undefined): T | undefined {
  return value?.known === true ? value.value : undefined;
}
