import { alignment, nearest } from "../../../src/probe/tfjs/observables/representation.ts";
import { agreementOf, neighbourhoodsOf } from "../../../src/theory/universality/neighbourhoods.ts";
import { gaussians } from "../tinyNetwork.ts";
import { biasedAlignment } from "./independentFeatures.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

/** d; and k, of n examples whose nearest neighbours are compared. */
const [features, k, compared] = [512, 10, 500];

/** Two independent Gaussian representations of as many examples. */
function independent(examples: number, seed: number) {
  const next = gaussians(seed);
  const rows = () => {
    const values = Float64Array.from({ length: examples * features }, next);
    return { values, rows: examples, columns: features };
  };
  return [rows(), rows()] as const;
}

function agreement(seed: number) {
  const numbers = Array.from({ length: compared }, (_, index) => index);
  const [one, other] = independent(compared, seed).map((rows) => neighbourhoodsOf(numbers, nearest(rows, k).flat()));
  return one && other && agreementOf(one, other);
}

/** Of agreement where there is none, by Kornblith et al. 2019 with the bias and without (Song et al. 2012), and by Huh et al. 2024. */
export function quotedOfRepresentationAgreement(): QuotedNumber[] {
  const of = (examples: number) => `independent Gaussians, d = ${features}, n = ${examples}`;
  const by = (draws: number) => (draws === 1 ? "one draw" : `${draws} draws, mean`);
  const agreements = ofSeeds(4, agreement);
  return [
    // One draw of each is quoted, which scatter by 0.0045, 0.0009 and 0.0003: two of its difference to this.
    ...[
      { examples: 50, quoted: 0.912, within: 0.01, draws: 4 },
      { examples: 500, quoted: 0.505, within: 0.0026, draws: 1 },
      { examples: 5000, quoted: 0.093, within: 0.0008, draws: 1 },
    ].map(({ examples, quoted, within, draws }) => ({
      what: `biased CKA of ${of(examples)}`,
      ...{ by: by(draws), quoted, within },
      found: meanOf(ofSeeds(draws, (seed) => biasedAlignment(examples, features, seed))),
    })),
    // What is quoted is that it is at most 0.022.
    ...[
      { examples: 50, draws: 20 },
      { examples: 500, draws: 1 },
    ].map(({ examples, draws }) => ({
      what: `unbiased CKA of ${of(examples)}`,
      ...{ by: `the probe's own, ${by(draws)}`, quoted: 0, within: 0.022 },
      found: meanOf(ofSeeds(draws, (seed) => alignment(...independent(examples, seed))?.value ?? NaN)),
    })),
    ...byTheory(0.5e-3, [
      [`mutual nearest neighbours by chance, k = ${k}, n = ${compared}`, 0.02, agreements[0]?.chance],
    ]),
    {
      what: `mutual nearest neighbours of ${of(compared)}, k = ${k}`,
      by: `the probe's own, ${by(agreements.length)}`,
      // Draws scatter by 0.0024, as the one does that is quoted: two of its difference to this mean.
      ...{ quoted: 0.023, within: 0.0054 },
      found: meanOf(agreements.map((each) => each?.share ?? NaN)),
    },
  ];
}
