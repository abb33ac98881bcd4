/** Models of TensorFlow.js's layers: stacks, and layers applied to symbolic tensors. */
import { frozen, Tensor, type Dims, type FlowStep } from "../interpret/flow.ts";
import { builtin } from "../interpret/closure.ts";
import type { Given } from "../interpret/given.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import { sketchOf } from "../interpret/modelSketching.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  Cell,
  itemsOf,
  listOf,
  nothing,
  textOf,
  tuple,
  unknown,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import { inputOf } from "./tensorflowLayers.ts";
import type { TensorFlowOptimizer } from "./tensorflowOptimizers.ts";

/** What calls on a model train it or tell of its training. */
export type ModelMember = (model: TensorFlowModel, name: string) => Value | undefined;

interface Ends {
  readonly inputs: readonly FlowStep[];
  readonly outputs: readonly FlowStep[];
  /** Why the only output is not known. */
  readonly lost: string | undefined;
}

export class TensorFlowModel implements ObjectValue {
  readonly kind = "object";
  readonly given: Given;
  readonly #reading: Reading;
  readonly #member: ModelMember;
  /** The layers of a stack. */
  readonly #stack: Cell | undefined;
  readonly #ends: Ends | undefined;
  optimizer: TensorFlowOptimizer | undefined;
  loss: SourceRange | undefined;
  changed: string | undefined;
  /** To be touched when it is compiled. */
  readonly #compiled = new Cell(nothing);
  #frozen: string | undefined;

  constructor(given: Given, reading: Reading, member: ModelMember, made: { readonly layers: Value } | Ends) {
    this.given = given;
    this.#reading = reading;
    this.#member = member;
    if ("layers" in made) this.#stack = new Cell(made.layers);
    else this.#ends = made;
    reading.models.push({ value: this, sketch: () => this.#sketch() });
  }

  member(name: string, range: SourceRange): Value {
    switch (name) {
      case "add":
        return builtin((given) => this.#add(given.get(0, "layer")));
      case "layers":
        return this.#stack === undefined ? listOf(this.#owned()) : listOf(itemsOf(this.#stack.value) ?? []);
      case "apply":
      case "predict":
        return builtin((given) => this.#applied(given.positional[0], given.range));
      case "setWeights":
      case "loadWeights":
        return builtin(() => {
          this.changed ??= `its weights are set (${name})`;
          return nothing;
        });
      case "optimizer":
        return this.optimizer ?? unknown("the model is not compiled", range);
      case "pop":
        return builtin(() => {
          if (this.#stack !== undefined) this.#reading.memory.write(this.#stack, unknown("a layer is taken off"));
          return nothing;
        });
      case "summary":
      case "save":
      case "evaluate":
      case "dispose":
        return builtin(() => unknown(`what ${name} gives`, range));
      default:
        return this.#member(this, name) ?? unknown(`${name} is not followed`, range);
    }
  }

  assign(name: string, value: Value): void {
    if (name === "stopTraining") this.#reading.stopped = "a callback may end it sooner";
    if (name === "trainable" && !(value.kind === "scalar" && value.value === true)) this.#frozen = frozen;
  }

  compile(optimizer: TensorFlowOptimizer | undefined, loss: SourceRange | undefined): void {
    this.#reading.memory.touch(this.#compiled);
    this.optimizer = optimizer;
    this.loss = loss;
  }

  escape(to: string): void {
    this.changed ??= `it is handed to ${to}, which may change its weights`;
  }

  /** What its input has, where it says so. */
  get inputDims(): Dims | undefined {
    if (this.#ends !== undefined) return this.#ends.inputs.length === 1 ? this.#ends.inputs[0]?.dims : undefined;
    const first = this.#stack === undefined ? undefined : itemsOf(this.#stack.value)?.[0];
    if (first instanceof LayerObject) return inputOf(first);
    return first instanceof TensorFlowModel ? first.inputDims : undefined;
  }

  /** Computes it on what a step gives. */
  applyTo(input: FlowStep, range: SourceRange): FlowStep {
    if (this.#ends !== undefined) {
      const { inputs } = this.#ends;
      return this.#replay(
        inputs.map(() => input),
        this.#ends,
      );
    }
    const items = this.#stack === undefined ? undefined : itemsOf(this.#stack.value);
    if (items === undefined) {
      this.#reading.missed ??= "it is not known which layers the model has";
      return this.#reading.lost("it is not known which layers the model has", range);
    }
    return items.reduce<FlowStep>((step, item) => applyLayer(item, [step], this.#reading, range), input);
  }

  /** Computes it again on other inputs. */
  #replay(inputs: readonly FlowStep[], ends: Ends): FlowStep {
    const [output] = ends.outputs;
    if (output === undefined) return this.#reading.lost(ends.lost ?? "it has no output", this.given.range);
    const replayed = new Map<FlowStep, FlowStep>(ends.inputs.map((each, index) => [each, inputs[index] ?? each]));
    for (const step of before(...ends.outputs)) {
      if (replayed.has(step)) continue;
      const from = step.from.map((each) => replayed.get(each) ?? each);
      const again =
        step.layer === undefined
          ? this.#reading.step({ ...step, from })
          : this.#reading.apply(step.layer, from, step.range);
      replayed.set(step, again);
    }
    return ends.lost === undefined ? (replayed.get(output) ?? output) : this.#reading.lost(ends.lost, this.given.range);
  }

  #applied(input: Value | undefined, range: SourceRange): Value {
    if (!(input instanceof Tensor)) return unknown("what the model gives", range);
    this.#reading.appliedModel = this;
    return new Tensor(this.applyTo(input.step, range), input.methods);
  }

  #add(layer: Value | undefined): Value {
    if (this.#stack === undefined) return nothing;
    const items = itemsOf(this.#stack.value);
    if (items !== undefined)
      this.#reading.memory.write(
        this.#stack,
        layer === undefined ? unknown("a layer that is not known") : tuple([...items, layer]),
      );
    return nothing;
  }

  #owned(): LayerObject[] {
    return [...new Set(before(...(this.#ends?.outputs ?? [])).flatMap(({ layer }) => layer ?? []))];
  }

  #sketch(): ModelSketch {
    const inputDims = this.inputDims;
    const { range } = this.given;
    const severalInputs = this.#ends !== undefined && this.#ends.inputs.length > 1 ? this.#ends : undefined;
    const { result, trace, missed } = this.#reading.traced(() =>
      severalInputs === undefined
        ? this.applyTo(this.#reading.input(inputDims, range), range)
        : this.#replay(
            severalInputs.inputs.map(({ dims }) => this.#reading.input(dims, range)),
            severalInputs,
          ),
    );
    const several = severalInputs === undefined ? undefined : "it has several inputs";
    const stated = this.given.positional[0];
    const named = textOf(stated?.kind === "object" ? stated.member("name", range) : undefined);
    return sketchOf({
      name: this.given.assignedTo ?? (named.known ? named.value : undefined),
      form: this.#ends === undefined ? "sequential" : "functional",
      range: this.given.range,
      statement: this.given.statement,
      inputDims,
      trace,
      output: several ?? this.#ends?.lost ?? result,
      owned: trace.flatMap(({ layer }) => (layer === undefined ? [] : [{ layer, path: layer.making.name }])),
      missed:
        missed ?? this.#frozen ?? trace.find((step) => step.what === "lost" && step.name !== severalOutputs)?.name,
      changed: this.changed,
    });
  }
}

/** Why a model has no one output although all of it is known. */
export const severalOutputs = "it has several outputs";

/** Applies a layer or a model to what steps give. */
export function applyLayer(layer: Value, from: readonly FlowStep[], reading: Reading, range: SourceRange): FlowStep {
  const [first] = from;
  if (layer instanceof TensorFlowModel && first !== undefined) return layer.applyTo(first, range);
  if (!(layer instanceof LayerObject)) {
    const reason = layer.kind === "unknown" ? layer.reason : "a layer that is not followed";
    reading.missed ??= `a layer is not known: ${reason}`;
    return reading.lost(`a layer is not known: ${reason}`, range);
  }
  if (layer.making.call === "add" && from.length > 1) {
    return reading.step({ what: "add", name: "add", from, range: layer.making.range, dims: first?.dims });
  }
  return reading.apply(layer, from, range);
}

/** Steps and all that they come from, in the order in which they are computed. */
function before(...steps: readonly FlowStep[]): FlowStep[] {
  const found = new Set<FlowStep>(steps);
  for (const each of found) for (const from of each.from) found.add(from);
  return [...found].sort((one, other) => one.serial - other.serial);
}
