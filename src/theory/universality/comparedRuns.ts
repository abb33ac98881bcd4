/** Earlier runs whose representations can be compared with this run's, and how far they agree. */
import type { ModelFacts } from "../facts.ts";
import { widthGrowth } from "../hyperparameters/growth.ts";
import { partnersOf } from "../hyperparameters/sameCurve.ts";
import { sameProblem } from "../hyperparameters/sameTraining.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView, VectorPoint } from "../runView.ts";
import { beganElsewhere } from "./beganElsewhere.ts";
import {
  agreementOf,
  neighbourhoodsOf,
  sharedExamples,
  type Agreement,
  type Neighbourhoods,
} from "./neighbourhoods.ts";

export const neighboursPrefix = "representation/neighbours@";

const examplesName = "representation/examples";

/** Examples in common below which a share of neighbours says little. */
export const leastShared = 64;

/** Part of a run's steps from which on a representation is as it ended. */
export const late = 0.6;

/** Parts of an earlier run's steps between which another is as long. */
const [shortest, longest] = [0.8, 1.25];

/** So many pairs of them are six. */
const mostRuns = 4;

/** An earlier run of the same network, and how wide it is beside this one. */
export interface Compared {
  readonly view: RunView;
  readonly width: number;
}

export function isAsLong(steps: number, other: number): boolean {
  return steps >= shortest * other && steps <= longest * other;
}

/** Layers whose neighbourhoods are recorded, but for the last one, whose outputs the task says. */
export function hiddenLayers(view: RunView): readonly string[] {
  const matrices = view.models.flatMap(({ modules }) =>
    modules.filter(({ parameterShapes }) => parameterShapes.some(({ length }) => length >= 2)),
  );
  const last = matrices.at(-1)?.path;
  return view
    .vectorNames()
    .filter((name) => name.startsWith(neighboursPrefix))
    .map((name) => name.slice(neighboursPrefix.length))
    .filter((layer) => layer !== last);
}

/**
 * The newest earlier runs of the same network, at this or other widths, on the same task and on as many of the same examples as are needed,
 * that are not known to have begun at the weights of another one, and were as long as the newest of them, which comes first.
 */
export const comparedRuns = oncePer((view: RunView): readonly Compared[] => {
  if (hiddenLayers(view).length === 0) return [];
  const runs: Compared[] = [];
  const own = lastExamples(view);
  const isOther = (other: RunView) =>
    [view, ...runs.map((each) => each.view)].every((each) => beganElsewhere(each, other) !== false);
  for (const { view: other, growth } of partnersOf(view, sizeBeside)) {
    const isFit = isAsLong(other.step, runs[0]?.view.step ?? other.step);
    if (isFit && isOther(other) && sharedExamples(own, lastExamples(other)) >= leastShared) {
      runs.push({ view: other, width: 1 / growth.factor });
    }
    if (runs.length === mostRuns) break;
  }
  return runs;
});

function sizeBeside(view: RunView, other: RunView): { readonly factor: number } | undefined {
  if (modulesOf(view) !== modulesOf(other)) return undefined;
  return sameProblem(view, other) ? { factor: 1 } : widthGrowth(view, other);
}

/** Told once of each model. */
const texts = new WeakMap<ModelFacts, string>();

function modulesOf({ models }: RunView): string {
  const of = (model: ModelFacts) => {
    const text =
      texts.get(model) ?? JSON.stringify(model.modules.map((each) => [each.path, each.kind, each.activation]));
    texts.set(model, text);
    return text;
  };
  return models.map(of).join();
}

function lastExamples(view: RunView): readonly number[] {
  return view.vectors(examplesName).at(-1)?.values ?? [];
}

/** Each recorded list is read once. */
const read = new WeakMap<VectorPoint, { readonly as: Neighbourhoods | undefined }>();

/** A layer's newest neighbourhoods, if they were measured at some step or later. */
export function newestNeighbourhoods(view: RunView, layer: string, from: number): Neighbourhoods | undefined {
  const point = view.vectors(neighboursPrefix + layer).at(-1);
  if (point === undefined || point.step < from) return undefined;
  let entry = read.get(point);
  if (entry === undefined) {
    const examples = view.vectors(examplesName).findLast(({ step }) => step <= point.step);
    read.set(point, (entry = { as: examples && neighbourhoodsOf(examples.values, point.values) }));
  }
  return entry.as;
}

/** As an ended run left them. */
export function lastNeighbourhoods(view: RunView, layer: string): Neighbourhoods | undefined {
  return newestNeighbourhoods(view, layer, late * view.step);
}

type Found = WeakMap<Neighbourhoods, { readonly agreement: Agreement | undefined }>;

/** Of lists that stay as they are, each pair once. */
const compared = new WeakMap<Neighbourhoods, Found>();

/** How far two agree; undefined where there are too few examples that both have. */
export function comparison(one: Neighbourhoods | undefined, other: Neighbourhoods | undefined): Agreement | undefined {
  if (one === undefined || other === undefined) return undefined;
  const before: Found = compared.get(one) ?? new WeakMap();
  compared.set(one, before);
  let entry = before.get(other);
  if (entry === undefined) before.set(other, (entry = { agreement: agreementOf(one, other) }));
  const { agreement } = entry;
  return agreement !== undefined && agreement.shared >= leastShared ? agreement : undefined;
}
