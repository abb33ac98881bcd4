/** Puts what was followed of a model into a sketch. */
import type { SourcePosition, SourceRange } from "../places.ts";
import { unstated, type Known } from "../sketch/known.ts";
import type { LayerSketch } from "../sketch/layerSketch.ts";
import type { Flow, ModelForm, ModelSketch, ResidualSketch } from "../sketch/modelSketch.ts";
import { shapeOf, type Dims, type FlowStep } from "./flow.ts";
import type { LayerObject, LayerOwn } from "./layerObject.ts";
import { modelFlow, type Residual } from "./modelFlow.ts";

interface FollowedModel {
  readonly name: string | undefined;
  readonly form: ModelForm;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly inputDims: Dims | undefined;
  /** All that was computed, in order. */
  readonly trace: readonly FlowStep[];
  /** What comes out of it, or why that is not known. */
  readonly output: FlowStep | string;
  /** Layers that belong to it, whether computed or not, each with its path. */
  readonly owned: readonly { readonly layer: LayerObject; readonly path: string | undefined }[];
  /** Why layers may be missing. */
  readonly missed: string | undefined;
  /** Why its weights may begin in another way. */
  readonly changed: string | undefined;
}

/** A computation of more layers than this is not written by hand. */
const mostLayers = 2000;

export function sketchOf(model: FollowedModel): ModelSketch {
  const steps = model.trace.filter((step) => step.what === "layer" && step.layer !== undefined);
  const computed = new Set(steps.map((step) => step.layer));
  const paths = new Map(model.owned.map(({ layer, path }) => [layer, path]));
  const layers: LayerSketch[] = [];
  const firstOf = new Map<LayerObject, number>();
  const add = (layer: LayerObject, step: FlowStep | undefined) => {
    const inputs = step?.from.map((each) => each.dims) ?? [undefined];
    const { own, output } = layer.describe(inputs);
    const first = firstOf.get(layer);
    firstOf.set(layer, first ?? layers.length);
    const path = paths.get(layer);
    const placed = {
      // A layer that is the whole model has no path in it.
      name: path === undefined || path === "" ? layer.making.name : path,
      call: layer.making.call,
      range: step !== undefined && !paths.has(layer) ? step.range : layer.making.range,
      inputShape: shapeOf(inputs.length === 1 ? inputs[0] : undefined),
      outputShape: shapeOf(output),
      sharedWith: hasWeights(own) ? first : undefined,
      used: step !== undefined,
    };
    layers.push({ ...own, ...placed });
  };
  for (const step of steps) if (step.layer !== undefined) add(step.layer, step);
  for (const { layer } of model.owned) {
    if (!computed.has(layer) && hasWeights(layer.describe([undefined]).own)) add(layer, undefined);
  }
  const halfTied = tie([...firstOf], layers);
  const { flow, residuals } = flowOf(model, steps, layers);
  const tooMany = layers.length > mostLayers ? "more layers than are followed" : undefined;
  return {
    name: model.name,
    form: model.form,
    range: model.range,
    statement: model.statement,
    inputShape: shapeOf(model.inputDims),
    layers: layers.slice(0, mostLayers),
    complete: so(
      model.missed ?? halfTied ?? tooMany,
      [...firstOf.keys()].some(({ making }) => making.basis === "default"),
    ),
    flow,
    residuals,
    fresh: so(
      model.changed ?? [...firstOf.keys()].map(({ handedOver }) => handedOver).find((each) => each !== undefined),
    ),
  };
}

const shared = "layers share some of their weights";

/** Why it may have other weights than its kind has, or a part of it. */
function alterationOf({ altered, making }: LayerObject): string | undefined {
  if (altered !== undefined) return altered;
  const parts = making.parts ?? [];
  return parts
    .map(([, part]) => (part.tiedTo === undefined ? alterationOf(part) : shared))
    .find((each) => each !== undefined);
}

/** Marks layers that have the weight of another one for their own; says so where they have others besides. */
function tie(firstOf: readonly (readonly [LayerObject, number])[], layers: LayerSketch[]): string | undefined {
  for (const [layer, index] of firstOf) {
    const { tiedTo } = layer;
    const altered = alterationOf(layer);
    if (altered !== undefined) return altered;
    const untrained = [...layer.making.weights.values()].find((weight) => weight.untrained !== undefined);
    if (untrained !== undefined) return untrained.untrained;
    if (tiedTo === undefined) continue;
    const other = firstOf.find(([each]) => each !== layer && [...each.making.weights.values()].includes(tiedTo))?.[1];
    const [earlier, later] = other === undefined || other > index ? [index, other] : [other, index];
    const sketch = later === undefined ? undefined : layers[later];
    if (later === undefined || sketch === undefined) return `${layer.making.call} has a weight from elsewhere`;
    if (sketch.kind !== "embedding" && !(sketch.kind === "dense" && sketch.bias.known && !sketch.bias.value)) {
      return shared;
    }
    layers[later] = { ...sketch, sharedWith: earlier };
  }
  return undefined;
}

/** True, unless there is a reason why it cannot be known. */
function so(reason: string | undefined, byDefault = false): Known<true> {
  if (reason !== undefined) return unstated(reason);
  return { known: true, value: true, basis: byDefault ? "default" : "written", range: undefined };
}

function flowOf(
  model: FollowedModel,
  steps: readonly FlowStep[],
  layers: readonly LayerSketch[],
): { flow: Known<Flow>; residuals: readonly ResidualSketch[] } {
  if (typeof model.output === "string") return { flow: unstated(model.output), residuals: [] };
  const { flow, residuals, onTheWay } = modelFlow(model.output);
  if (!flow.known) return { flow, residuals: [] };
  if (model.missed !== undefined) return { flow: unstated(model.missed), residuals: [] };
  const aside = steps.find((step, index) => !onTheWay.has(step) && layers[index]?.kind !== "merge");
  if (aside !== undefined) return { flow: unstated(`what ${aside.name} gives is used in another way`), residuals: [] };
  return { flow, residuals: residuals.flatMap((each) => residualSketch(each, steps)) };
}

function residualSketch(residual: Residual, steps: readonly FlowStep[]): ResidualSketch[] {
  const branch = residual.branch.map((step) => steps.indexOf(step));
  if (branch.length === 0) return [];
  const skip = residual.skip.map((step) => steps.indexOf(step));
  return [
    {
      first: Math.min(...branch),
      last: Math.max(...branch),
      scale: residual.scale,
      kind: skip.length > 0 ? "projection" : "identity",
      skip,
      range: residual.range,
    },
  ];
}

/** Whether a layer has trained weights, or may have. */
export function hasWeights(layer: LayerOwn): boolean {
  switch (layer.kind) {
    case "dense":
    case "convolution":
    case "embedding":
    case "normalization":
    case "recurrent":
    case "attention":
    case "parameter":
      return true;
    case "activation":
      return layer.slopes.known ? layer.slopes.value > 0 : true;
    case "other":
      return !layer.weightless;
    case "dropout":
    case "pooling":
    case "reshape":
    case "merge":
      return false;
  }
}
