/** Operations of PyTorch on tensors of which shapes and origins are followed. */
import { builtin } from "../interpret/closure.ts";
import { concatenated, positive, product } from "../interpret/extents.ts";
import { Initial, isData, Tensor, Weight, type Dims, type FlowStep } from "../interpret/flow.ts";
import { FollowedTensors } from "../interpret/followedTensors.ts";
import type { Given } from "../interpret/given.ts";
import { denseByHand, embeddingByHand, takesBias } from "../interpret/handMadeLayers.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  booleanOf,
  itemsOf,
  listOf,
  nothing,
  numberOf,
  textOf,
  tuple,
  unknown,
  valueOf,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { inPlace } from "./torchInitializers.ts";
import { asStated, flattened, pooled, sizesOf, windows, type Computing } from "./torchLayers.ts";
import { axesOf, placeOf } from "./torchModules.ts";

const activations: Readonly<Record<string, ActivationName>> = {
  relu: "relu",
  relu_: "relu",
  relu6: "relu6",
  leaky_relu: "leakyRelu",
  elu: "elu",
  selu: "selu",
  celu: "celu",
  silu: "silu",
  mish: "mish",
  tanh: "tanh",
  hardtanh: "hardTanh",
  sigmoid: "sigmoid",
  hardsigmoid: "hardSigmoid",
  hardswish: "hardSwish",
  logsigmoid: "logSigmoid",
  softplus: "softplus",
  softsign: "softsign",
  softmax: "softmax",
  log_softmax: "logSoftmax",
  sin: "sine",
  cos: "cosine",
};

const slopes: Readonly<Record<string, number>> = { leaky_relu: 0.01, elu: 1, celu: 1 };

/** What leaves the numbers as they are, or says nothing of where they came from. */
const unchanged: readonly string[] = [
  "to",
  "cuda",
  "cpu",
  "float",
  "double",
  "half",
  "long",
  "contiguous",
  "clone",
  "requires_grad_",
  "type",
  "type_as",
  "bfloat16",
  "int",
];

const reshaping: readonly string[] = [
  "view",
  "reshape",
  "flatten",
  "squeeze",
  "unsqueeze",
  "permute",
  "transpose",
  "unflatten",
  "expand",
  "repeat",
  "chunk",
  "split",
  "pad",
  "interpolate",
  "t",
];
const plainNumbers: readonly string[] = ["item", "tolist", "numpy"];

export class TorchTensors extends FollowedTensors {
  constructor(reading: Reading) {
    super(reading, "Parameter");
  }

  /** A weight of a layer. */
  layerWeight(initial: InitializerSketch, dims: Dims, range: SourceRange): Weight {
    const step: FlowStep = { serial: -1, what: "input", name: "Parameter", from: [], range, dims };
    return new Weight(step, this, initial);
  }

  index(tensor: Tensor, index: Value | "rows", range: SourceRange): Value {
    const { dims } = tensor;
    if (isData(tensor)) {
      const rows =
        index === "rows" && dims !== undefined ? [unstated("a part of the data"), ...dims.slice(1)] : undefined;
      const one = index !== "rows" && index.kind === "scalar" && typeof index.value === "number";
      return this.dataOf(tensor, one ? dims?.slice(1) : rows, range);
    }
    return this.make(this.reading.operation("a part of it", [this.used(tensor, range)], range));
  }

  member(tensor: Tensor, name: string, range: SourceRange): Value {
    const { dims } = tensor;
    if (name === "data") return tensor;
    if (name === "grad") return nothing;
    if (name === "shape")
      return dims === undefined ? unknown("its shape is not known", range) : tuple(dims.map((each) => valueOf(each)));
    if (name === "T") return this.layer("T", { kind: "reshape" }, tensor, undefined, range);
    if (name === "ndim") return axesOf(tensor, range);
    if (name === "requires_grad") return unknown("whether it is trained", range);
    if (plainNumbers.includes(name)) return builtin((given) => unknown("a number that is computed", given.range));
    return builtin((given) => {
      if (tensor instanceof Weight) {
        const changed = this.#changed(tensor, name, given);
        if (changed !== undefined) return changed;
      }
      if (name === "dim") return axesOf(tensor, range);
      if (name === "size") return this.#size(tensor, given);
      if (name === "numel") {
        const count: Known<number> = dims === undefined ? unstated("its shape is not known") : product(dims);
        return valueOf(count);
      }
      return this.operation(name, tensor, given, 0);
    });
  }

  assign(tensor: Weight, reason: string): void {
    this.reading.memory.write(tensor.initial, unknown(reason));
  }

  /** A method that changes a weight in place. */
  #changed(weight: Weight, name: string, given: Given): Value | undefined {
    if (name === "requires_grad_" && given.positional.length > 0)
      weight.assign("requires_grad", given.positional[0] ?? nothing);
    if (!name.endsWith("_") || name === "requires_grad_") return undefined;
    const initial = inPlace(name, given);
    this.reading.memory.write(
      weight.initial,
      initial === undefined ? unknown(`changed by ${name}`) : new Initial(initial),
    );
    return weight;
  }

  #size(tensor: Tensor, given: Given): Value {
    const { dims } = tensor;
    const place = placeOf(given.get(0, "dim"));
    if (dims === undefined) return unknown("its shape is not known", given.range);
    if (place === undefined) return tuple(dims.map((each) => valueOf(each)));
    const extent = dims.at(place);
    return extent === undefined ? unknown("it has no such axis", given.range) : valueOf(extent);
  }

  /** `first.name(…)`, or `torch.name(first, …)` where `before` is one: how many arguments come before the others. */
  operation(name: string, first: Value | undefined, given: Given, before: 0 | 1): Value {
    const { range } = given;
    if (!(first instanceof Tensor)) return this.#ofList(name, first, given);
    const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (activation !== undefined) {
      const standard = slopes[name];
      const slope =
        standard === undefined
          ? undefined
          : numberOf(given.get(before, name === "leaky_relu" ? "negative_slope" : "alpha"), ofFramework(standard));
      return this.activation(name, asStated(activation, given, before), slope, first, range);
    }
    if (unchanged.includes(name)) return first;
    if (reshaping.includes(name)) return this.#reshape(name, first, given, before);
    if (name.includes("_pool") && !name.startsWith("lp_")) return this.#pool(name, first, given, before);
    switch (name) {
      case "gelu": {
        const form = textOf(given.by("approximate"), ofFramework("none"));
        return this.activation(
          name,
          derived([form], ([value]) => (value === "tanh" ? "geluTanh" : "gelu")),
          undefined,
          first,
          range,
        );
      }
      case "dropout":
        return this.layer(
          name,
          { kind: "dropout", rate: numberOf(given.get(before, "p"), ofFramework(0.5)) },
          first,
          first.dims,
          range,
        );
      case "mean":
        return this.#mean(first, given, before);
      case "detach":
        return this.make(this.reading.operation("detach", [this.used(first, range)], range, first.dims));
      case "matmul":
      case "mm":
      case "bmm":
        return this.product(first, given.positional[before], range);
      case "add":
        return this.sum(first, given.positional[before], range);
      case "mul":
      case "div":
        return this.factor(name, first, given.positional[before], range);
      default:
        return this.unfollowed(name, [first, ...given.positional.slice(before)], range);
    }
  }

  #ofList(name: string, first: Value | undefined, given: Given): Value {
    const items = first === undefined ? undefined : itemsOf(first);
    const tensors = items?.filter((each) => each instanceof Tensor);
    if (items === undefined || tensors?.length !== items.length || tensors.length === 0) {
      return unknown(first?.kind === "unknown" ? first.reason : `${name} is not followed`, given.range);
    }
    const from = tensors.map((each) => this.used(each, given.range));
    if (name !== "cat" && name !== "concat") return this.make(this.reading.operation(name, from, given.range));
    const axis = numberOf(given.get(1, "dim"), ofFramework(0));
    const layer = this.weightless(
      "cat",
      { kind: "merge", form: "concatenate" },
      concatenated(
        from.map(({ dims }) => dims),
        axis,
      ),
      given.range,
    );
    return this.make(this.reading.apply(layer, from, given.range));
  }

  #pool(name: string, of: Tensor, given: Given, before: 0 | 1): Tensor {
    const axes = Number(name.at(-2));
    const adaptive = name.startsWith("adaptive");
    const size = sizesOf(given.get(before, adaptive ? "output_size" : "kernel_size"), axes);
    const form = name.includes("max") ? "max" : "average";
    const global = adaptive && size.known && size.value.every((each) => each === 1);
    return this.layer(
      name,
      { kind: "pooling", form, global, ...windows(adaptive, size, given, axes, before) },
      of,
      pooled(of.dims, adaptive, size, given, axes, before),
      given.range,
    );
  }

  /** Over the places of an image it is a global pooling. */
  #mean(of: Tensor, given: Given, before: 0 | 1): Value {
    const { range } = given;
    const { dims } = of;
    const axes = itemsOf(given.get(before, "dim") ?? nothing)?.map((each) => numberOf(each));
    const places = axes?.map((each) => (each.known ? (each.value < 0 ? each.value + 4 : each.value) : NaN));
    const keeps = booleanOf(given.get(before + 1, "keepdim"), ofFramework(false));
    const isPooling =
      dims?.length === 4 && places?.toSorted((one, other) => one - other).join() === "2,3" && keeps.known;
    if (!isPooling) return this.unfollowed("mean", [of], range);
    const unstatedSize = unstated("it is global");
    const own = { kind: "pooling", form: "average", global: true, size: unstatedSize, strides: unstatedSize } as const;
    const output = [...dims.slice(0, 2), ...(keeps.value ? [ofFramework(1), ofFramework(1)] : [])];
    return this.layer("mean", own, of, output, range);
  }

  #reshape(name: string, of: Tensor, given: Given, before: 0 | 1): Value {
    const { range } = given;
    const dims = this.#reshaped(name, of.dims, given, before);
    if (name === "chunk" || name === "split") {
      const parts = numberOf(given.get(before, "chunks"));
      const part = this.make(this.reading.operation(name, [this.used(of, range)], range));
      return name === "chunk" && parts.known && parts.value < 64
        ? listOf(Array.from({ length: parts.value }, () => part))
        : unknown("parts of a tensor", range);
    }
    if (isData(of)) return this.data(dims, range, of.drawn, of.step.square);
    return this.layer(name, { kind: "reshape" }, of, dims, range);
  }

  #reshaped(name: string, dims: Dims | undefined, given: Given, before: 0 | 1): Dims | undefined {
    const rest = given.positional.slice(before);
    const [only] = rest;
    if (name === "flatten") return flattened(dims, numberOf(given.get(before, "start_dim"), ofFramework(0)));
    if (name === "unsqueeze" && dims !== undefined) {
      const place = placeOf(only);
      if (place === undefined) return undefined;
      return dims.toSpliced(place < 0 ? dims.length + 1 + place : place, 0, ofFramework(1));
    }
    if (name !== "view" && name !== "reshape") return undefined;
    const items = (only === undefined ? undefined : only.kind === "scalar" ? undefined : itemsOf(only)) ?? rest;
    const stated = items.map((each) => numberOf(each));
    const free = stated.findIndex((each) => each.known && each.value === -1);
    if (free < 0) return stated;
    const others = product(stated.filter((_, index) => index !== free));
    if (dims === undefined) return stated.with(free, unstated("the shape before it is not known"));
    // Where the batch stays first, whatever its size, the rest of the shape is the rest.
    const keeps = free > 0 && stated[0] === dims[0];
    const whole = product(keeps ? dims.slice(1) : dims);
    const known = keeps ? product(stated.filter((_, index) => index !== free && index !== 0)) : others;
    return stated.with(free, positive(derived([whole, known], ([all = 0, part = 1]) => all / part)));
  }

  product(first: Value, second: Value | undefined, range: SourceRange): Value {
    if (first instanceof Tensor && second instanceof Weight && !(first instanceof Weight)) {
      const layer = denseByHand(second, "matmul", this.reading);
      if (layer !== undefined) return this.make(this.reading.apply(layer, [first.step], range));
    }
    return this.unfollowed("matmul", [first, second], range);
  }

  /** What a module that is made of others computes with, at a place of the text; `part` computes one of these. */
  computing(range: SourceRange, part: Computing["part"]): Computing {
    const add = (one: Tensor, other: Tensor) =>
      this.reading.step({ what: "add", name: "add", from: [one.step, other.step], range, dims: one.dims });
    return {
      part,
      activation: (which, input) => this.activation("activation", which, undefined, input, range),
      dropout: (rate, input) => this.layer("dropout", { kind: "dropout", rate }, input, input.dims, range),
      sum: (one, other) => this.make(add(one, other)),
    };
  }

  sum(first: Value, second: Value | undefined, range: SourceRange): Value {
    return this.total(second === undefined ? [first] : [first, second], range);
  }

  factor(name: "mul" | "div", first: Value, by: Value | undefined, range: SourceRange): Value {
    return first instanceof Tensor ? this.scaled(name, first, by, range) : this.unfollowed(name, [first, by], range);
  }

  /** `F.linear(x, weight, bias)` and `F.embedding(tokens, weight)`. */
  byHand(name: "linear" | "embedding", given: Given): Value {
    const [first, weight, bias] = given.positional;
    const { range } = given;
    if (!(weight instanceof Weight)) return this.unfollowed(name, [first, weight], range);
    const layer =
      name === "linear" ? denseByHand(weight, name, this.reading, true) : embeddingByHand(weight, name, this.reading);
    const from = first instanceof Tensor ? first.step : this.reading.lost("its input is not known", range);
    if (layer === undefined) return this.unfollowed(name, [first, weight], range);
    if (bias instanceof Weight) takesBias(layer, bias);
    return this.make(this.reading.apply(layer, [from], range));
  }
}
