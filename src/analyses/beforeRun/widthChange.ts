/** What a wider or deeper network than one that is known would need, so that what was found for that one holds for it. */
import type { OptimizerFacts } from "../../theory/facts.ts";
import { branchMultiplier, transferDepth } from "../../theory/hyperparameters/depthTransfer.ts";
import { transferWidth, type LayerRole, type UpdateKind } from "../../theory/hyperparameters/widthTransfer.ts";
import { batchRule } from "../../theory/hyperparameters/batchTransfer.ts";

/** One of the things to set, and the factor on it. */
export interface Asked {
  /** As "the learning rate of hidden matrices". */
  readonly what: string;
  readonly factor: number;
}

const roles: readonly (readonly [role: LayerRole, name: string])[] = [
  ["input", "the first matrix"],
  ["hidden", "hidden matrices"],
  ["readout", "the last matrix"],
  ["vector", "biases and gains"],
];

/** How an optimizer's update goes with the gradient; undefined for one of which no rule is known. */
function updateKind({ kind }: OptimizerFacts): UpdateKind | undefined {
  const rule = batchRule(kind);
  return rule === undefined ? undefined : rule === "linear" ? "descent" : "adaptive";
}

/**
 * What μP asks for at `factor` times the width (see `transferWidth`): factors other than 1, of rates those that several roles share told once. Of
 * fresh weights they are over what is drawn in proportion to 1/√inputs, as frameworks do. Undefined for optimizers of which no rule is known.
 */
export function askedByWidth(optimizer: OptimizerFacts, factor: number): readonly Asked[] | undefined {
  const update = updateKind(optimizer);
  if (update === undefined) return undefined;
  const changes = roles.map(([role, name]) => {
    return { name, change: transferWidth(update, role, { inputs: factor, units: factor }) };
  });
  const byFactor = Map.groupBy(changes, ({ change }) => change.learningRate);
  const rates = [...byFactor].map(([rate, all]) => ({
    what: `the learning rate of ${all.map(({ name }) => name).join(", ")}`,
    factor: rate,
  }));
  const readout = transferWidth(update, "readout", { inputs: factor, units: 1 });
  const epsilon = changes[0]?.change.epsilon ?? 1;
  const decays = optimizer.groups.some(({ weightDecay = 0 }) => weightDecay > 0);
  const hiddenDecay = changes.find(({ name }) => name === "hidden matrices")?.change.weightDecay ?? 1;
  return [
    ...rates,
    { what: "fresh weights of the last matrix", factor: readout.initialScale * Math.sqrt(factor) },
    { what: "what the last layer gives", factor: readout.multiplier },
    ...(update === "adaptive" ? [{ what: "ε", factor: epsilon }] : []),
    ...(decays ? [{ what: "the weight decay of hidden matrices", factor: hiddenDecay }] : []),
  ].filter((asked) => asked.factor !== 1);
}

/** What CompleteP asks for at `factor` times the depth; undefined for optimizers that are not adaptive, of which it does not speak. */
export function askedByDepth(optimizer: OptimizerFacts, factor: number): readonly Asked[] | undefined {
  if (optimizer.kind !== "adam" && optimizer.kind !== "adamw") return undefined;
  const growth = { width: 1, depth: factor };
  return [
    { what: "what each block adds", factor: branchMultiplier(growth) },
    { what: "ε within blocks", factor: transferDepth("hidden", true, growth).epsilon },
  ];
}
