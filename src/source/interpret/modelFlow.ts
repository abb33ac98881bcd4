/** How values flow through a model whose computation was followed: a chain, or a chain with skip connections. */
import type { SourceRange } from "../places.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { Flow } from "../sketch/modelSketch.ts";
import type { FlowStep } from "./flow.ts";

export interface Residual {
  readonly branch: readonly FlowStep[];
  readonly skip: readonly FlowStep[];
  readonly scale: Known<number>;
  readonly range: SourceRange;
}

interface ModelFlow {
  readonly flow: Known<Flow>;
  readonly residuals: readonly Residual[];
  /** Steps of layers that lie on the way. */
  readonly onTheWay: ReadonlySet<FlowStep>;
}

/** Goes back from the output to the input. */
export function modelFlow(output: FlowStep): ModelFlow {
  const residuals: Residual[] = [];
  const layers = chain(output, undefined, residuals);
  if (typeof layers === "string") return { flow: unstated(layers), residuals: [], onTheWay: new Set() };
  const onTheWay = new Set([...layers, ...residuals.flatMap(({ branch, skip }) => [...branch, ...skip])]);
  const flow: Known<Flow> = {
    known: true,
    value: residuals.length > 0 ? "residual" : "chain",
    basis: "written",
    range: undefined,
  };
  return { flow, residuals: residuals.reverse(), onTheWay };
}

/**
 * The steps of layers after `start` up to `end`, in order, or why it is not such a chain; those of branches and skips beside it go into
 * `residuals`.
 */
function chain(end: FlowStep, start: FlowStep | undefined, residuals: Residual[]): FlowStep[] | string {
  const layers: FlowStep[] = [];
  let step = end;
  while (step !== start) {
    switch (step.what) {
      case "input":
        return start === undefined ? layers.reverse() : "several inputs flow together";
      case "layer": {
        layers.push(step);
        const from = onlyOne(step);
        if (typeof from === "string") return from;
        step = from;
        break;
      }
      case "add": {
        const parting = residual(step, residuals);
        if (typeof parting === "string") return parting;
        if (parting === undefined) return start === undefined ? layers.reverse() : "several inputs flow together";
        step = parting;
        break;
      }
      case "scale":
        return "values are multiplied by a factor on the way";
      case "operation":
        return `values flow through an operation that is not followed (${step.name})`;
      case "lost":
        return step.name;
    }
  }
  return layers.reverse();
}

function onlyOne(step: FlowStep): FlowStep | string {
  const [only, ...others] = step.from;
  return only === undefined || others.length > 0 ? `${step.name} takes several inputs` : only;
}

/**
 * Where the branch and the skip of an addition part, or why it is no skip connection; nowhere, where each looks up rows of a table of its
 * own.
 */
function residual(step: FlowStep, residuals: Residual[]): FlowStep | string | undefined {
  const [first, second, ...more] = step.from;
  if (first === undefined || second === undefined || more.length > 0) return "more than two values are added";
  const [one, other] = [unscaled(first), unscaled(second)];
  if (typeof one === "string") return one;
  if (typeof other === "string") return other;
  const parting = nearestCommon(one.step, other.step);
  const inner: Residual[] = [];
  const ways: (Unscaled & { readonly layers: FlowStep[] })[] = [];
  for (const way of [one, other]) {
    const layers = chain(way.step, parting, inner);
    if (typeof layers === "string") return layers;
    ways.push({ ...way, layers });
  }
  if (parting === undefined && !ways.every(({ layers: [first] }) => isEmbedding(first)))
    return "several inputs are added";
  const [shorter, longer] = ways.toSorted(
    (one, other) => one.layers.length - other.layers.length || Number(one.scaled) - Number(other.scaled),
  );
  if (shorter === undefined || longer === undefined) return "more than two values are added";
  if (shorter.scaled) return "a skip connection is multiplied by a factor";
  // Parts of a branch that has branches of its own come before it, as they are computed.
  residuals.push({ branch: longer.layers, skip: shorter.layers, scale: longer.scale, range: step.range }, ...inner);
  return parting;
}

function isEmbedding(step: FlowStep | undefined): boolean {
  return step?.layer?.describe([undefined]).own.kind === "embedding";
}

interface Unscaled {
  readonly step: FlowStep;
  readonly scale: Known<number>;
  readonly scaled: boolean;
}

/** What a branch is but for the factors that it ends in. */
function unscaled(end: FlowStep): Unscaled | string {
  let scale: Known<number> = ofFramework(1);
  let step = end;
  let scaled = false;
  while (step.what === "scale") {
    const factor: Known<number> = step.factor ?? unstated("the factor is not known");
    // A factor alone keeps its literal.
    scale = scaled ? derived([scale, factor], ([one = 1, other = 1]) => one * other) : factor;
    scaled = true;
    const from = onlyOne(step);
    if (typeof from === "string") return from;
    step = from;
  }
  return { step, scale, scaled };
}

/** The latest step that both come from, or are. */
function nearestCommon(one: FlowStep, other: FlowStep): FlowStep | undefined {
  const ofOne = ancestors(one);
  let latest: FlowStep | undefined;
  for (const step of ancestors(other)) {
    if (ofOne.has(step) && (latest === undefined || step.serial > latest.serial)) latest = step;
  }
  return latest;
}

function ancestors(step: FlowStep): Set<FlowStep> {
  const found = new Set<FlowStep>([step]);
  for (const each of found) for (const from of each.from) found.add(from);
  return found;
}
