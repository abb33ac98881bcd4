import type { ModelFacts, ParameterGroup } from "../facts.ts";
import type { RunView } from "../runView.ts";

/**
 * Whether two runs train the same model on the same loss and as much data with the same optimizer, so that they differ in
 * nothing that is recorded but learning rate, batch and seed.
 */
export function sameTraining(one: RunView, other: RunView): boolean {
  return sameProblem(one, other) && settings(one) === settings(other);
}

/** The same, but for how their optimizers, of one kind, are set. */
export function sameProblem(one: RunView, other: RunView): boolean {
  return sameTask(one, other) && shapesOf(one) === shapesOf(other);
}

/** The same, but for the models, and for how their optimizers, of one kind, are set. */
export function sameTask(one: RunView, other: RunView): boolean {
  const first = task(one);
  return first !== undefined && first === task(other);
}

/** What must agree but the models, as text; undefined while it, or which model is trained, is not known. */
function task({ models, objective, optimizer, data }: RunView): string | undefined {
  if (models.length === 0 || objective === undefined || optimizer === undefined) return undefined;
  const { kind, reduction, classes, outputs, regularized } = objective;
  return JSON.stringify([
    [kind, reduction, classes, outputs, regularized],
    [optimizer.kind, optimizer.groups.length],
    data?.examples,
  ]);
}

function settings({ optimizer }: RunView): string {
  return JSON.stringify(optimizer?.groups.map(besidesRate));
}

function shapesOf({ models }: RunView): string {
  return JSON.stringify(models.map(({ modules }: ModelFacts) => modules.map(({ parameterShapes }) => parameterShapes)));
}

function besidesRate(group: ParameterGroup) {
  return Object.entries(group).filter(([name]) => name !== "learningRate");
}
