/** What the modules of TensorFlow.js stand for in a script. */
import { builtin, Closure } from "../interpret/closure.ts";
import { batchExtent, frozen, Tensor, type Dims } from "../interpret/flow.ts";
import type { Given } from "../interpret/given.ts";
import type { LayerObject } from "../interpret/layerObject.ts";
import { type LayerBehaviour } from "../interpret/layerObject.ts";
import { squareOfLiteral } from "../interpret/meanSquare.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  booleanOf,
  itemsOf,
  madeElsewhere,
  nothing,
  numberOf,
  tuple,
  unknown,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import type { JavaScriptLibrary } from "../javascript/javascriptLibrary.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import { packageScope } from "../scope.ts";
import { configAt } from "./config.ts";
import { madeInitializer, middle, scaled, spread, truncation } from "./tensorflowInitializers.ts";
import { makeLayer, statedInput } from "./tensorflowLayers.ts";
import { lossFunction } from "./tensorflowLosses.ts";
import { applyLayer, severalOutputs, TensorFlowModel } from "./tensorflowModel.ts";
import { madeOptimizer } from "./tensorflowOptimizers.ts";
import { TensorFlowTensors } from "./tensorflowTensors.ts";
import { Dataset, NamedLoss, OnlyShown, TensorFlowTraining } from "./tensorflowTraining.ts";

/** Packages that have the functions of TensorFlow.js itself; others of its scope are built upon it. */
const packages: readonly string[] = [
  "tfjs",
  "tfjs-core",
  "tfjs-layers",
  "tfjs-data",
  "tfjs-node",
  "tfjs-node-gpu",
  "tfjs-react-native",
];

export class TensorFlowLibrary implements JavaScriptLibrary {
  readonly #reading: Reading;
  readonly #tensors: TensorFlowTensors;
  readonly #training: TensorFlowTraining;
  readonly #names = new Map<string, ObjectValue>();
  readonly #paths = new Map<Value, string>();
  /** Of what it remembers, nothing outlasts the script itself. */
  readonly state = "";

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#tensors = new TensorFlowTensors(reading);
    this.#training = new TensorFlowTraining(reading);
  }

  /** What an import of a module stands for; undefined for modules of others. */
  load(module: string, imported: string): ObjectValue | undefined {
    if (!module.startsWith(packageScope)) return undefined;
    const name = module.slice(packageScope.length).split("/")[0] ?? "";
    if (name === "tfjs-vis") return this.#name(imported === "*" ? "vis" : `vis.${imported}`);
    return this.#name(packages.includes(name) ? (imported === "*" ? "" : imported) : "elsewhere");
  }

  unfollowedMethod(name: string, given: Given): Value | undefined {
    return this.#training.ofUnknown(name, given);
  }

  provided(value: Value): string | undefined {
    return this.#paths.get(value);
  }

  /** `this.model.stopTraining = true` in a callback. */
  unfollowedAssignment(name: string): void {
    if (name === "stopTraining") this.#reading.stopped = "a callback may end it sooner";
  }

  #name(path: string): ObjectValue {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const member = (name: string, range: SourceRange): Value => {
      if (name === "default" && path === "") return this.#name("");
      if (path === "losses" || path === "metrics")
        return new NamedLoss(name, range, (given) => this.#loss(name, given));
      return this.#name(path === "" ? name : `${path}.${name}`);
    };
    const value: ObjectValue = { kind: "object", member, call: (given) => this.#call(path, given) };
    this.#names.set(path, value);
    this.#paths.set(value, path);
    return value;
  }

  #call(path: string, given: Given): Value {
    const [group, name, ...more] = path.split(".");
    if (path.startsWith("vis.") && path.endsWith("fitCallbacks")) return new OnlyShown();
    if (more.length > 0 || group === undefined) return unknown(`${path} is not followed`, given.range);
    if (name !== undefined) return this.#inGroup(group, name, given);
    return this.#function(group, given);
  }

  #inGroup(group: string, name: string, given: Given): Value {
    const { range } = given;
    switch (group) {
      case "layers":
        return name === "input" ? this.#input(given) : makeLayer(name, given, this.#reading, this.#layerBehaviour);
      case "initializers":
        return madeInitializer(name, configAt(given, 0), given);
      case "train":
        return (
          madeOptimizer(name, given, this.#reading, this.#training.optimizerMember) ??
          unknown(`${name} is not known`, range)
        );
      case "data":
        return new Dataset({
          limit: unstated("the data are not put into batches"),
          examples: unstated("the data are not followed"),
          dropsLast: ofFramework(false),
        });
      case "image":
      case "linalg":
      case "signal":
        return unknown(`${group}.${name} is not followed`, range);
      default:
        return unknown(`${group}.${name} is not followed`, range);
    }
  }

  #function(name: string, given: Given): Value {
    const { range } = given;
    const [first, second, third] = given.positional;
    switch (name) {
      case "sequential":
        return this.#sequential(given);
      case "model":
        return this.#functional(given);
      case "input":
        return this.#input(given);
      case "variable": {
        const weight = this.#tensors.weight(first, range);
        const trained = booleanOf(second, ofFramework(true));
        if (!trained.known || !trained.value) weight.freeze();
        return weight;
      }
      case "tidy":
      case "profile": {
        const inside = given.positional.findLast((each) => each instanceof Closure);
        return inside?.call(given.withOnly([])) ?? unknown("not followed", range);
      }
      case "keep":
        return first ?? nothing;
      case "variableGrads":
        return this.#training.gradients(given);
      case "randomNormal":
      case "truncatedNormal":
        return this.#drawn(name, given, name === "randomNormal" ? "normal" : "truncatedNormal", [second, third]);
      case "randomUniform":
        return this.#drawn(name, given, "uniform", [second, third]);
      case "zeros":
      case "ones":
        return this.#constant(name, first, ofFramework(name === "ones" ? 1 : 0), range);
      case "fill":
        return this.#constant(name, first, numberOf(second), range);
      case "tensor":
      case "tensor2d":
      case "tensor3d":
      case "tensor4d":
        return this.#literal(this.#dims(second) ?? this.#dimsOfLiteral(first), first, range);
      case "tensor1d":
        return this.#literal(this.#dimsOfLiteral(first), first, range);
      case "linspace":
        return this.#tensors.data([numberOf(third)], range);
      case "oneHot": {
        const rows = first instanceof Tensor ? first.dims : undefined;
        return this.#tensors.data(rows === undefined ? undefined : [...rows, numberOf(second)], range);
      }
      case "loadLayersModel":
      case "loadGraphModel":
        return madeElsewhere("a model that is loaded", range);
      case "dispose":
      case "setBackend":
      case "ready":
        return nothing;
      default:
        return this.#tensors.operation(name, first, given.positional.slice(1), given);
    }
  }

  readonly #layerBehaviour: LayerBehaviour = {
    member: (layer, name, range) => {
      if (name !== "apply") return unknown(`${name} of a layer`, range);
      return builtin((given) => this.#apply(layer, given));
    },
    assign: (layer, name, value) => {
      if (name === "trainable" && !(value.kind === "scalar" && value.value === true)) layer.altered ??= frozen;
    },
  };

  #apply(layer: LayerObject, given: Given): Value {
    const [to] = given.positional;
    const inputs = to === undefined ? [] : to instanceof Tensor ? [to] : (itemsOf(to) ?? [to]);
    const steps = inputs.map((each) =>
      each instanceof Tensor
        ? each.step
        : this.#reading.lost(each.kind === "unknown" ? each.reason : "an input that is not followed", given.range),
    );
    return this.#tensors.make(applyLayer(layer, steps, this.#reading, given.range));
  }

  #input(given: Given): Value {
    const config = configAt(given, 0);
    const shape = config("shape") ?? config("batchShape");
    const whole = config("batchShape") !== undefined;
    const items = shape === undefined ? undefined : itemsOf(shape)?.map((each) => numberOf(each));
    const dims: Dims | undefined =
      items === undefined ? statedInput(config) : [batchExtent, ...(whole ? items.slice(1) : items)];
    return this.#tensors.data(dims, given.range);
  }

  #sequential(given: Given): Value {
    const layers = configAt(given, 0)("layers");
    const items = layers === undefined ? [] : itemsOf(layers);
    const reason = layers?.kind === "unknown" ? layers.reason : "its layers are not known";
    const stack = given.open !== undefined ? unknown(given.open) : items === undefined ? unknown(reason) : tuple(items);
    return new TensorFlowModel(given, this.#reading, this.#training.modelMember, { layers: stack });
  }

  #functional(given: Given): Value {
    const config = configAt(given, 0);
    const [inputs, outputs] = [config("inputs"), config("outputs")];
    const tensors = (value: Value | undefined) =>
      value instanceof Tensor ? [value] : value === undefined ? [] : (itemsOf(value) ?? []);
    const starts = tensors(inputs).flatMap((each) => (each instanceof Tensor ? [each.step] : []));
    const ends = tensors(outputs);
    const followed = ends.filter((each) => each instanceof Tensor).map(({ step }) => step);
    const reason = outputs?.kind === "unknown" ? outputs.reason : "its outputs are not followed";
    const all = followed.length > 0 && followed.length === ends.length;
    const lost = !all ? reason : followed.length > 1 ? severalOutputs : undefined;
    const made = { inputs: starts, outputs: all ? followed : [], lost };
    return new TensorFlowModel(given, this.#reading, this.#training.modelMember, made);
  }

  #loss(name: string, given: Given): Value {
    const sketch = lossFunction(name, given);
    if (sketch === undefined) return unknown(`${name} is not followed`, given.range);
    this.#reading.losses.push(sketch);
    const [, prediction] = given.positional;
    this.#training.predicted = { loss: given.range, prediction: prediction instanceof Tensor ? prediction : undefined };
    return unknown("the value of a loss", given.range);
  }

  /** Extents that are written out. */
  #dims(shape: Value | undefined): Dims | undefined {
    return shape === undefined ? undefined : itemsOf(shape)?.map((each) => numberOf(each));
  }

  /** Extents of numbers that are written out themselves. */
  #literal(dims: Dims | undefined, numbers: Value | undefined, range: SourceRange): Value {
    return this.#tensors.data(dims, range, undefined, squareOfLiteral(numbers));
  }

  #dimsOfLiteral(numbers: Value | undefined): Dims | undefined {
    const items = numbers?.kind === "list" ? itemsOf(numbers) : undefined;
    if (items === undefined) return undefined;
    const [first] = items;
    return [ofFramework(items.length), ...(first?.kind === "list" ? (this.#dimsOfLiteral(first) ?? []) : [])];
  }

  #drawn(
    name: string,
    given: Given,
    distribution: "normal" | "truncatedNormal" | "uniform",
    [one, two]: readonly (Value | undefined)[],
  ): Value {
    const first = numberOf(one, ofFramework(0));
    const second = numberOf(two, ofFramework(1));
    const gain =
      distribution === "uniform"
        ? spread(first, second)
        : distribution === "normal"
          ? second
          : scaled(second, truncation);
    const mean = distribution === "uniform" ? middle(first, second) : first;
    const sketch: InitializerSketch = {
      name,
      distribution,
      gain,
      fan: undefined,
      mean,
      basis: "written",
      range: given.range,
    };
    return this.#tensors.data(this.#dims(given.positional[0]), given.range, sketch);
  }

  #constant(name: string, shape: Value | undefined, value: Known<number>, range: SourceRange): Value {
    const gain: Known<number> = value.known ? { ...value, value: Math.abs(value.value) } : value;
    const sketch: InitializerSketch = {
      name,
      distribution: "constant",
      gain,
      fan: undefined,
      mean: value,
      basis: "written",
      range,
    };
    return this.#tensors.data(this.#dims(shape), range, sketch);
  }
}
