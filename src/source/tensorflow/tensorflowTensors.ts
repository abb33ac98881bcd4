/** Operations of TensorFlow.js on tensors of which shapes and origins are followed. */
import { batchExtent, isData, Tensor, Weight, type Dims } from "../interpret/flow.ts";
import { FollowedTensors } from "../interpret/followedTensors.ts";
import { builtin } from "../interpret/closure.ts";
import { positive, product, windowExtent } from "../interpret/extents.ts";
import type { Given } from "../interpret/given.ts";
import { convolutionByHand, denseByHand, embeddingByHand } from "../interpret/handMadeLayers.ts";
import type { Reading } from "../interpret/reading.ts";
import { itemsOf, listOf, nothing, numberOf, scalar, textOf, unknown, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
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

export class TensorFlowTensors extends FollowedTensors {
  constructor(reading: Reading) {
    super(reading, "variable");
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
        const begins = tensor instanceof Weight && !this.reading.hasTrained;
        if (begins) this.reading.memory.write(tensor.initial, unknown("it is assigned to"));
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
    const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
    if (activation !== undefined) return this.activation(name, ofFramework(activation), undefined, first, range);
    switch (name) {
      case "leakyRelu":
        return this.activation(name, ofFramework("leakyRelu"), numberOf(others[0], ofFramework(0.2)), first, range);
      case "matMul":
      case "dot":
        return this.#product(name, first, others, range);
      case "conv2d":
        return this.#convolution(first, others, range);
      case "add":
        return this.#sum(first, others, range);
      case "mul":
      case "div":
        return this.scaled(name, first, others[0], range);
      case "gather":
      case "embeddingLookup":
        return this.#gather(name, first, others[0], range);
      case "maxPool":
      case "avgPool":
        return this.#pool(name, first, others, range);
      case "dropout":
        return this.layer(name, { kind: "dropout", rate: numberOf(others[0]) }, first, first.dims, range);
      case "slice":
      case "expandDims":
      case "squeeze":
        if (isData(first))
          return this.dataOf(
            first,
            name === "slice" ? sliced(first.dims, others) : reranked(name, first.dims, others),
            range,
          );
        return this.#computed(name, first, others, range);
      case "reshape":
      case "flatten":
      case "as1D":
      case "as2D":
      case "as4D":
        return this.#reshape(name, first, others, range);
      default:
        return this.#computed(name, first, others, range);
    }
  }

  #computed(name: string, first: Tensor, others: readonly Value[], range: SourceRange): Tensor {
    const tensors = [first, ...others.filter((each) => each instanceof Tensor)];
    const wider = tensors.some(({ dims }) => (dims?.length ?? 0) > (first.dims?.length ?? 0));
    const dims = elementwise.includes(name) && !wider ? first.dims : undefined;
    // What is computed of data alone is data too.
    return tensors.every(isData) ? this.data(dims, range) : this.unfollowed(name, tensors, range, dims);
  }

  #product(name: string, first: Tensor, others: readonly Value[], range: SourceRange): Value {
    const [second, transposesFirst, transposesSecond] = others;
    if (second instanceof Weight && transposesFirst === undefined && transposesSecond === undefined) {
      const layer = first instanceof Weight ? undefined : denseByHand(second, name, this.reading);
      if (layer !== undefined) return this.make(this.reading.apply(layer, [first.step], range));
    }
    return this.unfollowed(name, [first, second], range);
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
      kernel instanceof Weight ? convolutionByHand(kernel, "conv2d", this.reading, positive(equal), known) : undefined;
    if (layer !== undefined) return this.make(this.reading.apply(layer, [this.used(first, range)], range));
    return this.unfollowed("conv2d", [first], range);
  }

  #sum(first: Value | undefined, others: readonly Value[], range: SourceRange): Value {
    const parts = [first, ...others].flatMap((each) => (each === undefined ? [] : (itemsOf(each) ?? [each])));
    return this.total(parts, range);
  }

  #gather(name: string, table: Tensor, indices: Value | undefined, range: SourceRange): Value {
    if (isData(table)) {
      const rows = indices instanceof Tensor ? indices.dims : undefined;
      return this.dataOf(
        table,
        rows === undefined || table.dims === undefined ? undefined : [...rows, ...table.dims.slice(1)],
        range,
      );
    }
    const layer = table instanceof Weight ? embeddingByHand(table, name, this.reading) : undefined;
    const from = indices instanceof Tensor ? indices.step : this.reading.lost("what is looked up is not known", range);
    if (layer === undefined) return this.unfollowed(name, [table], range);
    return this.make(this.reading.apply(layer, [from], range));
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
    return this.layer(
      name,
      { kind: "pooling", form: name === "maxPool" ? "max" : "average", global: false, size: kernels, strides: steps },
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
    if (of.drawn !== undefined || isData(of)) return this.data(dims, range, of.drawn, of.step.square);
    return this.layer(name, { kind: "reshape" }, of, dims, range);
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
