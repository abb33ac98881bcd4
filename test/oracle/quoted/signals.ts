import { criticalWeightVariance, deepSignal } from "../../../src/theory/limits/criticality.ts";
import { gradientSlope } from "./deepTanh.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";
import { meanOf, ofSeeds } from "./statistics.ts";

const networks = 3;

/** Of order and chaos (Poole et al. 2016, Schoenholz et al. 2017). */
export function quotedOfSignals(): QuotedNumber[] {
  const critical = (biasVariance: number) => criticalWeightVariance("tanh", biasVariance);
  const atCriticality = deepSignal({ activation: "tanh", weightVariance: 1.761, biasVariance: 0.05 });
  const ordered = deepSignal({ activation: "tanh", weightVariance: 1.3, biasVariance: 0.05 });
  const chaotic = deepSignal({ activation: "tanh", weightVariance: 2.5, biasVariance: 0.05 });
  const gain = (activation: "relu" | "tanh") => deepSignal({ activation, weightVariance: 1 / 3, biasVariance: 0 }).gain;
  return [
    ...byTheory(0.5e-3, [
      ["critical σ_w² of tanh at σ_b² = 0.01", 1.424, critical(0.01)],
      ["critical σ_w² of tanh at σ_b² = 0.05", 1.761, critical(0.05)],
      ["critical σ_w² of tanh at σ_b² = 0.1", 1.986, critical(0.1)],
      ["critical σ_w² of tanh at σ_b² = 0.3", 2.505, critical(0.3)],
      ["q* of tanh at the critical σ_w² = 1.761", 0.57, atCriticality.variance],
    ]),
    ...byTheory(0.5e-4, [
      ["χ₁ of tanh at (1.3, 0.05)", 0.8802, ordered.gain],
      ["χ₁ of a rectifier under PyTorch's default, σ_w² = 1/3", 1 / 6, gain("relu")],
      ["χ₁ of tanh under PyTorch's default, σ_w² = 1/3", 1 / 3, gain("tanh")],
      ["ln χ₁ of tanh at (1.3, 0.05)", -0.1276, Math.log(ordered.gain)],
      ["ln χ₁ of tanh at (2.5, 0.05)", 0.1253, Math.log(chaotic.gain)],
    ]),
    // The quoted slopes are of one network each, which scatter by 0.018, as these do: two of the difference.
    ...[
      { setting: "(1.3, 0.05)", quoted: -0.1437, weightVariance: 1.3, signal: ordered },
      { setting: "(2.5, 0.05)", quoted: 0.1199, weightVariance: 2.5, signal: chaotic },
    ].map(({ setting, quoted, weightVariance, signal: { variance } }) => ({
      what: `slope of ln ‖gradient‖² per layer, width 600, tanh at ${setting}`,
      ...{ by: `${networks} networks, mean`, quoted, within: 0.04 },
      found: meanOf(ofSeeds(networks, (seed) => gradientSlope({ weightVariance, biasVariance: 0.05, variance, seed }))),
    })),
    ...byTheory(0.005, [["ξ of tanh at (1.3, 0.05), in layers", 7.83, ordered.depthScale]]),
  ];
}
