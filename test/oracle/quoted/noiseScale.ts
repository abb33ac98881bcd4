import { RunHistory } from "../../../src/theory/history.ts";
import { noiseScaleBetween } from "../../../src/theory/hyperparameters/noiseScale.ts";
import { noiseEstimates, noisyGradient } from "../noisyGradients.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

/** Theory takes means over as many steps at most. */
const [windows, length] = [10, 2000];

/** Of the gradient noise scale tr Σ/|G|² (McCandlish et al. 2018): a ratio of means, where the mean of ratios is biased. */
export function quotedOfNoiseScale(): QuotedNumber[] {
  const seen = noiseEstimates(windows * length, 11);
  const history = new RunHistory("batches");
  for (const [step, { noise, signal }] of seen.entries()) {
    history.append({ t: "measure", step, values: { "gradient/noise": noise, "gradient/signal": signal } });
  }
  const view = history.view();
  const scales = ofSeeds(windows, (window) => noiseScaleBetween(view, (window - 1) * length, window * length - 1));
  const { scale, dimensions, small, large } = noisyGradient;
  const where = `of a true ${scale}, ${dimensions} weights, batches of ${small} and ${large}`;
  return [
    {
      what: `ratio of the means of tr Σ and |G|², ${where}`,
      by: `theory, ${windows} times over ${length} steps, mean`,
      // Three standard errors, here and below.
      ...{ quoted: 179.9, within: 1 },
      found: meanOf(scales.map((each) => each?.scale ?? NaN)),
    },
    {
      // The bias hangs on dimension and batches, which are not told; of these it is what is quoted.
      what: `mean of the ratios of tr Σ and |G|², ${where}`,
      by: `${windows * length} steps`,
      ...{ quoted: 194.7, within: 1.4 },
      found: meanOf(seen.map(({ noise, signal }) => noise / signal)),
    },
  ];
}
