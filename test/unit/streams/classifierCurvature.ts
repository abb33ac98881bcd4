import { EigenvalueDecomposition } from "ml-matrix";
import type { HistoryRecord } from "../../../src/theory/history.ts";
import { tinyClassifier, type TinyClassifier } from "../../oracle/tinyClassifier.ts";
import { opening, stepped } from "../theoryStreams.ts";

export interface ClassifierCurvature extends Partial<TinyClassifier> {
  readonly steps?: number;
  readonly every?: number;
}

/** Full-batch gradient descent on a small classifier in float64, with the twenty largest eigenvalues of its dense Hessian. */
export function classifierCurvature({
  steps = 70,
  every = 10,
  classes = 3,
  ...more
}: ClassifierCurvature = {}): HistoryRecord[] {
  const examples = 30 * classes;
  const { initial, evaluate, hessian } = tinyClassifier({ classes, inputs: 5, hidden: 8, examples, seed: 2, ...more });
  let weights = initial();
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", modules: [], parameters: weights.length },
    ...opening({ objective: { kind: "crossEntropy", classes }, batch: examples, examples }),
  ];
  for (let step = 0; step < steps; step++) {
    const { loss, gradient } = evaluate(weights);
    records.push(stepped(step, loss));
    if (step % every === 0) {
      const { realEigenvalues } = new EigenvalueDecomposition(hessian(weights), { assumeSymmetric: true });
      const values = realEigenvalues.toSorted((one, other) => other - one).slice(0, 20);
      records.push({ t: "vector", step, name: "hessian/eigenvalues", values });
    }
    weights = weights.map((weight, index) => weight - 0.2 * (gradient[index] ?? NaN));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
