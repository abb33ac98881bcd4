/** How long gradient descent searches for the few directions of its inputs that matter, and what that says of other input dimensions. */
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { lossAtStart } from "../hyperparameters/sameCurve.ts";
import { weightedLine } from "../score.ts";
import { windowMean } from "../windowMean.ts";

/** A search is over in the middle of the first steps, an eighth of those so far or 20, over which the mean loss is half of the plateau's: single batches scatter. */
const part = 1 / 8;
const leastPoints = 20;
const drop = 0.5;

/** The deficit's factor in the exponent: that of a power law up to the drop. */
const ofDeficit = 1 / drop;

/** An error is taken for no smaller than with this d ln T/d ln d, between what is usual for k = 2 and for k = 3, since k is what is not known. */
const usualSlope = 0.4;

/** A loss that stood still and then fell. */
export interface Search {
  /** Of the loss while it stood still. */
  readonly height: number;
  /** Step at which it was over. */
  readonly end: number;
  /** Σ (1 − loss/height) over the steps up to the end, in steps: how long the fall itself took. */
  readonly deficit: number;
  /** Mean loss over the second sixth of the steps up to the end, over that of the first, less 1. */
  readonly drift: number;
}

/** The step at which a loss, smoothed as above, is first not above a level; undefined where it never is. */
export function endOfSearch(loss: Series, level: number): number | undefined {
  const sums = [0];
  for (let index = 0; index < loss.length; index++) {
    sums.push((sums[index] ?? NaN) + loss.valueAt(index));
    if (smoothed(sums, index) <= level) return loss.stepAt(index - Math.floor(pointsAt(index) / 2));
  }
  return undefined;
}

/** Whether the newest loss, smoothed, is not above a level: a look at few points. */
export function isBelow(loss: Series, level: number): boolean {
  const last = loss.length - 1;
  const count = pointsAt(last);
  if (loss.length < count) return false;
  let sum = 0;
  for (let index = loss.length - count; index <= last; index++) sum += loss.valueAt(index);
  return sum / count <= level;
}

function pointsAt(index: number): number {
  return Math.max(leastPoints, Math.ceil(part * (index + 1)));
}

/** NaN, which is below nothing, where there are too few. @param sums of the losses before each index */
function smoothed(sums: readonly number[], index: number): number {
  const count = pointsAt(index);
  return ((sums[index + 1] ?? NaN) - (sums[index + 1 - count] ?? NaN)) / count;
}

/** An ended run's search; undefined where its loss did not fall to half. */
export const searchOf = oncePer((view: RunView): Search | undefined => {
  const loss = view.series("loss/train");
  let height = lossAtStart(view);
  let end: number | undefined;
  // The height by the first losses tells the end, and that the losses of which the height is a mean.
  for (let round = 0; round < 3 && height !== undefined; round++) {
    end = endOfSearch(loss, drop * height);
    height = end === undefined ? undefined : windowMean(loss, 0, end / 3)?.mean;
  }
  if (height === undefined || end === undefined || !(height > 0)) return undefined;
  const halves = [windowMean(loss, 0, end / 6), windowMean(loss, end / 6, end / 3)];
  const drift = (halves[1]?.mean ?? NaN) / (halves[0]?.mean ?? NaN) - 1;
  let deficit = 0;
  for (let index = 0; index < loss.length && loss.stepAt(index) < end; index++) {
    const steps = loss.stepAt(Math.min(index + 1, loss.length - 1)) - loss.stepAt(index);
    deficit += steps * (1 - loss.valueAt(index) / height);
  }
  return { height, end, deficit, drift };
});

/** A loss at which a search over a plateau of such a height is over. */
export function levelAt(height: number): number {
  return drop * height;
}

export interface SizedSearch extends Search {
  /** Input dimension. */
  readonly inputs: number;
}

/** Mean over the searches of a number of each. */
export function meanOver(searches: readonly SizedSearch[], of: (search: SizedSearch) => number): number {
  return searches.reduce((sum, each) => sum + of(each), 0) / searches.length;
}

/** k, and its standard error. */
interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * k, as searches at several input dimensions tell it, by their ends T and their deficits S:  d ln T/d ln d = (k − 2)/2 + 2S/T. See the law's own text. A whole
 * number but for errors; NaN where all are of one dimension.
 *
 * @param scatter standard deviation of a search's ends between seeds, in units of ln d
 */
export function informationExponentOf(searches: readonly SizedSearch[], scatter = 0): Estimate {
  const line = weightedLine(searches.map(({ inputs, end }) => ({ x: Math.log(inputs), y: Math.log(end), weight: 1 })));
  if (line === undefined) return { value: NaN, error: NaN };
  const middle = Math.exp(meanOver(searches, ({ end }) => Math.log(end)));
  const center = meanOver(searches, ({ inputs }) => Math.log(inputs));
  const spread = Math.hypot(...searches.map(({ inputs }) => Math.log(inputs) - center));
  return {
    value: 2 + 2 * (line.slope - (ofDeficit * meanOver(searches, ({ deficit }) => deficit)) / middle),
    error: (2 * Math.max(usualSlope, line.slope) * scatter) / spread,
  };
}

/** The end of a search in a dimension that is larger by a factor e^logFactor: dT/d ln d = T·(k − 2)/2 + 2S. */
export function carriedOn(end: number, deficit: number, exponent: number, logFactor: number): number {
  const power = (exponent - 2) / 2;
  const growth = power === 0 ? logFactor : Math.expm1(power * logFactor) / power;
  return end * Math.exp(power * logFactor) + ofDeficit * deficit * growth;
}

/** By how much a relative error of the deficit shifts the logarithm of the dimension, over a way in that logarithm. */
export function shiftByDeficit(end: number, deficit: number, exponent: number, logFactor: number): number {
  const speed = (ofDeficit * deficit) / end;
  return Math.abs(logFactor) * (speed / ((exponent - 2) / 2 + speed));
}
