/** The final loss of one run from its own curve: what its power law comes to, and what bringing the learning rate down adds. */
import { studentNinth } from "../bootstrap.ts";
import { weightedLine } from "../score.ts";

export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

/** L = a + b·t^−0.6 through a curve's points. */
export interface SlowFall {
  readonly limit: number;
  readonly factor: number;
  /** Root mean square of the relative errors. */
  readonly error: number;
}

/**
 * Local exponent of language models' losses in the number of steps while the learning rate stays: with it, curves of 25 and
 * 100 million parameters (Luo et al. 2025) and GPT-2 (124 million, under AdamW and under Muon) are extrapolated to three times their
 * length within 0.6 % of the loss, upwards and downwards alike. With ½ nearly all end above, with 0.7 below.
 */
const exponent = 0.6;

export const leastPoints = 5;

/** Least squares; undefined for fewer than five points, for a loss that does not fall, or would fall below zero. */
export function fitSlowFall(points: readonly CurvePoint[]): SlowFall | undefined {
  if (points.length < leastPoints) return undefined;
  const line = weightedLine(points.map(({ step, loss }) => ({ x: step ** -exponent, y: loss, weight: 1 })));
  if (line === undefined || !(line.slope > 0 && line.intercept > 0 && line.slope < Infinity)) return undefined;
  const fall = { limit: line.intercept, factor: line.slope };
  const squares = points.reduce((sum, { step, loss }) => sum + (lossAt(fall, step) / loss - 1) ** 2, 0);
  return { ...fall, error: Math.sqrt(squares / (points.length - 2)) };
}

export function lossAt({ limit, factor }: Pick<SlowFall, "limit" | "factor">, step: number): number {
  return limit + factor * step ** -exponent;
}

/**
 * What decaying the learning rate from its peak to a tenth or less took off the extrapolated loss, as a part of it: 25 and 100 million
 * parameters (two decays each, over the last sixth of the run), and GPT-2 under AdamW and under Muon (over the last fifth and
 * quarter).
 */
export const measuredGains: readonly number[] = [0.0212, 0.0275, 0.0414, 0.028];

export interface Gain {
  readonly least: number;
  readonly central: number;
  readonly most: number;
}

/** The gain to be expected of another model, with its 10 % and 90 % quantiles: those of a draw from a Gaussian that is known from so few. */
export function expectedGain(gains: readonly number[] = measuredGains): Gain {
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (gains.length - 1);
  const halfWidth = studentNinth(gains.length - 1) * Math.sqrt(variance * (1 + 1 / gains.length));
  return { least: Math.max(0, mean - halfWidth), central: mean, most: mean + halfWidth };
}

/** Learning rate over its peak at which a decay has given all that its own curve does not yet show. */
const spent = 0.2;

/**
 * Share of the gain that an extrapolation of the curve so far still lacks when the learning rate is at a part of its peak: all of it at
 * the peak, and none at a fifth, where the curve falls because of the decay and is carried on like that. Between them a straight
 * line, which four cosines of Luo et al. 2025 follow to a tenth: 0.8 at 0.87 of the peak, 0.4 at 0.55, 0.0 at 0.23.
 */
function shareToCome(rate: number): number {
  return Math.min(1, Math.max(0, (rate - spent) / (1 - spent)));
}

/** Learning rate of a cosine that ends at a tenth, over its peak, when so much of its steps is done. */
export function cosineRate(done: number): number {
  return 0.1 + 0.45 * (1 + Math.cos(Math.PI * done));
}

/** Part of the further fall that an extrapolation is off by, at most, in nine of ten cases: 36 of 39 were within it. */
const offByFall = 0.1;

/** How far a curve's share of the gain may be from the straight line. */
const offByShare = 0.1;

export interface FinalLoss {
  readonly low: number;
  readonly central: number;
  readonly high: number;
}

/**
 * The loss at step `end` of a run that is at step `now`. Where the learning rate is not known, the run is anywhere between still being
 * at its peak and having followed a cosine.
 *
 * @param rate learning rate over its peak; undefined where it is not recorded
 */
export function finalLoss(
  fall: SlowFall,
  now: number,
  end: number,
  rate: number | undefined,
  gain: Gain = expectedGain(),
): FinalLoss {
  const extrapolated = lossAt(fall, end);
  const shares = rate === undefined ? [shareToCome(cosineRate(now / end)), 1] : [shareToCome(rate), shareToCome(rate)];
  const [least = NaN, most = NaN] = shares;
  const central = (gain.central * (least + most)) / 2;
  const curve = Math.hypot(offByFall * (lossAt(fall, now) / extrapolated - 1), fall.error);
  const unsure = rate === undefined ? 0 : offByShare * gain.central;
  const below = Math.hypot(gain.most * most - central, curve, unsure);
  const above = Math.hypot(central - gain.least * least, curve, unsure);
  return {
    low: extrapolated * (1 - central - below),
    central: extrapolated * (1 - central),
    high: extrapolated * (1 - central + above),
  };
}
