/** The law of losses under learning-rate schedules as arithmetic: its clock, its value along a schedule, its fit to runs. */
import { Matrix, QrDecomposition } from "ml-matrix";
import { robustFit } from "../robustFit.ts";
import type { Schedule } from "./schedule.ts";

/** Losses at some steps of a run, and the schedule that it followed. Both count steps from 0. */
export interface LossCurve {
  readonly schedule: Schedule;
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

/** What decides a curve's shape. */
interface Shape {
  /** α, of what is left to learn in the clock. */
  readonly exponent: number;
  /** C, in one over the clock's unit. */
  readonly relaxation: number;
  /** β, of what a drop of η has yet to give. */
  readonly relaxationExponent: number;
  /** p: the clock runs as η^p. */
  readonly clockExponent: number;
}

/** L = L₀ + A·Z^−α − B·Σ_k (η_{k−1} − η_k)·(1 − (1 + C·(Z − Z_k))^−β), with the clock Z = Σ η^p. */
export interface ScheduleLaw extends Shape {
  /** L₀, the loss at learning rate zero after endless training. */
  readonly irreducible: number;
  readonly factor: number;
  /** B times the unit of η: what dropping η from there to zero gives in the end. */
  readonly annealing: number;
  readonly unit: Unit;
}

/** In which the law counts: η, and steps at that η. */
interface Unit {
  readonly rate: number;
  readonly steps: number;
}

interface Clock {
  /** Z at the schedule's knots. */
  readonly atKnots: readonly number[];
  /** Where η fell, and by how much in its unit; rises are negative, the first of them from zero at the start. */
  readonly drops: readonly { readonly at: number; readonly by: number }[];
}

function clockOf({ steps, rates, jumps }: Schedule, exponent: number, unit: Unit): Clock {
  const atKnots = [0];
  const drops = [{ at: 0, by: -(rates[0] ?? NaN) / unit.rate }];
  let now = 0;
  for (let knot = 1; knot < steps.length; knot++) {
    const [before, after] = [(rates[knot - 1] ?? NaN) / unit.rate, (rates[knot] ?? NaN) / unit.rate];
    const jumped = jumps[knot] === true;
    const length = ((steps[knot] ?? NaN) - (steps[knot - 1] ?? NaN)) / unit.steps;
    const passed = (jumped ? before : (before + after) / 2) ** exponent * length;
    if (before !== after) drops.push({ at: now + (jumped ? passed : passed / 2), by: before - after });
    now += passed;
    atKnots.push(now);
  }
  return { atKnots, drops };
}

/** For each step, Z^−α and what the drops of η so far have given, in units of what they would give in the end. */
function termsAlong(schedule: Schedule, steps: readonly number[], shape: Shape, unit: Unit) {
  const { atKnots, drops } = clockOf(schedule, shape.clockExponent, unit);
  let knot = 1;
  return steps.map((step) => {
    while (knot < schedule.steps.length - 1 && (schedule.steps[knot] ?? NaN) < step) knot += 1;
    const [from = NaN, to = NaN] = [schedule.steps[knot - 1], schedule.steps[knot]];
    const [early = NaN, late = NaN] = [atKnots[knot - 1], atKnots[knot]];
    const now = early + ((step - from) / (to - from)) * (late - early);
    let given = 0;
    for (const { at, by } of drops) {
      if (at >= now) break;
      given += by * (1 - Math.exp(-shape.relaxationExponent * Math.log1p(shape.relaxation * (now - at))));
    }
    return { left: now ** -shape.exponent, given };
  });
}

/** Loss at each of some steps of a run with a schedule, steps rising. Beyond the schedule's last knot, its last straight goes on. */
export function scheduleLosses(law: ScheduleLaw, schedule: Schedule, steps: readonly number[]): readonly number[] {
  const terms = termsAlong(schedule, steps, law, law.unit);
  return terms.map(({ left, given }) => law.irreducible + law.factor * left - law.annealing * given);
}

/**
 * Where shapes are looked for, and how far from there, as logarithms but for the clock's exponent: what two schedules leave
 * open stays near what language models of 25 and 100 million parameters show under all of nine.
 */
const expected = [Math.log(0.5), Math.log(30), Math.log(0.8), 0.65];
const spread = [0.3, 1.5, 0.7, 0.3];

/** Weight of one spread, in errors of `delta` at every point of one curve. */
const hold = 0.3;

/** Relative error of the loss beyond which a point counts by its size; curves are smooth to this. */
const leastDelta = 1e-3;

/** Longest run, in the clock's unit: that for which C is expected where it is. */
const longest = 24;

/** Part of the largest η by which it must fall somewhere, for the fit to know what that gives. */
const leastFall = 0.1;

function falls({ schedule, steps }: LossCurve, largest: number): boolean {
  const [first = NaN, last = NaN] = [steps[0], steps.at(-1)];
  return schedule.rates.some((rate, knot) => {
    const step = schedule.steps[knot] ?? NaN;
    return step >= first && step < last && rate <= (1 - leastFall) * largest;
  });
}

function shapeOf([exponent = NaN, relaxation = NaN, relaxationExponent = NaN, clock = NaN]: readonly number[]): Shape {
  return {
    exponent: Math.exp(exponent),
    relaxation: Math.exp(relaxation),
    relaxationExponent: Math.exp(relaxationExponent),
    clockExponent: clock,
  };
}

export interface ScheduleFit {
  readonly law: ScheduleLaw;
  /** Root mean square of the relative errors. */
  readonly error: number;
}

/**
 * Fits the law to the curves of runs with one peak learning rate: least sum of Huber's losses of relative errors, the three
 * parameters in which it is linear solved for at each of the four others (Golub and Pereyra 1973), which are held near what is
 * expected. Undefined where there are too few points, where η never falls by a
 * tenth, where numbers are not positive, or a term comes out negative.
 *
 * @param noise relative error of the points, where it is larger than 1e-3
 */
export function fitSchedules(curves: readonly LossCurve[], noise = 0): ScheduleFit | undefined {
  const losses = curves.flatMap((curve) => curve.losses);
  if (losses.length < 3 * expected.length || !losses.every((loss) => loss > 0 && loss < Infinity)) return undefined;
  const rates = curves.flatMap(({ schedule }) => schedule.rates);
  const lengths = curves.map(({ schedule }) => schedule.steps.at(-1) ?? NaN);
  const unit = { rate: Math.max(...rates), steps: Math.max(...lengths) / longest };
  if (!(unit.rate > 0 && unit.steps > 0) || !curves.some((curve) => falls(curve, unit.rate))) return undefined;
  const delta = Math.max(leastDelta, noise);
  const prior = hold * delta * Math.sqrt(losses.length / curves.length);
  const linear = (parameters: readonly number[], weights: readonly number[]) => {
    const shape = shapeOf(parameters);
    const rows = curves
      .flatMap(({ schedule, steps }) => termsAlong(schedule, steps, shape, unit))
      .map(({ left, given }, index) => [1, left, -given].map((term) => term / (losses[index] ?? NaN)));
    return { rows, solution: solved(rows, weights) };
  };
  const residuals = (parameters: readonly number[], weights: readonly number[]) => {
    const { rows, solution } = linear(parameters, weights);
    const errors = rows.map((row) => row.reduce((sum, term, index) => sum + term * (solution[index] ?? NaN), -1));
    return [...errors, ...expected.map((centre, index) => heldNear(centre, index, parameters[index] ?? NaN) * prior)];
  };
  const fit = robustFit(residuals, expected, { delta, robust: losses.length, mostRounds: 20, settled: 1e-4 });
  if (fit === undefined) return undefined;
  const errors = fit.residuals.slice(0, losses.length);
  const weights = errors.map((error) => Math.sqrt(Math.min(1, delta / Math.abs(error))));
  const [irreducible = NaN, factor = NaN, annealing = NaN] = linear(fit.parameters, weights).solution;
  if (!(factor > 0 && annealing >= 0 && Number.isFinite(irreducible))) return undefined;
  return {
    law: { ...shapeOf(fit.parameters), irreducible, factor, annealing, unit },
    error: Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length),
  };
}

function heldNear(centre: number, index: number, parameter: number): number {
  return (parameter - centre) / (spread[index] ?? NaN);
}

/** Weighted least squares of rows against 1; NaN where the columns do not decide it. */
function solved(rows: readonly (readonly number[])[], weights: readonly number[]): readonly number[] {
  const weighted = rows.map((row, index) => row.map((term) => term * (weights[index] ?? NaN)));
  if (!weighted.flat().every(Number.isFinite)) return [];
  const decomposition = new QrDecomposition(new Matrix(weighted));
  if (!decomposition.isFullRank()) return [];
  return decomposition.solve(Matrix.columnVector(weights.slice(0, rows.length))).to1DArray();
}
