import { linearFit } from "../../../src/probe/tfjs/observables/linearRegression.ts";
import { flattestSharpness } from "../../../src/probe/tfjs/observables/linearModes.ts";
import { linearNetwork } from "../../unit/streams/linearNetwork.ts";
import type { QuotedNumber } from "./quotedNumber.ts";

const signal = 1.7;

/** Sharpness where descent from balanced layers has come to rest: at a flattest solution, or nearly. */
function sharpnessAtRest(layers: number): number {
  const start = { diagonal: [0.5] };
  const records = linearNetwork({
    ...{ signals: [signal], layers, width: 1, start, sharpness: true },
    ...{ rate: 0.02, steps: 2000, every: 500 },
  });
  return records.flatMap((each) => (each.t === "measure" ? (each.values["sharpness/batch"] ?? []) : [])).at(-1) ?? NaN;
}

/** Of the least sharpness of solutions of linear layers, L·s^(2−2/L) (Mulayoff and Michaeli 2020). */
export function quotedOfFlattestSolutions(): QuotedNumber[] {
  // Two white examples that are fitted by y = s·x.
  const fit = linearFit({ inputs: [1, -1], targets: [signal, -signal], examples: 2, isBiased: false });
  return [
    { layers: 2, quoted: 3.4, within: 0.5e-3 },
    { layers: 5, quoted: 11.687, within: 0.5e-3 },
  ].flatMap(({ layers, quoted, within }) => {
    const what = `least sharpness of a solution, ${layers} layers, s = 1.7`;
    return [
      { what, by: "the probe's own bound", quoted, within, found: flattestSharpness(fit, layers) },
      {
        what: `sharpness where descent comes to rest, ${layers} layers, s = 1.7`,
        ...{ by: "descent from balanced layers, dense Hessian", quoted, within },
        found: sharpnessAtRest(layers),
      },
    ];
  });
}
