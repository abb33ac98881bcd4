/** `copy.deepcopy` of modules: the same layers, with weights of their own that begin as theirs. */
import { ClassObject, Instance } from "../interpret/classObject.ts";
import { initialOf, Weight } from "../interpret/flow.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import { itemsOf, listOf, tuple, type Value } from "../interpret/value.ts";
import { TorchContainer } from "./torchModules.ts";

/** What is in a value several times is in its copy as often. */
export function copyOf(value: Value, made = new Map<Value, Value>()): Value {
  const known = made.get(value);
  if (known !== undefined) return known;
  const copy = copied(value, made);
  made.set(value, copy);
  return copy;
}

function copied(value: Value, made: Map<Value, Value>): Value {
  const inner = (each: Value) => copyOf(each, made);
  if (value instanceof Weight) return copyOfWeight(value);
  if (value instanceof LayerObject) return copyOfLayer(value, made);
  if (value instanceof TorchContainer) return value.copied(inner);
  if (value instanceof Instance) return value.copied(inner, (each) => made.set(value, each));
  if (value.kind === "tuple") return tuple(value.items.map(inner));
  const items = value.kind === "list" ? itemsOf(value) : undefined;
  return items === undefined || value instanceof ClassObject ? value : listOf(items.map(inner));
}

function copyOfWeight(weight: Weight): Weight {
  const copy = new Weight(weight.step, weight.methods, initialOf(weight.initial), weight);
  copy.untrained = weight.untrained;
  return copy;
}

function copyOfLayer(layer: LayerObject, made: Map<Value, Value>): LayerObject {
  const weights = new Map(
    [...layer.making.weights].map(([role, weight]) => {
      const known = made.get(weight);
      const copy = known instanceof Weight ? known : copyOfWeight(weight);
      made.set(weight, copy);
      return [role, copy];
    }),
  );
  const parts = layer.making.parts?.map(([name, part]) => [name, copyOfLayer(part, made)] as const);
  const copy = new LayerObject({ ...layer.making, weights, ...(parts && { parts }) });
  copy.handedOver = layer.handedOver;
  copy.altered = layer.altered ?? (layer.tiedTo === undefined ? undefined : "layers share some of their weights");
  return copy;
}
