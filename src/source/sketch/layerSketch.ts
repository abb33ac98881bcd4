/** One layer of a model, as read off the text. */
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "./initializerSketch.ts";
import type { Known } from "./known.ts";

/** Extents of one example, in the framework's own order: channels last in TensorFlow.js, first in PyTorch. No batch axis. */
export type Shape = readonly number[];

export type ActivationName =
  | "linear"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "prelu"
  | "elu"
  | "selu"
  | "celu"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "mish"
  | "tanh"
  | "hardTanh"
  | "sigmoid"
  | "hardSigmoid"
  | "hardSwish"
  | "logSigmoid"
  | "softplus"
  | "softsign"
  | "softmax"
  | "logSoftmax"
  | "sine"
  | "cosine"
  | "square"
  | "absolute"
  | "exponential";

interface LayerFacts {
  /** Its path in the model, as `blocks.0.feed`, or the name that the text gives it. */
  readonly name: string | undefined;
  /** The framework's own word: `dense`, `Linear`, `relu`, `matMul`; the class's name where it is the user's. */
  readonly call: string;
  /** Of the call that makes it, or of the functional call that is it. */
  readonly range: SourceRange;
  readonly inputShape: Known<Shape>;
  readonly outputShape: Known<Shape>;
  /** Index of the earlier layer whose weights it uses again; its own do not count twice. */
  readonly sharedWith: number | undefined;
  /** False for one that is made and has weights, but does not lie on the way from the model's input to its output. */
  readonly used: boolean;
}

/** How a matrix and its biases begin. */
interface ProjectionSketch {
  readonly kernelInitializer: InitializerSketch;
  readonly biasInitializer: InitializerSketch;
}

interface Weighted extends ProjectionSketch {
  readonly bias: Known<boolean>;
}

/** `y = activation(W x + b)` on the last axis; in TensorFlow.js the activation may be part of the layer. */
export interface DenseLayer extends LayerFacts, Weighted {
  readonly kind: "dense";
  readonly inputs: Known<number>;
  readonly units: Known<number>;
  readonly activation: Known<ActivationName>;
}

export interface ConvolutionLayer extends LayerFacts, Weighted {
  readonly kind: "convolution";
  readonly dimensions: 1 | 2 | 3;
  readonly transposed: boolean;
  /** Channels. */
  readonly inputs: Known<number>;
  /** Filters: channels of the output. */
  readonly units: Known<number>;
  readonly kernelSize: Known<readonly number[]>;
  readonly strides: Known<readonly number[]>;
  readonly dilation: Known<readonly number[]>;
  /** Of each side, in places. */
  readonly padding: Known<"valid" | "same" | readonly number[]>;
  /** Not with what is in the image. */
  readonly padsWithZeros: Known<boolean>;
  /** As many as channels where it is depthwise. */
  readonly groups: Known<number>;
  readonly activation: Known<ActivationName>;
}

interface EmbeddingLayer extends LayerFacts {
  readonly kind: "embedding";
  /** Size of the vocabulary. */
  readonly inputs: Known<number>;
  readonly units: Known<number>;
  readonly kernelInitializer: InitializerSketch;
}

interface NormalizationLayer extends LayerFacts {
  readonly kind: "normalization";
  readonly form: "batch" | "layer" | "group" | "instance" | "rms";
  /** Size of its gain: channels, or the product of the normalized extents. */
  readonly inputs: Known<number>;
  readonly groups: Known<number>;
  readonly epsilon: Known<number>;
  /** Whether it has a gain that is trained, and a shift. */
  readonly scale: Known<boolean>;
  readonly center: Known<boolean>;
  /** Of the two, where it has them. */
  readonly gainInitializer: InitializerSketch;
  readonly shiftInitializer: InitializerSketch;
}

export interface RecurrentLayer extends LayerFacts, Weighted {
  readonly kind: "recurrent";
  readonly cell: "simple" | "lstm" | "gru";
  readonly inputs: Known<number>;
  readonly units: Known<number>;
  /** Stacked ones in one call. */
  readonly layers: Known<number>;
  readonly bidirectional: Known<boolean>;
  /** How many bias vectors a gate has: two in PyTorch (one for the input, one for the state), one in TensorFlow.js. */
  readonly biasesPerGate: 1 | 2;
  readonly recurrentInitializer: InitializerSketch;
}

/** Multi-head attention with its four projections; the initializers are those of the first three. */
interface AttentionLayer extends LayerFacts, ProjectionSketch {
  readonly kind: "attention";
  /** Width of the queries and of the output. */
  readonly units: Known<number>;
  readonly heads: Known<number>;
  readonly keyInputs: Known<number>;
  readonly valueInputs: Known<number>;
  readonly bias: Known<boolean>;
  /** The projection behind the heads. */
  readonly output: ProjectionSketch;
  /** Of the weights that positions are averaged with. */
  readonly dropout: Known<number>;
  /** Whether examples come before positions in its input. */
  readonly batchFirst: Known<boolean>;
}

interface ActivationLayer extends LayerFacts {
  readonly kind: "activation";
  readonly activation: Known<ActivationName>;
  /** Slope below zero of a leaky ReLU, α of an ELU or a CELU, first slope of a PReLU; absent for all else. */
  readonly slope: Known<number> | undefined;
  /** How many trained slopes a PReLU has; zero for all else. */
  readonly slopes: Known<number>;
}

interface DropoutLayer extends LayerFacts {
  readonly kind: "dropout";
  readonly rate: Known<number>;
}

interface PoolingLayer extends LayerFacts {
  readonly kind: "pooling";
  readonly form: "max" | "average";
  readonly global: boolean;
  /** Of a window, in places, on each axis, or one for all; unknown of a global one, and of one that adapts to its input. */
  readonly size: Known<readonly number[]>;
  /** From one window to the next, likewise. */
  readonly strides: Known<readonly number[]>;
}

/** Moves values about without changing any: flatten, reshape, permute, padding, upsampling. */
interface ReshapeLayer extends LayerFacts {
  readonly kind: "reshape";
}

/** Several inputs made one, without weights. */
interface MergeLayer extends LayerFacts {
  readonly kind: "merge";
  readonly form: "add" | "average" | "concatenate" | "multiply" | "maximum" | "minimum" | "dot";
}

/** A trained tensor that belongs to no layer that is known: `nn.Parameter`, `tf.variable`. */
interface ParameterLayer extends LayerFacts {
  readonly kind: "parameter";
  readonly shape: Known<Shape>;
  readonly kernelInitializer: InitializerSketch;
}

/** A layer that is not known: a class from elsewhere, or one of the user's own that could not be followed. */
interface OtherLayer extends LayerFacts {
  readonly kind: "other";
  /** True where it is known to have no weights. */
  readonly weightless: boolean;
  /** How many trained parameters it has, where that is known of a layer that is not taken apart. */
  readonly parameters?: Known<number>;
}

export type LayerSketch =
  | DenseLayer
  | ConvolutionLayer
  | EmbeddingLayer
  | NormalizationLayer
  | RecurrentLayer
  | AttentionLayer
  | ActivationLayer
  | DropoutLayer
  | PoolingLayer
  | ReshapeLayer
  | MergeLayer
  | ParameterLayer
  | OtherLayer;
