import { lazyNetwork } from "./lazyNetwork.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

const networks = 16;

/** Of how far tangent kernels move (Dyer and Gur-Ari 2020: by 1/width, not by the 1/√width that bounds it). */
export function quotedOfKernelDrift(): QuotedNumber[] {
  const driftOf = (width: number) =>
    meanOf(ofSeeds(networks, (seed) => lazyNetwork({ width, targetSize: 1, seed }).drift));
  const [narrow, middle, wide] = [driftOf(50), driftOf(200), driftOf(800)];
  // What is quoted is of single networks of an unknown task: these differ by a third, ln Δ by 0.35 and its slope by 0.35·√2/ln 16 = 0.18.
  const by = `descent on ${networks} networks, mean`;
  return [
    { what: "‖K − K₀‖/‖K₀‖ after 100 steps of tanh, width 50", by, quoted: 0.138, within: 0.05, found: narrow },
    { what: "‖K − K₀‖/‖K₀‖ after 100 steps of tanh, width 200", by, quoted: 0.038, within: 0.0135, found: middle },
    { what: "‖K − K₀‖/‖K₀‖ after 100 steps of tanh, width 800", by, quoted: 0.0098, within: 0.0035, found: wide },
    {
      what: "slope of ln(‖K − K₀‖/‖K₀‖) over ln width",
      by,
      quoted: -1,
      within: 0.2,
      found: Math.log(wide / narrow) / Math.log(16),
    },
  ];
}
