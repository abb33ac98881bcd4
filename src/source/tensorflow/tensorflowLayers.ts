/** `tf.layers.…`: what each layer is, and the shape that it gives. */
import { batchExtent, frozen, unknownInitializer, Weight, type Dims } from "../interpret/flow.ts";
import { concatenated, perAxis, positive, product, slidExtents, windowExtent } from "../interpret/extents.ts";
import type { Given } from "../interpret/given.ts";
import {
  LayerObject,
  type LayerBehaviour,
  type LayerDraft,
  type LayerOwn,
  type WeightRole,
} from "../interpret/layerObject.ts";
import type { Reading } from "../interpret/reading.ts";
import { booleanOf, itemsOf, numberOf, textOf, type Value } from "../interpret/value.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { configAt, numbersOf, type Config } from "./config.ts";
import { initializerOf } from "./tensorflowInitializers.ts";
import { wrapper } from "./wrappedLayers.ts";

type Describe = (
  input: Dims | undefined,
  all: readonly (Dims | undefined)[],
  initial: (role: WeightRole) => InitializerSketch,
) => LayerDraft;

const activations: Readonly<Record<string, ActivationName>> = {
  linear: "linear",
  relu: "relu",
  relu6: "relu6",
  elu: "elu",
  selu: "selu",
  gelu: "gelu",
  gelu_new: "geluTanh",
  swish: "silu",
  mish: "mish",
  tanh: "tanh",
  sigmoid: "sigmoid",
  hardSigmoid: "hardSigmoid",
  softplus: "softplus",
  softsign: "softsign",
  softmax: "softmax",
  logSoftmax: "logSoftmax",
};

/** The activation of a layer's setting; linear where it has none. */
function activationOf(value: Value | undefined): Known<ActivationName> {
  const name = textOf(value, ofFramework("linear"));
  if (!name.known) return name;
  const found = Object.hasOwn(activations, name.value) ? activations[name.value] : undefined;
  return found === undefined ? unstated(`${name.value} is not known`, name.range) : { ...name, value: found };
}

/** The shape that a layer's settings give for its input. */
export function statedInput(config: Config): Dims | undefined {
  const whole = config("batchInputShape");
  const shape = whole ?? config("inputShape");
  if (shape === undefined || shape.kind === "unknown") {
    const length = config("inputDim");
    return length === undefined ? undefined : [batchExtent, numberOf(length)];
  }
  // A number alone is taken for the only extent.
  const items = shape.kind === "scalar" ? [shape] : itemsOf(shape);
  if (items === undefined) return undefined;
  const extents = items.map((each) => numberOf(each));
  return whole === undefined ? [batchExtent, ...extents] : [batchExtent, ...extents.slice(1)];
}

/** As `statedInput`, of an embedding, whose `inputDim` is the size of its vocabulary. */
function wordsInto(config: Config): Dims | undefined {
  if (config("batchInputShape") !== undefined || config("inputShape") !== undefined) return statedInput(config);
  const stated = config("inputLength");
  if (stated === undefined) return [batchExtent, unstated("how many words a sequence has is not in the text")];
  return [batchExtent, ...(itemsOf(stated) ?? [stated]).map((each) => numberOf(each))];
}

const settingsOfInput = new WeakMap<LayerObject, Dims>();

/** What a layer's own settings say of its input. */
export function inputOf(layer: LayerObject): Dims | undefined {
  return settingsOfInput.get(layer);
}

/** A layer by its name in `tf.layers`. */
export function makeLayer(name: string, given: Given, reading: Reading, behaviour: LayerBehaviour): LayerObject {
  const config = configAt(given, 0);
  const { describe, weights } = layerNamed(name, config);
  const stated = textOf(config("name"));
  const made = new Map<WeightRole, Weight>();
  for (const [role, sketch] of weights) made.set(role, weightOf(sketch, given));
  const layer = new LayerObject({
    call: name,
    range: given.range,
    name: stated.known ? stated.value : undefined,
    basis: reading.basis,
    weights: made,
    describe: (inputs, initial) => describe(inputs[0], inputs, initial),
    behaviour,
  });
  const input = name === "embedding" ? wordsInto(config) : statedInput(config);
  if (input !== undefined) settingsOfInput.set(layer, input);
  const trained = booleanOf(config("trainable"), ofFramework(true));
  if (!trained.known || !trained.value) layer.altered = frozen;
  return layer;
}

function weightOf(sketch: InitializerSketch, given: Given): Weight {
  const step = { serial: -1, from: [], what: "input", name: "weight", range: given.range, dims: undefined } as const;
  return new Weight(step, { member: () => ({ kind: "unbound" }) }, sketch);
}

export interface LayerKindOf {
  readonly weights: readonly (readonly [WeightRole, InitializerSketch])[];
  readonly describe: Describe;
}

function plain(
  own: LayerOwn,
  output: (input: Dims | undefined, all: readonly (Dims | undefined)[]) => Dims | undefined,
): LayerKindOf {
  return { weights: [], describe: (input, all) => ({ own, output: output(input, all) }) };
}

const same = (input: Dims | undefined) => input;
const noSlopes = { slope: undefined, slopes: ofFramework(0) };
const last = (input: Dims | undefined): Known<number> =>
  input?.at(-1) ?? unstated("the shape of its input is not known");

function layerNamed(name: string, config: Config): LayerKindOf {
  switch (name) {
    case "dense":
      return dense(config);
    case "conv1d":
    case "conv2d":
    case "conv3d":
    case "depthwiseConv2d":
    case "conv2dTranspose":
    case "conv3dTranspose":
      return convolution(name, config);
    case "embedding":
      return embedding(config);
    case "batchNormalization":
    case "layerNormalization":
      return normalization(name, config);
    case "lstm":
    case "gru":
    case "simpleRNN":
      return recurrent(name, config);
    case "separableConv2d":
      return separable(config);
    case "bidirectional":
    case "timeDistributed":
      return wrapper(name, config) ?? plain({ kind: "other", weightless: false }, () => undefined);
    case "prelu":
      return prelu(config);
    case "activation":
      return plain({ kind: "activation", activation: activationOf(config("activation")), ...noSlopes }, same);
    case "reLU":
      return plain({ kind: "activation", activation: rectifierUpTo(config("maxValue")), ...noSlopes }, same);
    case "softmax":
      return plain({ kind: "activation", activation: ofFramework("softmax"), ...noSlopes }, same);
    case "elu":
      return sloped("elu", numberOf(config("alpha"), ofFramework(1)));
    case "leakyReLU":
      return sloped("leakyRelu", numberOf(config("alpha"), ofFramework(0.3)));
    case "dropout":
    case "spatialDropout1d":
    case "gaussianDropout":
    case "alphaDropout":
      return plain({ kind: "dropout", rate: numberOf(config("rate")) }, same);
    case "flatten":
      return plain({ kind: "reshape" }, (input) =>
        input === undefined ? undefined : [input[0] ?? batchExtent, product(input.slice(1))],
      );
    case "reshape":
      return plain({ kind: "reshape" }, (input) => reshaped(input, numbersOf(config("targetShape"))));
    case "repeatVector":
      return plain({ kind: "reshape" }, (input) =>
        input === undefined ? undefined : [input[0] ?? batchExtent, numberOf(config("n")), last(input)],
      );
    case "permute":
    case "zeroPadding2d":
    case "cropping2D":
      return plain({ kind: "reshape" }, () => undefined);
    case "upSampling2d":
      return plain({ kind: "reshape" }, (input) => {
        const factors = perAxis(numbersOf(config("size"), ofFramework([2, 2])), 2);
        return input?.map((extent, axis) =>
          axis === 1 || axis === 2 ? product([extent, factors[axis - 1] ?? extent]) : extent,
        );
      });
    case "add":
    case "average":
    case "multiply":
    case "maximum":
    case "minimum":
      return plain({ kind: "merge", form: name }, same);
    case "concatenate":
      return plain({ kind: "merge", form: "concatenate" }, (_, all) =>
        concatenated(all, numberOf(config("axis"), ofFramework(-1))),
      );
    case "dot":
      return plain({ kind: "merge", form: "dot" }, (_, all) => contracted(all, numbersOf(config("axes"))));
    case "gaussianNoise":
    case "masking":
    case "rescaling":
    case "inputLayer":
      return plain({ kind: "other", weightless: true }, name === "inputLayer" ? () => statedInput(config) : same);
    default:
      return pooling(name, config) ?? plain({ kind: "other", weightless: false }, () => undefined);
  }
}

function rectifierUpTo(limit: Value | undefined): Known<ActivationName> {
  if (limit === undefined) return ofFramework("relu");
  const most = numberOf(limit);
  if (!most.known) return most;
  return most.value === 6
    ? { ...most, value: "relu6" }
    : unstated(`a rectifier that ends at ${most.value}`, most.range);
}

function sloped(activation: ActivationName, slope: Known<number>): LayerKindOf {
  return plain({ kind: "activation", activation: ofFramework(activation), slope, slopes: ofFramework(0) }, same);
}

function weightSettings(config: Config, kernel = "kernelInitializer"): LayerKindOf["weights"] {
  return [
    ["kernel", initializerOf(config(kernel), "glorotNormal")],
    ["bias", initializerOf(config("biasInitializer"), "zeros")],
  ];
}

function dense(config: Config): LayerKindOf {
  const units = positive(numberOf(config("units")));
  const bias = booleanOf(config("useBias"), ofFramework(true));
  const activation = activationOf(config("activation"));
  return {
    weights: weightSettings(config),
    describe: (input, _, initial) => ({
      own: {
        kind: "dense",
        inputs: last(input),
        units,
        bias,
        activation,
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
      },
      output: input === undefined ? undefined : [...input.slice(0, -1), units],
    }),
  };
}

type ConvolutionName = "conv1d" | "conv2d" | "conv3d" | "depthwiseConv2d" | "conv2dTranspose" | "conv3dTranspose";

function convolution(name: ConvolutionName, config: Config): LayerKindOf {
  const dimensions = name === "conv1d" ? 1 : name.startsWith("conv3d") ? 3 : 2;
  const transposed = name.endsWith("Transpose");
  const depthwise = name === "depthwiseConv2d";
  const kernelSize = axes(numbersOf(config("kernelSize")), dimensions);
  const strides = axes(numbersOf(config("strides"), ofFramework([1])), dimensions);
  const dilation = axes(numbersOf(config("dilationRate"), ofFramework([1])), dimensions);
  const rule = textOf(config("padding"), ofFramework("valid"));
  const padding: Known<"valid" | "same"> =
    rule.known && (rule.value === "valid" || rule.value === "same")
      ? { ...rule, value: rule.value }
      : unstated(rule.known ? `${rule.value} is not followed` : rule.reason, rule.range);
  const first = config("dataFormat");
  const channelsLast = first === undefined || (first.kind === "scalar" && first.value === "channelsLast");
  const multiplier = numberOf(config("depthMultiplier"), ofFramework(1));
  return {
    weights: weightSettings(config, depthwise ? "depthwiseInitializer" : "kernelInitializer"),
    describe: (input, _, initial) => {
      const inputs = channelsLast ? last(input) : unstated("channels do not come last");
      const units = depthwise ? product([inputs, multiplier]) : positive(numberOf(config("filters")));
      const places = input?.slice(1, 1 + dimensions) ?? [];
      const extents = slidExtents(places, { kernelSize, strides, dilation, transposed, padding: () => padding });
      return {
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
          padsWithZeros: ofFramework(true),
          groups: depthwise ? inputs : ofFramework(1),
          bias: booleanOf(config("useBias"), ofFramework(true)),
          activation: activationOf(config("activation")),
          kernelInitializer: initial("kernel"),
          biasInitializer: initial("bias"),
        },
        output:
          input?.length === dimensions + 2 && channelsLast ? [input[0] ?? batchExtent, ...extents, units] : undefined,
      };
    },
  };
}

function axes(known: Known<readonly number[]>, dimensions: number): Known<readonly number[]> {
  if (!known.known || known.value.length === dimensions) return known;
  const [only] = known.value;
  if (known.value.length !== 1 || only === undefined) return unstated("not a number for each axis", known.range);
  return { ...known, value: Array.from({ length: dimensions }, () => only) };
}

/** A depthwise convolution and one of 1×1 behind it, with one bias; counted and not taken apart. */
function separable(config: Config): LayerKindOf {
  const window = product(perAxis(axes(numbersOf(config("kernelSize")), 2), 2));
  const multiplier = numberOf(config("depthMultiplier"), ofFramework(1));
  const filters = positive(numberOf(config("filters")));
  const bias = booleanOf(config("useBias"), ofFramework(true));
  const biases = derived([bias], ([has]) => (has === true ? 1 : 0));
  const { describe } = convolution("conv2d", config);
  return {
    weights: [],
    describe: (input, all) => {
      const parameters = derived(
        [last(input), window, multiplier, filters, biases],
        ([n = 0, places = 0, times = 1, units = 0, each = 0]) => n * times * (places + units) + each * units,
      );
      const { output } = describe(input, all, () => unknownInitializer("it has several kernels"));
      return { own: { kind: "other", weightless: false, parameters }, output };
    },
  };
}

/** A slope of its own for every place of its input, but for axes that share theirs. */
function prelu(config: Config): LayerKindOf {
  const shared = numbersOf(config("sharedAxes"), ofFramework([]));
  const initial = initializerOf(config("alphaInitializer"), "zeros");
  const slope =
    initial.distribution === "constant" ? initial.mean : unstated("its slopes are drawn at random", initial.range);
  return {
    weights: [],
    describe: (input) => {
      const slopes: Known<number> = !shared.known
        ? shared
        : input === undefined
          ? unstated("the shape of its input is not known")
          : product(input.slice(1).filter((_, index) => !shared.value.includes(index + 1)));
      return {
        own: { kind: "activation", activation: ofFramework("prelu"), slope, slopes },
        output: input,
      };
    },
  };
}

function embedding(config: Config): LayerKindOf {
  const units = positive(numberOf(config("outputDim")));
  const inputs = positive(numberOf(config("inputDim")));
  return {
    weights: [["kernel", initializerOf(config("embeddingsInitializer"), "randomUniform")]],
    describe: (input, _, initial) => ({
      own: { kind: "embedding", inputs, units, kernelInitializer: initial("kernel") },
      output: input === undefined ? undefined : [...input, units],
    }),
  };
}

function normalization(name: "batchNormalization" | "layerNormalization", config: Config): LayerKindOf {
  const form = name === "batchNormalization" ? "batch" : "layer";
  const axis = numbersOf(config("axis"), ofFramework([-1]));
  return {
    weights: [
      ["gain", initializerOf(config("gammaInitializer"), "ones")],
      ["shift", initializerOf(config("betaInitializer"), "zeros")],
    ],
    describe: (input, _, initial) => ({
      own: {
        kind: "normalization",
        form,
        inputs: axesProduct(input, axis),
        groups: ofFramework(1),
        epsilon: numberOf(config("epsilon"), ofFramework(1e-3)),
        scale: booleanOf(config("scale"), ofFramework(true)),
        center: booleanOf(config("center"), ofFramework(true)),
        gainInitializer: initial("gain"),
        shiftInitializer: initial("shift"),
      },
      output: input,
    }),
  };
}

function axesProduct(input: Dims | undefined, axis: Known<readonly number[]>): Known<number> {
  if (!axis.known) return axis;
  return product(axis.value.map((each) => input?.at(each) ?? unstated("the shape of its input is not known")));
}

function recurrent(name: "lstm" | "gru" | "simpleRNN", config: Config): LayerKindOf {
  const units = positive(numberOf(config("units")));
  const sequences = booleanOf(config("returnSequences"), ofFramework(false));
  return {
    weights: [...weightSettings(config), ["recurrent", initializerOf(config("recurrentInitializer"), "orthogonal")]],
    describe: (input, _, initial) => ({
      own: {
        kind: "recurrent",
        cell: name === "simpleRNN" ? "simple" : name,
        inputs: last(input),
        units,
        layers: ofFramework(1),
        bidirectional: ofFramework(false),
        biasesPerGate: 1,
        bias: booleanOf(config("useBias"), ofFramework(true)),
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
        recurrentInitializer: initial("recurrent"),
      },
      output:
        sequences.known && input?.length === 3
          ? [batchExtent, ...(sequences.value ? input.slice(1, 2) : []), units]
          : undefined,
    }),
  };
}

function pooling(name: string, config: Config): LayerKindOf | undefined {
  const word = name.toLowerCase();
  const form = word.includes("max")
    ? "max"
    : word.includes("average") || word.startsWith("avg")
      ? "average"
      : undefined;
  if (form === undefined || !word.includes("pool")) return undefined;
  const global = word.startsWith("global");
  const dimensions = Number(word.at(-2));
  const size = global ? unstated("it is global") : numbersOf(config("poolSize"), ofFramework([2]));
  const steps = numbersOf(config("strides"), size);
  return plain({ kind: "pooling", form, global, size, strides: steps }, (input) => {
    if (input?.length !== dimensions + 2) return undefined;
    if (global) return [input[0] ?? batchExtent, last(input)];
    const padding = textOf(config("padding"), ofFramework("valid"));
    const rule: Known<"valid" | "same"> = derived([padding], ([value]) => (value === "same" ? "same" : "valid"));
    const sizes = perAxis(size, dimensions);
    const strides = perAxis(steps, dimensions);
    const extents = sizes.map((kernel, axis) => {
      const window = { kernel, stride: strides[axis] ?? kernel, dilation: ofFramework(1), padding: rule };
      return windowExtent(input[axis + 1] ?? kernel, window);
    });
    return [input[0] ?? batchExtent, ...extents, last(input)];
  });
}

function reshaped(input: Dims | undefined, target: Known<readonly number[]>): Dims | undefined {
  if (!target.known) return undefined;
  const stated = target.value.map((value): Known<number> => ({ ...target, value, range: undefined }));
  const free = target.value.findIndex((each) => each < 0);
  if (free < 0) return [batchExtent, ...stated];
  if (input === undefined) return undefined;
  const others = product(stated.filter((_, index) => index !== free));
  stated[free] = positive(derived([product(input.slice(1)), others], ([whole = 0, part = 1]) => whole / part));
  return [batchExtent, ...stated];
}

/** What two values with one axis each summed over leave. */
function contracted(all: readonly (Dims | undefined)[], axes: Known<readonly number[]>): Dims | undefined {
  if (!axes.known) return undefined;
  const left = all.map((dims, index) => {
    const axis = axes.value[index] ?? axes.value[0] ?? 0;
    return dims?.slice(1).filter((_, place) => place + 1 !== (axis < 0 ? dims.length + axis : axis));
  });
  return left.some((each) => each === undefined) ? undefined : [batchExtent, ...left.flatMap((each) => each ?? [])];
}
