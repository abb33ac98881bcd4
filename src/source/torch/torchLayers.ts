/** `torch.nn.…`: what each layer is, and the shape that it gives. */
import { batchExtent, type Dims, type Tensor } from "../interpret/flow.ts";
import { perAxis, positive, product, slidExtents, windowExtent, type Window } from "../interpret/extents.ts";
import type { Given } from "../interpret/given.ts";
import type { LayerDraft, LayerOwn, WeightRole } from "../interpret/layerObject.ts";
import { booleanOf, itemsOf, nothing, numberOf, textOf, type Value } from "../interpret/value.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, jointBasis, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { compositeLayer } from "./compositeLayers.ts";
import { layerDefault, ones, recurrentDefault, transposedDefault, unitNormal, zeros } from "./torchInitializers.ts";

/** What a module that is made of others computes with. */
export interface Computing {
  /** Through the part of a name. */
  part(name: string, input: Tensor): Tensor;
  activation(activation: Known<ActivationName>, input: Tensor): Tensor;
  dropout(rate: Known<number>, input: Tensor): Tensor;
  sum(one: Tensor, other: Tensor): Tensor;
}

interface TorchPart {
  readonly name: string;
  readonly call: string;
  readonly layer: TorchLayer;
  readonly roles: readonly (readonly [own: WeightRole, ofWhole: WeightRole])[];
}

export interface TorchLayer {
  readonly weights: readonly (readonly [role: WeightRole, initial: InitializerSketch, dims: Dims])[];
  readonly describe: (input: Dims | undefined, initial: (role: WeightRole) => InitializerSketch) => LayerDraft;
  /** Layers within it, each with the roles that its weights have for the whole. */
  readonly parts?: readonly TorchPart[];
  /** What comes out, where it is nothing but its parts one after the other. */
  readonly compute?: (of: Computing, input: Tensor) => Tensor;
}

/** Activations under the names of their classes. */
const activations: Readonly<Record<string, ActivationName>> = {
  ReLU: "relu",
  ReLU6: "relu6",
  LeakyReLU: "leakyRelu",
  ELU: "elu",
  SELU: "selu",
  CELU: "celu",
  SiLU: "silu",
  Mish: "mish",
  Tanh: "tanh",
  Hardtanh: "hardTanh",
  Sigmoid: "sigmoid",
  Hardsigmoid: "hardSigmoid",
  Hardswish: "hardSwish",
  LogSigmoid: "logSigmoid",
  Softplus: "softplus",
  Softsign: "softsign",
  Softmax: "softmax",
  LogSoftmax: "logSoftmax",
};

const dropouts: readonly string[] = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"];
/** What moves values about and changes none. */
const moving: readonly string[] = [
  "Unflatten",
  "Upsample",
  "UpsamplingNearest2d",
  "UpsamplingBilinear2d",
  "PixelShuffle",
  "PixelUnshuffle",
  "ChannelShuffle",
  "Unfold",
];
const same = (input: Dims | undefined) => input;

function plain(own: LayerOwn, output: (input: Dims | undefined) => Dims | undefined): TorchLayer {
  return { weights: [], describe: (input) => ({ own, output: output(input) }) };
}

export function withLast(input: Dims | undefined, units: Known<number>): Dims | undefined {
  return input === undefined ? undefined : [...input.slice(0, -1), units];
}

/** A number or numbers for each axis. */
export function sizesOf(value: Value | undefined, axes: number, fallback?: number): Known<readonly number[]> {
  const number = numberOf(value, fallback === undefined ? undefined : ofFramework(fallback));
  if (number.known) return { ...number, value: Array.from({ length: axes }, () => number.value) };
  const items = value === undefined ? undefined : itemsOf(value);
  if (items === undefined) return number;
  const numbers = items.map((each) => numberOf(each));
  const sizes: number[] = [];
  for (const each of numbers) {
    if (!each.known) return each;
    sizes.push(each.value);
  }
  const bases = numbers.flatMap((each) => (each.known ? [each.basis] : []));
  if (sizes.length !== axes) return unstated("not a number for each axis");
  return { known: true, value: sizes, basis: jointBasis(bases), range: undefined };
}

/** A layer by the name of its class; undefined for one that is not known. */
export function torchLayer(name: string, given: Given): TorchLayer | undefined {
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation !== undefined) return activationLayer(asStated(activation, given), name, given);
  if (dropouts.includes(name))
    return plain({ kind: "dropout", rate: numberOf(given.get(0, "p"), ofFramework(0.5)) }, same);
  const axes = Number(name.at(-2));
  if (name.startsWith("ConvTranspose") && axes > 0)
    return convolution(given, axes === 1 ? 1 : axes === 2 ? 2 : 3, true);
  if (name.startsWith("Conv") && axes > 0) return convolution(given, axes === 1 ? 1 : axes === 2 ? 2 : 3, false);
  if (name.includes("Pool") && axes > 0) return pooling(name, given, axes);
  if (moving.includes(name) || name.endsWith("Pad1d") || name.endsWith("Pad2d") || name.endsWith("Pad3d"))
    return plain({ kind: "reshape" }, () => undefined);
  if (name.startsWith("BatchNorm") || name === "SyncBatchNorm" || name.startsWith("InstanceNorm"))
    return channelNorm(name, given);
  switch (name) {
    case "Linear":
      return linear(given);
    case "Embedding":
      return embedding(given);
    case "EmbeddingBag": {
      const bag = embedding(given);
      return { ...bag, describe: (_, initial) => bag.describe(undefined, initial) };
    }
    case "LayerNorm":
    case "RMSNorm":
      return layerNorm(name, given);
    case "GroupNorm":
      return groupNorm(given);
    case "LSTM":
    case "GRU":
    case "RNN":
      return given.by("proj_size") === undefined ? recurrent(name, given) : undefined;
    case "LSTMCell":
    case "GRUCell": {
      const [inputs, units, ...bias] = given.positional;
      const places = [inputs ?? nothing, units ?? nothing, nothing, ...bias.slice(0, 1)];
      return recurrent(name === "LSTMCell" ? "LSTM" : "GRU", given.withPositional(places));
    }
    case "GELU": {
      const form = textOf(given.get(0, "approximate"), ofFramework("none"));
      const which: Known<ActivationName> = derived([form], ([value]) => (value === "tanh" ? "geluTanh" : "gelu"));
      return plain({ kind: "activation", activation: which, slope: undefined, slopes: ofFramework(0) }, same);
    }
    case "PReLU": {
      const slopes = numberOf(given.get(0, "num_parameters"), ofFramework(1));
      const slope = numberOf(given.get(1, "init"), ofFramework(0.25));
      return plain({ kind: "activation", activation: ofFramework("prelu"), slope, slopes }, same);
    }
    case "Flatten":
      return plain({ kind: "reshape" }, (input) =>
        flattened(input, numberOf(given.get(0, "start_dim"), ofFramework(1))),
      );
    case "Identity":
      return plain({ kind: "other", weightless: true }, same);
    default: {
      const own = compositeLayer(name, given);
      return own === undefined ? undefined : plain(own, () => undefined);
    }
  }
}

/** All axes from a first one on made one. */
export function flattened(input: Dims | undefined, start: Known<number>): Dims | undefined {
  if (input === undefined || !start.known) return undefined;
  const first = start.value < 0 ? input.length + start.value : start.value;
  return [...input.slice(0, first), product(input.slice(first))];
}

/** A softplus whose β or threshold is set is another function. Its settings as a class or a function takes them, behind `first` others. */
export function asStated(activation: ActivationName, given: Given, first = 0): Known<ActivationName> {
  const settings = [given.get(first, "beta"), given.get(first + 1, "threshold")];
  const isSet = activation === "softplus" && settings.some((each) => each !== undefined);
  return isSet ? unstated("a softplus with a β or a threshold of its own", given.range) : ofFramework(activation);
}

function activationLayer(activation: Known<ActivationName>, name: string, given: Given): TorchLayer {
  const slopes: Readonly<Record<string, readonly [string, number]>> = {
    LeakyReLU: ["negative_slope", 0.01],
    ELU: ["alpha", 1],
    CELU: ["alpha", 1],
  };
  const [keyword, standard] = slopes[name] ?? [];
  const slope =
    keyword === undefined || standard === undefined
      ? undefined
      : numberOf(given.get(0, keyword), ofFramework(standard));
  return plain({ kind: "activation", activation, slope, slopes: ofFramework(0) }, same);
}

function linear(given: Given): TorchLayer {
  const inputs = positive(numberOf(given.get(0, "in_features")));
  const units = positive(numberOf(given.get(1, "out_features")));
  return dense(inputs, units, booleanOf(given.get(2, "bias"), ofFramework(true)), layerDefault);
}

export function dense(
  inputs: Known<number>,
  units: Known<number>,
  bias: Known<boolean>,
  biases: InitializerSketch,
): TorchLayer {
  return {
    weights: [
      ["kernel", layerDefault, [units, inputs]],
      ["bias", biases, [units]],
    ],
    describe: (input, initial) => ({
      own: {
        kind: "dense",
        inputs,
        units,
        bias,
        activation: ofFramework("linear"),
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
      },
      output: withLast(input, units),
    }),
  };
}

function convolution(given: Given, dimensions: 1 | 2 | 3, transposed: boolean): TorchLayer {
  const inputs = positive(numberOf(given.get(0, "in_channels")));
  const units = positive(numberOf(given.get(1, "out_channels")));
  const kernelSize = sizesOf(given.get(2, "kernel_size"), dimensions);
  const strides = sizesOf(given.get(3, "stride"), dimensions, 1);
  const stated = given.get(4, "padding");
  const rule = textOf(stated);
  const padding: Known<"valid" | "same" | readonly number[]> =
    rule.known && (rule.value === "valid" || rule.value === "same")
      ? { ...rule, value: rule.value }
      : sizesOf(stated, dimensions, 0);
  const [placeOfDilation, placeOfGroups, placeOfBias] = transposed ? [8, 6, 7] : [5, 6, 7];
  const dilation = sizesOf(given.get(placeOfDilation, "dilation"), dimensions, 1);
  const extra = sizesOf(transposed ? given.get(5, "output_padding") : undefined, dimensions, 0);
  const groups = numberOf(given.get(placeOfGroups, "groups"), ofFramework(1));
  const bias = booleanOf(given.get(placeOfBias, "bias"), ofFramework(true));
  const mode = textOf(given.get(transposed ? 9 : 8, "padding_mode"), ofFramework("zeros"));
  const padsWithZeros = derived([mode], ([name]) => name === "zeros");
  const standard = transposed ? transposedDefault : layerDefault;
  const extents = perAxis(kernelSize, dimensions);
  const ofGroup = derived([inputs, groups], ([n = 1, parts = 1]) => n / parts);
  return {
    weights: [
      ["kernel", standard, [units, ofGroup, ...extents]],
      ["bias", standard, [units]],
    ],
    describe: (input, initial) => ({
      own: {
        kind: "convolution",
        dimensions,
        transposed,
        inputs,
        units,
        kernelSize,
        strides,
        dilation,
        padding,
        padsWithZeros,
        groups,
        bias,
        activation: ofFramework("linear"),
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
      },
      output:
        input?.length === dimensions + 2
          ? [
              input[0] ?? batchExtent,
              units,
              ...slidExtents(input.slice(2), {
                kernelSize,
                strides,
                dilation,
                transposed,
                extra,
                padding: (axis) => paddingAt(padding, axis),
              }),
            ]
          : undefined,
    }),
  };
}

function paddingAt(padding: Known<"valid" | "same" | readonly number[]>, axis: number): Window["padding"] {
  if (!padding.known) return padding;
  return typeof padding.value === "string"
    ? { ...padding, value: padding.value }
    : { ...padding, value: padding.value[axis] ?? 0 };
}

function pooling(name: string, given: Given, axes: number): TorchLayer {
  const form = name.includes("Max") ? "max" : "average";
  const adaptive = name.startsWith("Adaptive");
  const size = sizesOf(given.get(0, adaptive ? "output_size" : "kernel_size"), axes);
  const global = adaptive && size.known && size.value.every((each) => each === 1);
  const own = { kind: "pooling", form, global, ...windows(adaptive, size, given, axes) } as const;
  return plain(own, (input) => pooled(input, adaptive, size, given, axes));
}

/** A pooling's windows, which adapt where the size is that of the output; its settings behind `first` others. */
export function windows(
  adaptive: boolean,
  size: Known<readonly number[]>,
  given: Given,
  axes: number,
  first = 0,
): { readonly size: Known<readonly number[]>; readonly strides: Known<readonly number[]> } {
  const adapts = unstated("its windows adapt to its input");
  if (adaptive) return { size: adapts, strides: adapts };
  const stride = given.get(first + 1, "stride");
  return { size, strides: stride === undefined ? size : sizesOf(stride, axes) };
}

/** The shape after a pooling; its settings as a class or a function takes them, behind `first` others. */
export function pooled(
  input: Dims | undefined,
  adaptive: boolean,
  size: Known<readonly number[]>,
  given: Given,
  axes: number,
  first = 0,
): Dims | undefined {
  if (input?.length !== axes + 2) return undefined;
  const sizes = perAxis(size, axes);
  if (adaptive) return [...input.slice(0, 2), ...sizes];
  const stride = given.get(first + 1, "stride");
  const strides = stride === undefined ? sizes : perAxis(sizesOf(stride, axes), axes);
  const paddings = perAxis(sizesOf(given.get(first + 2, "padding"), axes, 0), axes);
  const ceiling = given.by("ceil_mode");
  if (ceiling !== undefined) return undefined;
  return [
    ...input.slice(0, 2),
    ...sizes.map((kernel, axis) =>
      windowExtent(input[axis + 2] ?? kernel, {
        kernel,
        stride: strides[axis] ?? kernel,
        dilation: ofFramework(1),
        padding: paddings[axis] ?? ofFramework(0),
      }),
    ),
  ];
}

export function normalization(
  form: "batch" | "layer" | "group" | "instance" | "rms",
  inputs: Known<number>,
  rest: { groups?: Known<number>; epsilon: Known<number>; scale: Known<boolean>; center: Known<boolean> },
): TorchLayer {
  return {
    weights: [
      ["gain", ones, [inputs]],
      ["shift", zeros, [inputs]],
    ],
    describe: (input, initial) => ({
      own: {
        kind: "normalization",
        form,
        inputs,
        groups: ofFramework(1),
        gainInitializer: initial("gain"),
        shiftInitializer: initial("shift"),
        ...rest,
      },
      output: input,
    }),
  };
}

function channelNorm(name: string, given: Given): TorchLayer {
  const batch = !name.startsWith("Instance");
  const affine = booleanOf(given.get(3, "affine"), ofFramework(batch));
  const epsilon = numberOf(given.get(1, "eps"), ofFramework(1e-5));
  return normalization(batch ? "batch" : "instance", positive(numberOf(given.get(0, "num_features"))), {
    epsilon,
    scale: affine,
    center: affine,
  });
}

function layerNorm(name: "LayerNorm" | "RMSNorm", given: Given): TorchLayer {
  const shape = given.get(0, "normalized_shape");
  const items = shape === undefined ? undefined : itemsOf(shape);
  const inputs = items === undefined ? positive(numberOf(shape)) : product(items.map((each) => numberOf(each)));
  const affine = booleanOf(given.get(2, "elementwise_affine"), ofFramework(true));
  const layer = name === "LayerNorm";
  const standard = layer ? ofFramework(1e-5) : unstated("it depends on the precision of the numbers");
  const bias = booleanOf(given.get(3, "bias"), ofFramework(true));
  return normalization(layer ? "layer" : "rms", inputs, {
    epsilon: numberOf(given.get(1, "eps"), standard),
    scale: affine,
    center: layer ? derived([affine, bias], ([one = true, other = true]) => one && other) : ofFramework(false),
  });
}

function groupNorm(given: Given): TorchLayer {
  const affine = booleanOf(given.get(3, "affine"), ofFramework(true));
  return normalization("group", positive(numberOf(given.get(1, "num_channels"))), {
    groups: numberOf(given.get(0, "num_groups")),
    epsilon: numberOf(given.get(2, "eps"), ofFramework(1e-5)),
    scale: affine,
    center: affine,
  });
}

function embedding(given: Given): TorchLayer {
  const inputs = positive(numberOf(given.get(0, "num_embeddings")));
  const units = positive(numberOf(given.get(1, "embedding_dim")));
  return {
    weights: [["kernel", unitNormal, [inputs, units]]],
    describe: (input, initial) => ({
      own: { kind: "embedding", inputs, units, kernelInitializer: initial("kernel") },
      output: input === undefined ? undefined : [...input, units],
    }),
  };
}

function recurrent(name: "LSTM" | "GRU" | "RNN", given: Given): TorchLayer {
  const inputs = positive(numberOf(given.get(0, "input_size")));
  const units = positive(numberOf(given.get(1, "hidden_size")));
  const layers = numberOf(given.get(2, "num_layers"), ofFramework(1));
  const bidirectional = booleanOf(given.get(6, "bidirectional"), ofFramework(false));
  const standard = recurrentDefault(units);
  return {
    weights: [
      ["kernel", standard, [units, inputs]],
      ["recurrent", standard, [units, units]],
      ["bias", standard, [units]],
    ],
    describe: (input, initial) => ({
      own: {
        kind: "recurrent",
        cell: name === "LSTM" ? "lstm" : name === "GRU" ? "gru" : "simple",
        inputs,
        units,
        layers,
        bidirectional,
        biasesPerGate: 2,
        bias: booleanOf(given.get(3, "bias"), ofFramework(true)),
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
        recurrentInitializer: initial("recurrent"),
      },
      output: bidirectional.known
        ? withLast(input, bidirectional.value ? product([units, ofFramework(2)]) : units)
        : undefined,
    }),
  };
}
