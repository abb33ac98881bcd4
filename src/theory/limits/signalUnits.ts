/**
 * How the units of a wide layer are distributed where they are not Gaussian: behind an activation function, and where a branch is added to
 * such, as in residual networks that are rectified behind the sum (He et al. 2016, fig. 2).
 *
 * In the limit of wide layers the units of what is skipped to are independent draws of one law, and those of a branch that ends with fresh
 * weights are Gaussian and independent of them (Yang 2019, Netsor master theorem, for any such program): the sum's law is that of a sum of
 * independent numbers, and what an activation function makes of it is an integral. Derived here by adding laws up unit by unit.
 */
import { activationFunction, type Activation } from "./activationFunctions.ts";
import { standardNormal } from "./signalMaps.ts";

/** Values of a number, each with how likely it is. */
interface Points {
  readonly at: Float64Array;
  readonly weight: Float64Array;
}

/** That of a number which is one of some points, and a Gaussian of mean 0 beside that is independent of which. */
export interface UnitLaw {
  readonly points: Points;
  /** Of the Gaussian. */
  readonly variance: number;
}

/** What an activation function makes of units. */
interface ActivatedUnits {
  readonly law: UnitLaw;
  readonly mean: number;
  readonly meanSquare: number;
  readonly meanFourth: number;
}

/** Into so many intervals a law's points are gathered, which changes what the next layer makes of them by less than a thousandth. */
const intervals = 256;

const nothing: Points = { at: Float64Array.of(0), weight: Float64Array.of(1) };

const normal: Points = {
  at: Float64Array.from(standardNormal, ({ at }) => at),
  weight: Float64Array.from(standardNormal, ({ weight }) => weight),
};

/** That of a Gaussian of mean 0. */
export function gaussianLaw(variance: number): UnitLaw {
  return { points: nothing, variance };
}

/** That of φ(x), x normal of mean 0. */
export function activatedLaw(activation: Activation, variance: number): UnitLaw {
  const { value } = activationFunction(activation);
  const deviation = Math.sqrt(variance);
  return { points: { at: normal.at.map((each) => value(deviation * each)), weight: normal.weight }, variance: 0 };
}

/** That of the largest of so many independent rectified Gaussians. */
export function rectifiedMaximumLaw(count: number, variance: number): UnitLaw {
  const deviation = Math.sqrt(variance);
  let below = 0;
  const weight = normal.weight.map((each) => {
    const before = below ** count;
    below += each;
    return below ** count - before;
  });
  return { points: { at: normal.at.map((each) => deviation * Math.max(0, each)), weight }, variance: 0 };
}

/** That of x + s·y, x and y independent of one another. */
export function lawOfSum(one: UnitLaw, other: UnitLaw, scale: number): UnitLaw {
  const points = gathered(ofEach(one.points, other.points, (first, second) => first + scale * second));
  return { points, variance: one.variance + scale ** 2 * other.variance };
}

/** @param scale of the units beforehand */
export function activatedUnits(activation: Activation, { points, variance }: UnitLaw, scale = 1): ActivatedUnits {
  const { value } = activationFunction(activation);
  const deviation = Math.sqrt(variance);
  const beside = variance > 0 ? normal : nothing;
  const values = ofEach(points, beside, (point, each) => value(scale * (point + deviation * each)));
  return {
    law: { points: gathered(values), variance: 0 },
    mean: moment(values, 1),
    meanSquare: moment(values, 2),
    meanFourth: moment(values, 4),
  };
}

function ofEach(one: Points, other: Points, value: (first: number, second: number) => number): Points {
  const count = other.at.length;
  const at = new Float64Array(one.at.length * count);
  const weight = new Float64Array(at.length);
  for (const [row, first] of one.at.entries()) {
    for (const [column, second] of other.at.entries()) {
      at[row * count + column] = value(first, second);
      weight[row * count + column] = (one.weight[row] ?? 0) * (other.weight[column] ?? 0);
    }
  }
  return { at, weight };
}

function moment({ at, weight }: Points, power: number): number {
  return at.reduce((sum, each, index) => sum + (weight[index] ?? 0) * each ** power, 0);
}

/** Fewer points, of the same mean square: those of an interval become one at their mean. */
function gathered(points: Points): Points {
  if (points.at.length <= intervals) return points;
  const least = points.at.reduce((one, other) => Math.min(one, other));
  const most = points.at.reduce((one, other) => Math.max(one, other));
  const weights = new Float64Array(intervals);
  const sums = new Float64Array(intervals);
  for (const [index, at] of points.at.entries()) {
    const place = Math.min(intervals - 1, Math.floor((intervals * (at - least)) / (most - least || 1)));
    const weight = points.weight[index] ?? 0;
    weights[place] = (weights[place] ?? 0) + weight;
    sums[place] = (sums[place] ?? 0) + weight * at;
  }
  const fewer = {
    at: sums.map((sum, place) => sum / Math.max(weights[place] ?? 0, Number.MIN_VALUE)),
    weight: weights,
  };
  // Within an interval they stray.
  const square = moment(fewer, 2);
  const stretch = square > 0 ? Math.sqrt(moment(points, 2) / square) : 1;
  return { at: fewer.at.map((each) => stretch * each), weight: weights };
}
