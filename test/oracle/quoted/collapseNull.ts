import { collapse } from "../../../src/probe/tfjs/observables/collapse.ts";
import { gaussians } from "../tinyNetwork.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

const [classes, draws] = [10, 40];

/** NC2 of independent normal class means. */
function distanceFromSimplex(features: number, seed: number): number {
  const means = Float64Array.from({ length: classes * features }, gaussians(seed));
  const { nc2 } = collapse({
    features: { values: means, rows: classes, columns: features },
    logits: { values: new Float64Array(classes * classes), rows: classes, columns: classes },
    weights: means,
    labels: [...new Array(classes).keys()],
  });
  return nc2;
}

/** Of neural collapse, what is nearly a simplex without any (NC2: Papyan, Han and Donoho 2020, Zhu et al. 2021). */
export function quotedOfCollapseNull(): QuotedNumber[] {
  // One draw of each is quoted: two of what draws scatter by, 0.014 and 0.045.
  return [
    { features: 512, quoted: 0.127, within: 0.028 },
    { features: 12, quoted: 0.727, within: 0.09 },
  ].map(({ features, quoted, within }) => ({
    what: `NC2 of random means, K = ${classes}, d = ${features}`,
    ...{ by: `the probe's own, ${draws} draws, mean`, quoted, within },
    found: meanOf(ofSeeds(draws, (seed) => distanceFromSimplex(features, seed))),
  }));
}
