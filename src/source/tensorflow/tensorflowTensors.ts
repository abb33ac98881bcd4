/** Operations of TensorFlow.js on tensors of which shapes and origins are followed. */
import {
  batchExtent,
  isData,
  Tensor,
  Weight,
  type Dims,
  type FlowStep,
  type TensorMethods,
} from "../interpret/flow.ts";
import { builtin } from "../interpret/closure.ts";
import { positive, product, windowExtent } from "../interpret/extents.ts";
import type { Given } from "../interpret/given.ts";
import {
  convolutionByHand,
  denseByHand,
  embeddingByHand,
  parameterByHand,
  takesBias,
} from "../interpret/handMadeLayers.ts";
import { LayerObject, type LayerOwn } from "../interpret/layerObject.ts";
import type { Reading } from "../interpret/reading.ts";
import { itemsOf, listOf, nothing, numberOf, scalar, textOf, unknown, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { numbersOf } from "./config.ts";

const activations: Readonly<Record<string, ActivationName>> = {
  relu: "relu",
  relu6: "relu6",
  tanh: "tanh",
  sigmoid: "sigmoid",
  elu: "elu",
  selu: "selu",
  softplus: "softplus",
  softmax: "softmax",
  logSoftmax: "logSoftmax",
  sin: "sine",
  cos: "cosine",
};

/** What leaves the numbers as they are. */
const unchanged: readonly string[] = ["toFloat", "cast", "clone", "asType"];

/** What keeps the shape. */
const elementwise: readonly string[] = [
  "square",
  "sqrt",
  "abs",
  "exp",
  "log",
  "neg",
  "sub",
  "pow",
  "maximum",
  "minimum",
  "step",
  "sign",
];

export class TensorFlowTensors implements TensorMethods {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  make(step: FlowStep, drawn?: InitializerSketch): Tensor {
    return new Tensor(step, this, drawn);
  }

  /** A tensor of numbers of which nothing but the shape and how they are drawn is known. */
  data(dims: Dims | undefined, range: SourceRange, drawn?: InitializerSketch): Tensor {
    return this.make(this.#reading.input(dims, range), drawn);
  }

  weight(of: Value | undefined, range: SourceRange): Weight {
    const tensor = of instanceof Tensor ? of : undefined;
    const initial = tensor?.drawn ?? {
      name: "variable",
      distribution: "unknown",
      gain: unstated("it is not known how it begins", range),
      fan: undefined,
      mean: unstated("it is not known how it begins", range),
      basis: "written",
      range,
    };
    const step = this.#reading.step({ what: "input", name: "variable", from: [], range, dims: tensor?.dims });
    return new Weight(step, this, initial);
  }

  member(tensor: Tensor, name: string, range: SourceRange): Value {
    if (name === "shape")
      return tensor.dims === undefined
        ? unknown("its shape is not known", range)
        : listOf(
            tensor.dims.map((each) =>
              each.known ? scalar(each.value, each.range, each.basis) : unknown(each.reason, range),
            ),
          );
    if (name === "dispose" || name === "print") return builtin(() => nothing);
    if (name === "assign") {
      return builtin(() => {
        const begins = tensor instanceof Weight && this.#reading.trainings.length === 0;
        if (begins) this.#reading.memory.write(tensor.initial, unknown("it is assigned to"));
        return nothing;
      });
    }
    return builtin((given) => this.operation(name, tensor, given.positional, given));
  }

  /** `first.name(…others)`, or `tf.name(first, …others)`. */
  operation(name: string, first: Value | undefined, others: readonly Value[], given: Given): Value {
    const { range } = given;
    if (!(first instanceof Tensor)) {
      if (name === "add" || name === "addN") return this.#sum(first, others, range);
      return unknown(first?.kind === "unknown" ? first.reason : `${name} is not followed`, range);
    }
    if (unchanged.includes(name)) return first;
    if (first.drawn !== undefined && (name === "mul" || name === "div"))
      return this.#scaledDraw(name, first, others[0], range);
    const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (activation !== undefined) return this.#activation(name, activation, undefined, first, range);
    switch (name) {
      case "leakyRelu":
        return this.#activation(name, "leakyRelu", numberOf(others[0], ofFramework(0.2)), first, range);
      case "matMul":
      case "dot":
        return this.#product(name, first, others, range);
      case "conv2d":
        return this.#convolution(first, others, range);
      case "add":
        return this.#sum(first, others, range);
      case "mul":
      case "div":
        return this.#factor(name, first, others[0], range);
      case "gather":
      case "embeddingLookup":
        return this.#gather(name, first, others[0], range);
      case "maxPool":
      case "avgPool":
        return this.#pool(name, first, others, range);
      case "dropout":
        return this.#layer(name, { kind: "dropout", rate: numberOf(others[0]) }, first, first.dims, range);
      case "slice":
      case "expandDims":
      case "squeeze":
        if (isData(first))
          return this.data(name === "slice" ? sliced(first.dims, others) : reranked(name, first.dims, others), range);
        return this.#unfollowed(name, first, others, range);
      case "reshape":
      case "flatten":
      case "as1D":
      case "as2D":
      case "as4D":
        return this.#reshape(name, first, others, range);
      default:
        return this.#unfollowed(name, first, others, range);
    }
  }

  #unfollowed(name: string, first: Tensor, others: readonly Value[], range: SourceRange): Tensor {
    const tensors = [first, ...others.filter((each) => each instanceof Tensor)];
    const wider = tensors.some(({ dims }) => (dims?.length ?? 0) > (first.dims?.length ?? 0));
    const dims = elementwise.includes(name) && !wider ? first.dims : undefined;
    // What is computed of data alone is data too.
    if (tensors.every(isData)) return this.data(dims, range);
    return this.make(
      this.#reading.operation(
        name,
        tensors.map((each) => this.#used(each, range)),
        range,
        dims,
      ),
    );
  }

  #scaledDraw(name: string, tensor: Tensor, by: Value | undefined, range: SourceRange): Tensor {
    const factor = numberOf(by);
    const scaling = (of: Known<number>, sign: (factor: number) => number) =>
      derived([of, factor], ([value = 0, times = 1]) => value * (name === "mul" ? sign(times) : 1 / sign(times)));
    const { drawn } = tensor;
    if (drawn === undefined) return tensor;
    const scaledDraw = {
      ...drawn,
      gain: scaling(drawn.gain, Math.abs),
      mean: scaling(drawn.mean, (times) => times),
      range,
    };
    return this.data(tensor.dims, range, scaledDraw);
  }

  /** The step of a tensor that is used; a weight that is no layer's is a layer of its own. */
  #used(tensor: Tensor, range: SourceRange): FlowStep {
    if (!(tensor instanceof Weight)) return tensor.step;
    return this.#reading.apply(parameterByHand(tensor, "variable", this.#reading), [], range);
  }

  #layer(call: string, own: LayerOwn, of: Tensor, output: Dims | undefined, range: SourceRange): Tensor {
    const layer = new LayerObject({
      call,
      range,
      basis: this.#reading.basis,
      weights: new Map(),
      describe: () => ({ own, output }),
      behaviour: { member: () => ({ kind: "unbound" }) },
    });
    return this.make(this.#reading.apply(layer, [this.#used(of, range)], range));
  }

  #activation(
    call: string,
    activation: ActivationName,
    slope: Known<number> | undefined,
    of: Tensor,
    range: SourceRange,
  ): Tensor {
    return this.#layer(
      call,
      { kind: "activation", activation: ofFramework(activation), slope, slopes: ofFramework(0) },
      of,
      of.dims,
      range,
    );
  }

  #product(name: string, first: Tensor, others: readonly Value[], range: SourceRange): Value {
    const [second, transposesFirst, transposesSecond] = others;
    if (second instanceof Weight && transposesFirst === undefined && transposesSecond === undefined) {
      const layer = first instanceof Weight ? undefined : denseByHand(second, name, this.#reading);
      if (layer !== undefined) return this.make(this.#reading.apply(layer, [first.step], range));
    }
    const from = [first, ...(second instanceof Tensor ? [second] : [])].map((each) => this.#used(each, range));
    return this.make(this.#reading.operation(name, from, range));
  }

  #convolution(first: Tensor, [kernel, strides, padding]: readonly Value[], range: SourceRange): Value {
    const stride = numbersOf(strides, ofFramework([1]));
    const equal = derived([stride], ([values = []]) =>
      values.every((each) => each === values[0]) ? (values[0] ?? 1) : Number.NaN,
    );
    const rule = textOf(padding);
    const known: Known<"valid" | "same"> =
      rule.known && (rule.value === "valid" || rule.value === "same")
        ? { ...rule, value: rule.value }
        : unstated("a padding that is not followed", range);
    const layer =
      kernel instanceof Weight ? convolutionByHand(kernel, "conv2d", this.#reading, positive(equal), known) : undefined;
    if (layer !== undefined) return this.make(this.#reading.apply(layer, [this.#used(first, range)], range));
    return this.make(this.#reading.operation("conv2d", [this.#used(first, range)], range));
  }

  #sum(first: Value | undefined, others: readonly Value[], range: SourceRange): Value {
    const parts = [first, ...others].flatMap((each) => (each === undefined ? [] : (itemsOf(each) ?? [each])));
    const tensors = parts.filter((each) => each instanceof Tensor);
    const [one, other] = tensors;
    if (one === undefined) return unknown("a sum that is not followed", range);
    if (tensors.length === 2 && other !== undefined) {
      const [values, bias] = one instanceof Weight ? [other, one] : [one, other];
      const { layer } = values.step;
      if (bias instanceof Weight && layer !== undefined && takesBias(layer, bias)) return values;
    }
    const from = tensors.map((each) => this.#used(each, range));
    const dims = tensors.find((each) => !(each instanceof Weight))?.dims;
    if (from.length !== parts.length) return this.make(this.#reading.operation("add", from, range, dims));
    return this.make(this.#reading.step({ what: "add", name: "add", from, range, dims }));
  }

  #factor(name: string, first: Tensor, by: Value | undefined, range: SourceRange): Value {
    if (by instanceof Tensor) {
      return this.make(
        this.#reading.operation(name, [this.#used(first, range), this.#used(by, range)], range, first.dims),
      );
    }
    const number = numberOf(by);
    const factor = name === "mul" ? number : derived([number], ([value = 1]) => 1 / value);
    return this.make(
      this.#reading.step({ what: "scale", name, from: [this.#used(first, range)], range, dims: first.dims, factor }),
    );
  }

  #gather(name: string, table: Tensor, indices: Value | undefined, range: SourceRange): Value {
    if (isData(table)) {
      const rows = indices instanceof Tensor ? indices.dims : undefined;
      return this.data(
        rows === undefined || table.dims === undefined ? undefined : [...rows, ...table.dims.slice(1)],
        range,
      );
    }
    const layer = table instanceof Weight ? embeddingByHand(table, name, this.#reading) : undefined;
    const from = indices instanceof Tensor ? indices.step : this.#reading.lost("what is looked up is not known", range);
    if (layer === undefined) return this.make(this.#reading.operation(name, [this.#used(table, range)], range));
    return this.make(this.#reading.apply(layer, [from], range));
  }

  #pool(name: string, of: Tensor, [size, strides, padding]: readonly Value[], range: SourceRange): Value {
    const kernels = numbersOf(size);
    const steps = numbersOf(strides, kernels);
    const rule = textOf(padding, ofFramework("valid"));
    const axis = (known: Known<readonly number[]>, index: number) =>
      derived([known], ([values = []]) => values[index] ?? values[0] ?? 1);
    const known: Known<"valid" | "same"> = derived([rule], ([value]) => (value === "same" ? "same" : "valid"));
    const { dims } = of;
    const output =
      dims?.length === 4
        ? dims.map((extent, index) =>
            index === 0 || index === 3
              ? extent
              : windowExtent(extent, {
                  kernel: axis(kernels, index - 1),
                  stride: axis(steps, index - 1),
                  dilation: ofFramework(1),
                  padding: known,
                }),
          )
        : undefined;
    return this.#layer(
      name,
      { kind: "pooling", form: name === "maxPool" ? "max" : "average", global: false },
      of,
      output,
      range,
    );
  }

  #reshape(name: string, of: Tensor, others: readonly Value[], range: SourceRange): Value {
    const target = name === "reshape" ? others[0] : listOf(others);
    const items = target === undefined ? undefined : itemsOf(target);
    const whole = of.dims === undefined ? undefined : product(of.dims);
    const stated = items?.map((each) => numberOf(each));
    const free = stated?.findIndex((each) => each.known && each.value < 0) ?? -1;
    let dims: Dims | undefined =
      name === "flatten" || name === "as1D" ? (whole === undefined ? undefined : [whole]) : stated;
    if (dims !== undefined && free >= 0) {
      const others = product(dims.filter((_, index) => index !== free));
      const rest =
        whole === undefined ? batchExtent : positive(derived([whole, others], ([all = 0, part = 1]) => all / part));
      dims = dims.map((each, index) => (index === free ? rest : each));
    }
    if (of.drawn !== undefined || isData(of)) return this.data(dims, range, of.drawn);
    return this.#layer(name, { kind: "reshape" }, of, dims, range);
  }
}

/** `slice(begin, size)`: numbers for each axis, or one number for the first. */
function sliced(dims: Dims | undefined, [, size]: readonly Value[]): Dims | undefined {
  if (dims === undefined || size === undefined) return undefined;
  const sizes = size.kind === "scalar" ? [size] : itemsOf(size);
  return sizes === undefined
    ? undefined
    : dims.map((extent, axis) => {
        const stated = sizes[axis];
        if (stated === undefined) return extent;
        const taken = numberOf(stated);
        return taken.known && taken.value < 0 ? unstated("a part of the data") : taken;
      });
}

/** `expandDims(axis)` and `squeeze(axes)`. */
function reranked(name: "expandDims" | "squeeze", dims: Dims | undefined, [axis]: readonly Value[]): Dims | undefined {
  if (dims === undefined) return undefined;
  const places = numbersOf(axis, name === "expandDims" ? ofFramework([0]) : undefined);
  const place = places.known && places.value.length === 1 ? (places.value[0] ?? 0) : undefined;
  if (place === undefined) return undefined;
  if (name === "squeeze") return dims.toSpliced(place, 1);
  return dims.toSpliced(place < 0 ? dims.length + 1 + place : place, 0, ofFramework(1));
}
