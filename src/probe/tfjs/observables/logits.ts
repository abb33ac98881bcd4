import type { Engine, Tensor } from "../engine.ts";
import type { Prediction } from "../prediction.ts";
import type { Measurement } from "./observable.ts";

/**
 * `logit/variance`, the mean over examples of the population variance over classes, and `logit/max`, the largest absolute logit.
 * The single logit z of a binary cross-entropy stands for the two logits 0 and z, whose variance is z²/4.
 *
 * @param logits of shape [..., classes], or any shape for a binary cross-entropy.
 */
export function logitMeasurement(engine: Engine, logits: Tensor, kind: Prediction["kind"]): Measurement | undefined {
  if (kind === "meanSquaredError" || logits.size === 0) return undefined;
  const values = engine.readSync(logits.dataId);
  const binary = kind === "binaryCrossEntropy";
  const classes = binary ? 1 : (logits.shape.at(-1) ?? 1);
  let variance = 0;
  let largest = 0;
  for (let start = 0; start < values.length; start += classes) {
    let sum = 0;
    let squares = 0;
    for (let index = start; index < start + classes; index++) {
      const logit = values[index] ?? 0;
      sum += logit;
      squares += logit * logit;
      largest = Math.max(largest, Math.abs(logit));
    }
    variance += binary ? squares / 4 : squares / classes - (sum / classes) ** 2;
  }
  return {
    values: { "logit/variance": (variance * classes) / values.length, "logit/max": largest },
    method: "of the logits in the recorded evaluation",
  };
}
