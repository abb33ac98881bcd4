/** Layers of PyTorch as a script makes them, asks for their members, and calls them. */
import { Tensor, Weight } from "../interpret/flow.ts";
import type { Given } from "../interpret/given.ts";
import { LayerObject, type LayerBehaviour, type WeightRole } from "../interpret/layerObject.ts";
import type { Reading } from "../interpret/reading.ts";
import { nothing, scalar, tuple, unknown, valueOf, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { Modes } from "./modes.ts";
import type { TorchLayer } from "./torchLayers.ts";
import { moduleMember } from "./torchMembers.ts";
import { layerWeights } from "./torchModules.ts";
import type { TorchTensors } from "./torchTensors.ts";

/** Computes a module, and remembers what it was computed on. */
type Computed = (layer: LayerObject, given: Given, run: () => Value) => Value;

const withState: readonly string[] = ["LSTM", "GRU", "RNN", "LSTMCell"];

export class TorchLayerObjects {
  readonly #reading: Reading;
  readonly #tensors: TorchTensors;
  readonly #behaviour: LayerBehaviour;

  constructor(reading: Reading, tensors: TorchTensors, modes: Modes, computed: Computed) {
    this.#reading = reading;
    this.#tensors = tensors;
    this.#behaviour = {
      member: (layer, name, range) => memberOf(layer, name, range, modes),
      call: (layer, given) => computed(layer, given, () => this.#output(layer, given)),
      assign: (layer, name, value) => {
        if (value instanceof Weight && name === "weight") layer.tiedTo = value;
        else layer.altered ??= `its ${name} is replaced`;
      },
    };
  }

  /** A layer by the name of its class; `made` is what is known of it, if anything. */
  make(call: string, made: TorchLayer | undefined, given: Given): LayerObject {
    const weights = new Map<WeightRole, Weight>();
    for (const [role, initial, dims] of made?.weights ?? [])
      weights.set(role, this.#tensors.layerWeight(initial, dims, given.range));
    const parts = made?.parts?.map((part) => {
      const within = this.make(part.call, part.layer, given);
      for (const [own, ofWhole] of part.roles) {
        const weight = within.making.weights.get(own);
        if (weight !== undefined) weights.set(ofWhole, weight);
      }
      return [part.name, within] as const;
    });
    const compute = made?.compute;
    return new LayerObject({
      call,
      range: given.range,
      basis: this.#reading.basis,
      weights,
      ...(parts && { parts }),
      describe: (inputs, initial) =>
        made === undefined
          ? { own: { kind: "other", weightless: false }, output: undefined }
          : made.describe(inputs[0], initial),
      ...(compute && {
        compute: (layer, input, range) => {
          const through = (name: string, fed: Tensor) => this.#through(layer, name, fed, range);
          return compute(this.#tensors.computing(range, through), input);
        },
      }),
      behaviour: this.#behaviour,
    });
  }

  #through(whole: LayerObject, name: string, input: Tensor, range: SourceRange): Tensor {
    const part = whole.making.parts?.find(([each]) => each === name)?.[1];
    if (part === undefined) throw new Error(`a ${whole.making.call} has no ${name}`);
    return this.#tensors.make(this.#reading.apply(part, [input.step], range));
  }

  #output(layer: LayerObject, given: Given): Value {
    const { call, compute } = layer.making;
    const attends = call === "MultiheadAttention";
    const { range } = given;
    const from = given.positional
      .slice(0, attends ? 3 : 1)
      .map((each) =>
        each instanceof Tensor
          ? this.#tensors.used(each, range)
          : this.#reading.lost(each.kind === "unknown" ? each.reason : "its input is not known", range),
      );
    if (compute !== undefined) {
      const [input = this.#reading.lost("its input is not known", range)] = from;
      return compute(layer, this.#tensors.make(input), range);
    }
    // What attends to itself has one input.
    const result = this.#tensors.make(this.#reading.apply(layer, from.length > 1 ? [...new Set(from)] : from, range));
    return withState.includes(call) || attends ? tuple([result, unknown("a state", range)]) : result;
  }
}

function memberOf(layer: LayerObject, name: string, range: SourceRange, modes: Modes): Value {
  const weight = layerWeights(layer).find(([each]) => each === name);
  if (weight !== undefined) return weight[1];
  const part = layer.making.parts?.find(([each]) => each === name);
  if (part !== undefined) return part[1];
  const { own } = layer.describe([undefined]);
  if (name === "bias" && "bias" in own && own.bias.known && !own.bias.value) return nothing;
  if (
    (name === "in_features" || name === "in_channels" || name === "num_embeddings" || name === "input_size") &&
    "inputs" in own
  )
    return valueOf(own.inputs);
  if (
    (name === "out_features" || name === "out_channels" || name === "embedding_dim" || name === "hidden_size") &&
    "units" in own
  )
    return valueOf(own.units);
  if (name === "kernel_size" && own.kind === "convolution" && own.kernelSize.known)
    return tuple(own.kernelSize.value.map((each) => scalar(each, undefined)));
  return moduleMember(layer, name, range, modes);
}
