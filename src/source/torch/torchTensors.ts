/** Operations of PyTorch on tensors of which shapes and origins are followed. */
import { builtin } from "../interpret/closure.ts";
import { positive, product } from "../interpret/extents.ts";
import {
  Initial,
  isData,
  Tensor,
  unknownInitializer,
  Weight,
  type Dims,
  type FlowStep,
  type TensorMethods,
} from "../interpret/flow.ts";
import type { Given } from "../interpret/given.ts";
import { denseByHand, embeddingByHand, parameterByHand, takesBias } from "../interpret/handMadeLayers.ts";
import { LayerObject, type LayerOwn } from "../interpret/layerObject.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  itemsOf,
  listOf,
  nothing,
  numberOf,
  scalar,
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
import { flattened, pooled, sizesOf } from "./torchLayers.ts";
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

export class TorchTensors implements TensorMethods {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  make(step: FlowStep, drawn?: InitializerSketch): Tensor {
    return new Tensor(step, this, drawn);
  }

  data(dims: Dims | undefined, range: SourceRange, drawn?: InitializerSketch): Tensor {
    return this.make(this.#reading.input(dims, range), drawn);
  }

  weight(from: Value | undefined, range: SourceRange): Weight {
    const tensor = from instanceof Tensor ? from : undefined;
    const step = this.#reading.step({ what: "input", name: "Parameter", from: [], range, dims: tensor?.dims });
    return new Weight(step, this, tensor?.drawn ?? unknownInitializer("it is not known how it begins", range));
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
      return this.data(one ? dims?.slice(1) : rows, range);
    }
    return this.make(this.#reading.operation("a part of it", [this.used(tensor, range)], range));
  }

  member(tensor: Tensor, name: string, range: SourceRange): Value {
    const { dims } = tensor;
    if (name === "data") return tensor;
    if (name === "grad") return nothing;
    if (name === "shape")
      return dims === undefined ? unknown("its shape is not known", range) : tuple(dims.map((each) => valueOf(each)));
    if (name === "T") return this.#layer("T", { kind: "reshape" }, tensor, undefined, range);
    if (name === "ndim")
      return tensor instanceof Weight
        ? axesOf(tensor, range)
        : dims === undefined
          ? unknown("its shape is not known", range)
          : scalar(dims.length, undefined);
    if (name === "requires_grad") return unknown("whether it is trained", range);
    if (plainNumbers.includes(name)) return builtin((given) => unknown("a number that is computed", given.range));
    return builtin((given) => {
      if (tensor instanceof Weight) {
        const changed = this.#changed(tensor, name, given);
        if (changed !== undefined) return changed;
      }
      if (name === "dim")
        return tensor instanceof Weight
          ? axesOf(tensor, range)
          : dims === undefined
            ? unknown("its shape is not known", range)
            : scalar(dims.length, undefined);
      if (name === "size") return this.#size(tensor, given);
      if (name === "numel") {
        const count: Known<number> = dims === undefined ? unstated("its shape is not known") : product(dims);
        return valueOf(count);
      }
      return this.operation(name, tensor, given, 0);
    });
  }

  assign(tensor: Weight, reason: string): void {
    this.#reading.memory.write(tensor.initial, unknown(reason));
  }

  /** A method that changes a weight in place. */
  #changed(weight: Weight, name: string, given: Given): Value | undefined {
    if (!name.endsWith("_") || name === "requires_grad_") return undefined;
    const initial = inPlace(name, given);
    this.#reading.memory.write(
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
      return this.#activation(name, ofFramework(activation), slope, first, range);
    }
    if (unchanged.includes(name)) return first;
    if (reshaping.includes(name)) return this.#reshape(name, first, given, before);
    if (name.includes("_pool") && !name.startsWith("lp_")) return this.#pool(name, first, given, before);
    switch (name) {
      case "gelu": {
        const form = textOf(given.by("approximate"), ofFramework("none"));
        return this.#activation(
          name,
          derived([form], ([value]) => (value === "tanh" ? "geluTanh" : "gelu")),
          undefined,
          first,
          range,
        );
      }
      case "dropout":
        return this.#layer(
          name,
          { kind: "dropout", rate: numberOf(given.get(before, "p"), ofFramework(0.5)) },
          first,
          first.dims,
          range,
        );
      case "detach":
        return this.make(this.#reading.operation("detach", [this.used(first, range)], range, first.dims));
      case "matmul":
      case "mm":
      case "bmm":
        return this.product(first, given.positional[before], range);
      case "add":
        return this.sum(first, given.positional[before], range);
      case "mul":
      case "div":
        return this.factor(name, first, given.positional[before], range);
      default: {
        const others = given.positional.slice(before).filter((each) => each instanceof Tensor);
        return this.make(
          this.#reading.operation(
            name,
            [first, ...others].map((each) => this.used(each, range)),
            range,
          ),
        );
      }
    }
  }

  #ofList(name: string, first: Value | undefined, given: Given): Value {
    const items = first === undefined ? undefined : itemsOf(first);
    const tensors = items?.filter((each) => each instanceof Tensor);
    if (items === undefined || tensors?.length !== items.length || tensors.length === 0) {
      return unknown(first?.kind === "unknown" ? first.reason : `${name} is not followed`, given.range);
    }
    const from = tensors.map((each) => this.used(each, given.range));
    if (name !== "cat" && name !== "concat") return this.make(this.#reading.operation(name, from, given.range));
    const axis = numberOf(given.get(1, "dim"), ofFramework(0));
    const layer = this.#weightless(
      "cat",
      { kind: "merge", form: "concatenate" },
      concatenated(
        from.map(({ dims }) => dims),
        axis,
      ),
      given.range,
    );
    return this.make(this.#reading.apply(layer, from, given.range));
  }

  /** The step of a tensor that is used; a weight that is no layer's is a layer of its own. */
  used(tensor: Tensor, range: SourceRange): FlowStep {
    if (!(tensor instanceof Weight)) return tensor.step;
    return this.#reading.apply(parameterByHand(tensor, "Parameter", this.#reading), [], range);
  }

  #weightless(call: string, own: LayerOwn, output: Dims | undefined, range: SourceRange): LayerObject {
    const { basis } = this.#reading;
    const behaviour = { member: (): Value => ({ kind: "unbound" }) };
    return new LayerObject({ call, range, basis, weights: new Map(), describe: () => ({ own, output }), behaviour });
  }

  #layer(call: string, own: LayerOwn, of: Tensor, output: Dims | undefined, range: SourceRange): Tensor {
    return this.make(this.#reading.apply(this.#weightless(call, own, output, range), [this.used(of, range)], range));
  }

  #activation(
    call: string,
    activation: Known<ActivationName>,
    slope: Known<number> | undefined,
    of: Tensor,
    range: SourceRange,
  ): Tensor {
    return this.#layer(call, { kind: "activation", activation, slope, slopes: ofFramework(0) }, of, of.dims, range);
  }

  #pool(name: string, of: Tensor, given: Given, before: 0 | 1): Tensor {
    const axes = Number(name.at(-2));
    const adaptive = name.startsWith("adaptive");
    const size = sizesOf(given.get(before, adaptive ? "output_size" : "kernel_size"), axes);
    const form = name.includes("max") ? "max" : "average";
    const global = adaptive && size.known && size.value.every((each) => each === 1);
    return this.#layer(
      name,
      { kind: "pooling", form, global },
      of,
      pooled(of.dims, adaptive, size, given, axes, before),
      given.range,
    );
  }

  #reshape(name: string, of: Tensor, given: Given, before: 0 | 1): Value {
    const { range } = given;
    const dims = this.#reshaped(name, of.dims, given, before);
    if (name === "chunk" || name === "split") {
      const parts = numberOf(given.get(before, "chunks"));
      const part = this.make(this.#reading.operation(name, [this.used(of, range)], range));
      return name === "chunk" && parts.known && parts.value < 64
        ? listOf(Array.from({ length: parts.value }, () => part))
        : unknown("parts of a tensor", range);
    }
    if (isData(of)) return this.data(dims, range, of.drawn);
    return this.#layer(name, { kind: "reshape" }, of, dims, range);
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
      const layer = denseByHand(second, "matmul", this.#reading);
      if (layer !== undefined) return this.make(this.#reading.apply(layer, [first.step], range));
    }
    return this.#operation("matmul", [first, second], range);
  }

  sum(first: Value, second: Value | undefined, range: SourceRange): Value {
    const tensors = [first, second].filter((each) => each instanceof Tensor);
    const [one, other] = tensors;
    if (one === undefined) return unknown("a sum that is not followed", range);
    if (other !== undefined) {
      const [values, bias] = one instanceof Weight ? [other, one] : [one, other];
      const { layer } = values.step;
      if (bias instanceof Weight && layer !== undefined && takesBias(layer, bias)) return values;
    }
    const from = tensors.map((each) => this.used(each, range));
    const dims = tensors.find((each) => !(each instanceof Weight))?.dims;
    if (from.length < 2) return this.make(this.#reading.operation("add", from, range, dims));
    return this.make(this.#reading.step({ what: "add", name: "add", from, range, dims }));
  }

  factor(name: "mul" | "div", first: Value, by: Value | undefined, range: SourceRange): Value {
    if (!(first instanceof Tensor) || by instanceof Tensor) return this.#operation(name, [first, by], range);
    const number = numberOf(by);
    const factor = name === "mul" ? number : derived([number], ([value = 1]) => 1 / value);
    const { drawn } = first;
    if (drawn !== undefined) {
      const scaled = (of: Known<number>, positiveOnly: boolean) =>
        derived([of, factor], ([value = 0, times = 1]) => value * (positiveOnly ? Math.abs(times) : times));
      return this.data(first.dims, range, {
        ...drawn,
        gain: scaled(drawn.gain, true),
        mean: scaled(drawn.mean, false),
        range,
      });
    }
    return this.make(
      this.#reading.step({ what: "scale", name, from: [this.used(first, range)], range, dims: first.dims, factor }),
    );
  }

  /** `F.linear(x, weight, bias)` and `F.embedding(tokens, weight)`. */
  byHand(name: "linear" | "embedding", given: Given): Value {
    const [first, weight, bias] = given.positional;
    const { range } = given;
    if (!(weight instanceof Weight)) return this.#operation(name, [first, weight], range);
    const layer =
      name === "linear" ? denseByHand(weight, name, this.#reading, true) : embeddingByHand(weight, name, this.#reading);
    const from = first instanceof Tensor ? first.step : this.#reading.lost("its input is not known", range);
    if (layer === undefined) return this.#operation(name, [first, weight], range);
    if (bias instanceof Weight) takesBias(layer, bias);
    return this.make(this.#reading.apply(layer, [from], range));
  }

  #operation(name: string, given: readonly (Value | undefined)[], range: SourceRange): Value {
    const tensors = given.filter((each) => each instanceof Tensor);
    return this.make(
      this.#reading.operation(
        name,
        tensors.map((each) => this.used(each, range)),
        range,
      ),
    );
  }
}

function concatenated(all: readonly (Dims | undefined)[], axis: Known<number>): Dims | undefined {
  const [first] = all;
  if (first === undefined || !axis.known) return undefined;
  const place = axis.value < 0 ? first.length + axis.value : axis.value;
  const parts = all.map((each) => each?.[place] ?? unstated("the shape of an input is not known"));
  const sum = derived(parts, (values) => values.reduce((one, other) => one + other, 0));
  return first.map((extent, index) => (index === place ? sum : extent));
}
