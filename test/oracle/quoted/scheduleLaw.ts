import { curveOf, fittedByThem, publishedLosses, publishedParameters, scheduleNames } from "../scheduleCurves.ts";
import { haveRealData } from "../support/realData.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { meanOf } from "./statistics.ts";

/** Over the schedules that were not fitted, the means of R² and of the mean absolute error of the published law, in nats. */
function published(size: keyof typeof publishedParameters) {
  const scores = scheduleNames
    .filter((name) => !fittedByThem.includes(name))
    .map((name) => {
      const curve = curveOf(size, name);
      const mean = meanOf(curve.losses);
      const errors = publishedLosses(curve, publishedParameters[size]).map(
        (loss, index) => loss - (curve.losses[index] ?? NaN),
      );
      const variance = meanOf(curve.losses.map((loss) => (loss - mean) ** 2));
      return {
        explained: 1 - meanOf(errors.map((error) => error ** 2)) / variance,
        error: meanOf(errors.map(Math.abs)),
      };
    });
  return {
    explained: meanOf(scores.map(({ explained }) => explained)),
    error: meanOf(scores.map(({ error }) => error)),
  };
}

/** Of the multi-power law (Luo et al. 2025) on language models of 25 and 100 million parameters; nothing where the measurements are absent. */
export function quotedOfScheduleLaw(): QuotedNumber[] {
  if (!haveRealData) return [];
  const by = "the published law with its published parameters";
  const quoted = [
    { size: "25M", explained: 0.9988, error: 0.00376 },
    { size: "100M", explained: 0.9983, error: 0.00435 },
  ] as const;
  return quoted.flatMap(({ size, explained, error }) => {
    const found = published(size);
    const of = `over six schedules that were not fitted, ${size}`;
    return [
      { what: `R² ${of}`, by, quoted: explained, within: 0.5e-4, found: found.explained },
      { what: `mean absolute error ${of}`, by, quoted: error, within: 0.5e-5, found: found.error },
    ];
  });
}
