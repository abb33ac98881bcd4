import { Matrix } from "ml-matrix";
import { collapse } from "../../../src/probe/tfjs/observables/collapse.ts";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";
import { gaussianMatrix } from "./freshLayers.ts";

export interface FreeFeatures {
  readonly classes?: number;
  readonly features?: number;
  /** Features stay as they are, and only the classifier learns. */
  readonly frozen?: boolean;
  readonly steps?: number;
}

const [perClass, rate, decay] = [5, 1, 1e-4];

/**
 * Zhu et al. 2021's model of a deep classifier in float64: the last features of every example are free, with a linear classifier
 * after them, a cross-entropy summed over the examples of a class, and a little weight decay; what a probe would have recorded of it.
 */
export function freeFeatures({ classes = 4, features = 6, frozen = false, steps = 600 }: FreeFeatures = {}) {
  const examples = perClass * classes;
  const labels = Array.from({ length: examples }, (_, index) => index % classes);
  const target = new Matrix(labels.map((label) => Array.from({ length: classes }, (_, c) => (c === label ? 1 : 0))));
  let hidden = gaussianMatrix(examples, features, 1, 1);
  let weights = gaussianMatrix(features, classes, 0.3, 2);
  const records: HistoryRecord[] = [
    ...opening({ objective: { kind: "crossEntropy", classes } }),
    {
      t: "model",
      step: 0,
      id: "m",
      modules: [
        { path: "logits", kind: "Dense", parameterShapes: [[features, classes]], parameters: features * classes },
      ],
      parameters: features * classes,
    },
  ];
  for (let step = 0; step < steps; step++) {
    const logits = hidden.mmul(weights);
    const chances = new Matrix(logits.to2DArray().map(softmax));
    const loss = -labels.reduce((sum, label, row) => sum + Math.log(chances.get(row, label)), 0) / examples;
    records.push(stepped(step, loss));
    if (step % 5 === 0) {
      const rows = (matrix: Matrix) => ({ values: matrix.to1DArray(), rows: matrix.rows, columns: matrix.columns });
      const { nc1, nc2, nc4 } = collapse({
        features: rows(hidden),
        logits: rows(logits),
        weights: weights.to1DArray(),
        labels,
      });
      records.push(
        measured(step, { "loss/probe": loss, "collapse/nc1": nc1, "collapse/nc2": nc2, "collapse/nc4": nc4 }),
      );
    }
    const error = Matrix.sub(chances, target);
    const ofWeights = Matrix.add(hidden.transpose().mmul(error).div(perClass), Matrix.mul(weights, decay));
    const ofHidden = Matrix.add(error.mmul(weights.transpose()).div(perClass), Matrix.mul(hidden, decay));
    weights = Matrix.sub(weights, ofWeights.mul(rate));
    if (!frozen) hidden = Matrix.sub(hidden, ofHidden.mul(rate));
  }
  return [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[];
}

function softmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const powers = row.map((each) => Math.exp(each - largest));
  const sum = powers.reduce((total, each) => total + each, 0);
  return powers.map((each) => each / sum);
}
