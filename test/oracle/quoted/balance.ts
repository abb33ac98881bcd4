import { twoLayerDescent } from "../twoLayerDescent.ts";
import type { QuotedNumber } from "./quotedNumber.ts";

/** Of the identity of two layers' balance (Du, Hu and Lee 2018, Arora, Cohen and Hazan 2018). */
export function quotedOfBalance(): QuotedNumber[] {
  return (["linear", "relu"] as const).map((activation) => ({
    what: `what is left of D(t+1) − D(t) − η²(G_AᵀG_A − G_BG_Bᵀ); ${activation} layers`,
    by: "the largest in 400 steps of descent",
    quoted: 1.3e-15,
    // Rounding, which grows with how many products are summed: some units of 2⁻⁵³ = 1.1e-16.
    within: 1.3e-15,
    found: Math.max(...twoLayerDescent({ activation }).leftovers),
  }));
}
