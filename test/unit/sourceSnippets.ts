/** Pieces of scripts, and what is read off them. */
import type { SourceLanguage } from "../../src/source/grammar.ts";
import { parameterCount } from "../../src/source/sketch/parameterCount.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { said } from "./sourceSketches.ts";

export interface Snippet {
  readonly claim: string;
  readonly language?: SourceLanguage;
  readonly text: string;
  readonly finds: (sketch: SourceSketch | undefined) => unknown;
  readonly expected: unknown;
}

export const esm = `import * as tf from "@tensorflow/tfjs";\n`;
export const torch = `import torch\nfrom torch import nn\nimport torch.nn.functional as F\n`;

export const rates = (sketch: SourceSketch | undefined) =>
  sketch?.optimizers.map(({ hyperparameters }) => said(hyperparameters.learningRate));
export const counts = (sketch: SourceSketch | undefined) => sketch?.models.map((model) => said(parameterCount(model)));
export const rateBases = (sketch: SourceSketch | undefined) =>
  sketch?.optimizers.map(({ hyperparameters: { learningRate } }) => learningRate?.known === true && learningRate.basis);
