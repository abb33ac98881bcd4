import { approach } from "../../../src/theory/empirical/timeToEdge.ts";
import { SeriesColumn } from "../../../src/theory/series.ts";
import { edgeNetwork, moved, sharpnessAlong } from "./edgeNetwork.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

const [rate, networks, every] = [0.25, 3, 2];
const level = 2 / rate;

/** Gradient descent until the sharpness, seen every other step, has come to 2/η. */
function approachOf(seed: number) {
  const { whole, initial } = edgeNetwork(seed);
  const sharpness = sharpnessAlong(whole);
  const seen = new SeriesColumn();
  let [weights, before, crossing] = [initial(), NaN, NaN];
  for (let step = 0; Number.isNaN(crossing); step++) {
    if (step % every === 0) {
      const { value } = sharpness(weights);
      seen.push(step, value, 0);
      if (value >= level) crossing = step - (every * (value - level)) / (value - before);
      before = value;
    }
    weights = moved(weights, -rate, whole.gradient(weights));
  }
  return { seen, crossing };
}

/** Of progressive sharpening (Cohen et al. 2021), whose rate theory reads off what it has seen. */
export function quotedOfTimeToEdge(): QuotedNumber[] {
  const paths = ofSeeds(networks, approachOf);
  const told = (step: number) =>
    paths.map(({ seen, crossing }) => {
      const until = seen.prefix(step / every + 1);
      return (step + (approach(until, level)?.stepsLeft ?? NaN)) / crossing;
    });
  return [
    {
      what: "step at which the sharpness crosses 8, 703 weights, η = 0.25",
      by: `descent on ${networks} networks, mean`,
      // Networks scatter by 22 steps: two of it, since one is quoted.
      ...{ quoted: 105, within: 44 },
      found: meanOf(paths.map(({ crossing }) => crossing)),
    },
    // The crossing that is quoted is at 105. The errors are the law's, 15 % to a horizon of 60 steps and 30 % beyond.
    ...[
      { step: 40, quoted: 112 / 105, within: 0.3 },
      { step: 60, quoted: 96 / 105, within: 0.15 },
      { step: 80, quoted: 101 / 105, within: 0.15 },
    ].map(({ step, quoted, within }) => ({
      what: `crossing as forecast at step ${step}, over where it came`,
      ...{ by: `theory, over descent on ${networks} networks, mean`, quoted, within },
      found: meanOf(told(step)),
    })),
  ];
}
