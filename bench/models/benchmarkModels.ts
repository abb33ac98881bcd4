import type { BenchmarkModel } from "./benchmarkModel.ts";
import { convolutionalNetwork } from "./convolutionalNetwork.ts";
import { multilayerPerceptron } from "./multilayerPerceptron.ts";
import { transformer } from "./transformer.ts";

/** The models that times and ratios are given for; fewer examples than by default where the backend is slow. */
export const benchmarkModels = {
  multilayerPerceptron,
  convolutionalNetwork,
  transformer,
} as const satisfies Record<string, (examples?: number) => BenchmarkModel>;

export type ModelName = keyof typeof benchmarkModels;
