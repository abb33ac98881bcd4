/** Models of PyTorch, put into sketches when all of a script is read. */
import { Instance } from "../interpret/classObject.ts";
import { Closure } from "../interpret/closure.ts";
import { batchExtent, Tensor, Weight, type Dims, type FlowStep } from "../interpret/flow.ts";
import { Given, noNames } from "../interpret/given.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import { hasWeights, sketchOf } from "../interpret/modelSketching.ts";
import type { Reading } from "../interpret/reading.ts";
import { Cell, itemsOf, unknown, type ObjectValue, type Value } from "../interpret/value.ts";
import type { SourcePosition, SourceRange } from "../places.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import { seenInput } from "./seenInputs.ts";
import { isModule, missingFrom, modulesOf, partsOf, TorchContainer } from "./torchModules.ts";
import type { TorchTensors } from "./torchTensors.ts";

/** A module that the script makes; it is a model of its own unless it turns out to be part of another one. */
export function findModel(
  reading: Reading,
  tensors: TorchTensors,
  module: Instance | TorchContainer | LayerObject,
  given: Given | undefined,
): void {
  // Of all others this is told when they are made.
  if (module instanceof LayerObject && reading.models.some(({ value }) => value === module)) return;
  reading.models.push({
    value: module,
    sketch: () => {
      if (isPart(reading, module)) return undefined;
      const sketch = sketchModule(reading, tensors, module, given);
      // What has no weights is a part of a model, or a loss.
      return sketch.complete.known && !sketch.layers.some(hasWeights) ? undefined : sketch;
    },
  });
}

const partsOfModels = new WeakMap<Reading, ReadonlySet<Value>>();

/** Asked when all of the script is read: from then on nothing changes. */
function isPart(reading: Reading, module: ObjectValue): boolean {
  let parts = partsOfModels.get(reading);
  if (parts === undefined) {
    const within = Cell.unwatched(() =>
      reading.models.flatMap(({ value }) => modulesOf(value).filter((each) => each.module !== value)),
    );
    parts = new Set(within.map((each) => each.module));
    partsOfModels.set(reading, parts);
  }
  return parts.has(module);
}

interface Place {
  readonly name: string | undefined;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
}

function placeOf(module: Instance | TorchContainer | LayerObject, given: Given | undefined): Place {
  if (module instanceof Instance) {
    const { name, range, statement } = module.of.making;
    return { name, range, statement };
  }
  if (module instanceof TorchContainer) {
    const { range, statement, assignedTo } = module.given;
    return { name: assignedTo, range, statement };
  }
  const { range } = module.making;
  return { name: undefined, range, statement: given?.statement ?? range.start };
}

function sketchModule(
  reading: Reading,
  tensors: TorchTensors,
  module: Instance | TorchContainer | LayerObject,
  given: Given | undefined,
): ModelSketch {
  const place = placeOf(module, given);
  const dims = seenInput(module) ?? undefined;
  const { result, trace, missed } = reading.traced(() => compute(reading, tensors, module, dims, place));
  const modules = modulesOf(module);
  const owned = modules.flatMap(({ path, module: each }) =>
    each instanceof LayerObject ? [{ layer: each, path }] : [],
  );
  // A layer stands for its parts, or they for it.
  const within = new Set(
    owned
      .flatMap(({ layer: { making } }) => (making.compute === undefined ? (making.parts ?? []) : []))
      .map(([, part]) => part),
  );
  const whole = owned.filter(({ layer }) => layer.making.compute === undefined && !within.has(layer));
  const own = new Set(whole.map(({ layer }) => layer));
  const weights = modules.flatMap(({ module: each }) =>
    partsOf(each).flatMap(([, value]) => (value instanceof Weight ? [value] : [])),
  );
  const byHand = new Set(weights.flatMap(({ layer }) => layer ?? []));
  const foreign = trace.some(
    ({ layer }) =>
      layer !== undefined && !own.has(layer) && !byHand.has(layer) && hasWeights(layer.describe([undefined]).own),
  );
  const idle = weights.some(({ layer }) => layer === undefined);
  return sketchOf({
    ...place,
    form: module instanceof TorchContainer ? "sequential" : "module",
    inputDims: dims,
    trace,
    output: result,
    owned: whole,
    missed:
      missingFrom(module) ??
      missed ??
      (foreign
        ? "it computes with layers that do not belong to it"
        : idle
          ? "it has weights whose use is not followed"
          : undefined),
    changed: changedOf(module) ?? copiesAmong(whole.map(({ layer }) => layer)),
  });
}

function compute(
  reading: Reading,
  tensors: TorchTensors,
  module: Instance | TorchContainer | LayerObject,
  dims: Dims | undefined,
  place: Place,
): FlowStep | string {
  const input = tensors.make(
    reading.input(dims === undefined ? undefined : [batchExtent, ...dims.slice(1)], place.range),
  );
  const forward = module instanceof Instance ? module.of.find("forward") : undefined;
  if (module instanceof Instance && !(forward instanceof Closure)) return "it has no forward that is followed";
  const given = new Given({
    positional: [input],
    named: noNames,
    open: undefined,
    range: place.range,
    statement: place.statement,
    assignedTo: undefined,
  });
  let result: Value = unknown("it cannot be computed", place.range);
  reading.memory.tryOut(() => {
    result = module.call?.(given) ?? result;
  });
  return outputOf(result);
}

function outputOf(result: Value): FlowStep | string {
  if (result instanceof Tensor) return result.step;
  if (result.kind === "unknown") return result.reason;
  const tensors = (itemsOf(result) ?? []).filter((each) => each instanceof Tensor);
  const [only, ...others] = tensors;
  if (only === undefined) return "its output is not followed";
  return others.length > 0 ? "it has several outputs" : only.step;
}

function changedOf(module: Value): string | undefined {
  for (const { module: each } of modulesOf(module)) {
    if (isModule(each) && each.handedOver !== undefined) return each.handedOver;
  }
  return undefined;
}

/** Layers of which one begins as a copy of another are not drawn independently. */
function copiesAmong(layers: readonly LayerObject[]): string | undefined {
  const kernels = layers.flatMap(({ making }) => making.weights.get("kernel") ?? []);
  const distinct = new Set(kernels.map((weight) => weight.drawnAs));
  return distinct.size < kernels.length ? "some of its layers begin as copies of one another" : undefined;
}
