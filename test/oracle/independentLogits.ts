import { gaussians } from "./tinyNetwork.ts";

/** Mean cross-entropy of independent Gaussian logits against labels that know nothing of them, and their variance. */
export function independentLogits(classes: number, deviation: number, examples: number) {
  const next = gaussians(7);
  let [loss, variance] = [0, 0];
  for (let example = 0; example < examples; example++) {
    const logits = Array.from({ length: classes }, () => deviation * next());
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / classes;
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    // The label's logit enters linearly: its mean over all labels is exact.
    loss += (logSum - mean) / examples;
    variance += logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / classes / examples;
  }
  return { loss, variance };
}
