/**
 * What a run says of itself, as the laws see it. The types are structural twins of the records of the same name, kept
 * here because theory knows nothing of probes and files.
 */

interface ModuleFacts {
  readonly path: string;
  readonly kind: string;
  readonly parameterShapes: readonly (readonly number[])[];
  readonly parameters: number;
  readonly activation?: string | undefined;
}

export interface ModelFacts {
  readonly id: string;
  readonly modules: readonly ModuleFacts[];
  readonly parameters: number;
  readonly width?: number | undefined;
  readonly depth?: number | undefined;
}

/** Conventions of the loss that is stepped on; curvature and thresholds scale with them. */
export interface ObjectiveFacts {
  readonly kind: "crossEntropy" | "binaryCrossEntropy" | "meanSquaredError" | "unknown";
  readonly reduction: "mean" | "sum" | "unknown";
  readonly classes?: number | undefined;
  readonly outputs?: number | undefined;
  readonly regularized: boolean;
}

export interface ParameterGroup {
  readonly parameters: number;
  readonly learningRate: number;
  /** Heavy-ball coefficient in the form v ← βv + g, w ← w − ηv (PyTorch's and TensorFlow.js's), not the averaging form. */
  readonly momentum?: number | undefined;
  readonly nesterov?: boolean | undefined;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly rho?: number | undefined;
  readonly centered?: boolean | undefined;
  readonly epsilon?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly weightDecayForm?: "coupled" | "decoupled" | undefined;
}

export type OptimizerKind =
  "sgd" | "momentum" | "rmsprop" | "adam" | "adamw" | "adamax" | "adagrad" | "adadelta" | "nadam" | "other";

export interface OptimizerFacts {
  readonly id: string;
  readonly kind: OptimizerKind;
  readonly name: string;
  readonly groups: readonly ParameterGroup[];
  readonly schedule: "constant" | "moves";
}

export interface DataFacts {
  readonly examples?: number | undefined;
  /** In a step of one process. */
  readonly batch?: number | undefined;
  /** That train together, each on a batch of its own; absent for one. */
  readonly processes?: number | undefined;
  readonly fullBatch?: boolean | undefined;
  /** Optimizer steps planned in all. */
  readonly steps?: number | undefined;
  readonly how: string;
}

export interface EndFacts {
  readonly step: number;
  readonly how: "finished" | "stopped" | "failed" | "diverged";
}
