import { transferWidth } from "../../../src/theory/hyperparameters/widthTransfer.ts";
import { oneRateForAll, widthSlopes, type ChangeOf, type WidthSlopes } from "../widthSlopes.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

const networks = 12;
const roles = ["input", "hidden", "readout"] as const;

function maximalUpdates(layer: number, growth: number) {
  return transferWidth("adaptive", roles[layer] ?? "fixed", { inputs: growth, units: growth });
}

/**
 * Of how five steps of Adam change networks of different widths with one rate for all, and in the maximal-update parametrization (Yang et al. 2022). One network
 * of each width is quoted, and not told which: hidden units and outputs may differ by two of what the slopes scatter by here, 0.05 and 0.09. Norms scatter by less,
 * but fall with the rate; there it is the 0.1 that the law leaves open.
 */
export function quotedOfWidthTransfer(): QuotedNumber[] {
  const mean = (rate: number, changeOf: ChangeOf) => {
    const all = ofSeeds(networks, (seed) => widthSlopes("adam", rate, changeOf, 1000 * seed));
    return (of: keyof WidthSlopes) => meanOf(all.map((each) => each[of]));
  };
  const [oneRate, maximal] = [mean(1e-4, oneRateForAll), mean(2e-3, maximalUpdates)];
  const by = `${networks} tanh networks of each width, mean`;
  const of = {
    hidden: "d ln(change of hidden units)/d ln(width) in 5 steps of Adam, widths 32 to 256",
    output: "d ln(change of the output)/d ln(width) in 5 steps of Adam, widths 32 to 256",
    norm: "d ln(‖ΔW₂‖₂)/d ln(width) in 5 steps of Adam, widths 32 to 256",
  };
  return [
    { what: `${of.hidden}, one rate`, by, quoted: 0.95, within: 0.11, found: oneRate("hidden") },
    { what: `${of.norm}, one rate`, by, quoted: 0.94, within: 0.1, found: oneRate("norm") },
    { what: `${of.hidden}, μP`, by, quoted: -0.05, within: 0.11, found: maximal("hidden") },
    { what: `${of.output}, μP`, by, quoted: -0.13, within: 0.19, found: maximal("output") },
    { what: `${of.norm}, μP`, by, quoted: -0.02, within: 0.1, found: maximal("norm") },
  ];
}
