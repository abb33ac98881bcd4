import type * as tf from "@tensorflow/tfjs";
import type { Matrix, WeightReader } from "../reference/networks.ts";
import type { Node, ScalarTape } from "../reference/scalarTape.ts";

/** Examples of every architecture's data set, in two batches. */
export const dataSize = 32;

/** Classes of the examples: mostly the first, so that the gradients of single examples have something in common. */
export const classes = 3;
export const labels = Array.from({ length: dataSize }, (_, example) => ({ 3: 1, 6: 2 })[example % 8] ?? 0);

/** A kind of network, once as a user writes it in TensorFlow.js and once scalar by scalar in float64. */
export interface Architecture {
  readonly title: string;
  /** What it is made of, in one line. */
  readonly summary: string;
  /** Weights in the order in which the loss is differentiated by them. */
  readonly variables: readonly VariableShape[];
  readonly loss: "crossEntropy" | "meanSquaredError";
  /** [examples][outputs] */
  readonly targets: readonly (readonly number[])[];
  /** What enters the layers for an example of the data set. */
  readonly entering: (example: number) => readonly number[];
  /** Layers whose activation function cuts off below zero. */
  readonly rectified: readonly string[];
  /** Consecutive weight matrices x ↦ f(x·A + a)·B with nothing but a rectifier f between them. */
  readonly balanced: readonly BalancedPair[];
  /** Layers whose weights, a bias with them, the loss does not change with when they are scaled. */
  readonly scaleInvariant: readonly string[];
  /** What cannot be measured, and why. */
  readonly refusals: readonly Refusal[];
  /** @param suffix after the names of layers, as TensorFlow.js wants them to be unique. */
  build(optimizer: tf.Optimizer, suffix: string): Network | Promise<Network>;
  reference(tape: ScalarTape, weights: WeightReader, examples: readonly number[]): ReferenceNetwork;
}

export interface VariableShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** Weights are drawn from between −scale and scale. */
  readonly scale: number;
}

export interface BalancedPair {
  readonly first: string;
  readonly bias: string | undefined;
  readonly second: string;
}

interface Refusal {
  /** Names of what is not measured, as `activation/rms@lstm/kernel`. */
  readonly names: readonly string[];
  /** For the table. */
  readonly reason: string;
  /** What the note says. */
  readonly note: RegExp;
}

/** A network of TensorFlow.js that trains. */
export interface Network {
  /** In the order of the architecture's. */
  readonly variables: readonly tf.Variable[];
  /** Whether tfjs-layers hands the batch over, so that the probe knows its size. */
  readonly isLayersModel: boolean;
  /** One optimizer step on some examples of the data set. */
  step(examples: readonly number[]): unknown;
  dispose(): void;
}

export interface ReferenceNetwork {
  readonly loss: Node;
  /** What the loss compares with the targets, [examples][outputs]: logits, for a cross-entropy. */
  readonly outputs: Matrix;
  /** What the last layer takes, [examples][features]. */
  readonly features: Matrix;
  /** The last layer's weights, [features][outputs]. */
  readonly classifier: Matrix;
  /** What dense layers take that work on whole examples, by layer: [examples][inputs]. */
  readonly inputs: Readonly<Record<string, Matrix>>;
  /** By layer: [examples][positions][units]. */
  readonly activations: Readonly<Record<string, readonly Matrix[]>>;
  /** The residual stream before its first block and after each: [blocks + 1][examples][positions][units]. */
  readonly stream?: readonly (readonly Matrix[])[];
}
