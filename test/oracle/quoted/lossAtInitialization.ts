import { crossEntropyAtInitialization } from "../../../src/theory/solvable/stepZeroLoss.ts";
import { independentLogits } from "../independentLogits.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";

/** Of the cross-entropy before anything is learned, ln C + σ²/2. */
export function quotedOfLossAtInitialization(): QuotedNumber[] {
  const what = "cross-entropy of 1000 classes, logits of deviation 0.5";
  const examples = 1000;
  return [
    ...byTheory(0.5e-3, [[what, 7.033, crossEntropyAtInitialization(1000, 0.25)]]),
    {
      what,
      by: `${examples} draws, mean over labels`,
      quoted: 7.029,
      // What is quoted has drawn its labels as well, of which ten thousand leave an error of σ/100.
      within: 0.005,
      found: independentLogits(1000, 0.5, examples).loss,
    },
  ];
}
