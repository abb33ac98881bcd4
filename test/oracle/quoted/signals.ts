import { criticalWeightVariance, deepSignal } from "../../../src/theory/limits/criticality.ts";
import { byTheory, type QuotedNumber } from "./quotedNumber.ts";

/** Of order and chaos (Poole et al. 2016, Schoenholz et al. 2017). */
export function quotedOfSignals(): QuotedNumber[] {
  const critical = (biasVariance: number) => criticalWeightVariance("tanh", biasVariance);
  const atCriticality = deepSignal({ activation: "tanh", weightVariance: 1.761, biasVariance: 0.05 });
  const ordered = deepSignal({ activation: "tanh", weightVariance: 1.3, biasVariance: 0.05 });
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
    ]),
    ...byTheory(0.005, [["ξ of tanh at (1.3, 0.05), in layers", 7.83, ordered.depthScale]]),
  ];
}
