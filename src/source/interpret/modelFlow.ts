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

class NotFollowed extends Error {}

/** Goes back from the output to the input. */
export function modelFlow(output: FlowStep): ModelFlow {
  const residuals: Residual[] = [];
  try {
    const layers = chain(output, undefined, residuals);
    const onTheWay = new Set([...layers, ...residuals.flatMap(({ branch, skip }) => [...branch, ...skip])]);
    const flow: Known<Flow> = {
      known: true,
      value: residuals.length > 0 ? "residual" : "chain",
      basis: "written",
      range: undefined,
    };
    return { flow, residuals: residuals.reverse(), onTheWay };
  } catch (error) {
    if (!(error instanceof NotFollowed)) throw error;
    return { flow: unstated(error.message), residuals: [], onTheWay: new Set() };
  }
}

/** The steps of layers after `start` up to `end`, in order; those of branches and skips beside the chain go into `residuals`. */
function chain(end: FlowStep, start: FlowStep | undefined, residuals: Residual[]): FlowStep[] {
  const layers: FlowStep[] = [];
  let step = end;
  while (step !== start) {
    switch (step.what) {
      case "input":
        if (start !== undefined) throw new NotFollowed("several inputs flow together");
        return layers.reverse();
      case "layer":
        layers.push(step);
        step = onlyOne(step);
        break;
      case "add": {
        const parting = residual(step, residuals);
        if (parting === undefined) {
          if (start !== undefined) throw new NotFollowed("several inputs flow together");
          return layers.reverse();
        }
        step = parting;
        break;
      }
      case "scale":
        throw new NotFollowed("values are multiplied by a factor on the way");
      case "operation":
        throw new NotFollowed(`values flow through an operation that is not followed (${step.name})`);
      case "lost":
        throw new NotFollowed(step.name);
    }
  }
  return layers.reverse();
}

function onlyOne(step: FlowStep): FlowStep {
  const [only, ...others] = step.from;
  if (only === undefined || others.length > 0) throw new NotFollowed(`${step.name} takes several inputs`);
  return only;
}

/** Where the branch and the skip of an addition part; nowhere, where each looks up rows of a table of its own. */
function residual(step: FlowStep, residuals: Residual[]): FlowStep | undefined {
  const [first, second, ...more] = step.from;
  if (first === undefined || second === undefined || more.length > 0)
    throw new NotFollowed("more than two values are added");
  const [one, other] = [unscaled(first), unscaled(second)];
  const parting = nearestCommon(one.step, other.step);
  const inner: Residual[] = [];
  const ways = [one, other].map((way) => ({ ...way, layers: chain(way.step, parting, inner) }));
  if (parting === undefined && !ways.every(({ layers: [first] }) => isEmbedding(first)))
    throw new NotFollowed("several inputs are added");
  const [shorter, longer] = ways.toSorted(
    (one, other) => one.layers.length - other.layers.length || Number(one.scaled) - Number(other.scaled),
  );
  if (shorter === undefined || longer === undefined) throw new NotFollowed("more than two values are added");
  if (shorter.scaled) throw new NotFollowed("a skip connection is multiplied by a factor");
  // Parts of a branch that has branches of its own come before it, as they are computed.
  residuals.push({ branch: longer.layers, skip: shorter.layers, scale: longer.scale, range: step.range }, ...inner);
  return parting;
}

function isEmbedding(step: FlowStep | undefined): boolean {
  return step?.layer?.describe([undefined]).own.kind === "embedding";
}

/** Factors that a branch ends in. */
function unscaled(end: FlowStep): { step: FlowStep; scale: Known<number>; scaled: boolean } {
  let scale: Known<number> = ofFramework(1);
  let step = end;
  let scaled = false;
  while (step.what === "scale") {
    const factor: Known<number> = step.factor ?? unstated("the factor is not known");
    // A factor alone keeps its literal.
    scale = scaled ? derived([scale, factor], ([one = 1, other = 1]) => one * other) : factor;
    scaled = true;
    step = onlyOne(step);
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
