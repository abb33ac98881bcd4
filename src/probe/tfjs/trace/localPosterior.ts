import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { RandomVectors } from "./randomVectors.ts";
import { seededGenerator } from "./seededGenerator.ts";

/** A loss and its gradient at some weights, flat. */
export type Landscape = (weights: Float64Array) => { readonly loss: number; readonly gradient: ArrayLike<number> };

export interface LocalPosterior {
  /** nβ, what the loss is multiplied by in the exponent. */
  readonly inverseTemperature: number;
  /** Largest curvature of the loss at the start. */
  readonly curvature: number;
  readonly seed: number;
  /** That a sample may take; absent where it may take as many as it needs. */
  readonly mostEvaluations?: number;
}

/** A sample would take more evaluations of loss and gradient than it may, since only short steps are accepted. */
export class TooManyEvaluations extends Error {
  readonly expected: number;

  constructor(expected: number) {
    super(`A sample would take ${expected} evaluations.`);
    this.name = "TooManyEvaluations";
    this.expected = expected;
  }
}

export interface LocalSample {
  /** Mean losses along the draws' trajectories, one after the other. */
  readonly losses: readonly number[];
  /** Mean probability with which draws were accepted. */
  readonly acceptance: number;
  /** Evaluations of loss and gradient spent. */
  readonly evaluations: number;
}

/** Curvatures below this part of the largest are held by the localization, and their directions do not count. */
export const resolution = 400;

/** Draws that are left out while the step size is found, and those that count. */
const warmUp = 8;
const draws = 30;

/** A leapfrog step, in units of the stiffest direction's 1/√curvature: at 2 it would be unstable. */
const firstStep = 0.7;

/** Probabilities of acceptance between which the step size is right, and by what it is changed else. */
const wanted = { least: 0.6, most: 0.9 };
const changes = { shorter: 0.75, longer: 1.15 };

/** Evaluations that a sample takes, but for what changes of the step size make of it. */
export const usualEvaluations = Math.ceil((warmUp + draws) * perDraw(firstStep / Math.sqrt(resolution), 1));

/** Time in which the slowest direction goes from its middle to its end: any draw has then forgotten the one before. */
function quarterPeriod(localization: number): number {
  return Math.PI / (2 * Math.sqrt(localization));
}

/** Evaluations that a draw takes on average. */
function perDraw(step: number, localization: number): number {
  return (0.75 * quarterPeriod(localization)) / step;
}

/**
 * Draws from the density ∝ exp(−nβ·L(w) − γ‖w − w*‖²/2) about a start w*, γ being nβ times the largest curvature over `resolution`: by Hamiltonian Monte Carlo
 * with trajectories of half to all of the slowest direction's quarter period (Duane et al. 1987; Neal 2011). With one step a trajectory it would be Langevin dynamics with
 * Metropolis' correction, whose number of steps goes with the ratio of curvatures and not its root. All points of a trajectory count, each as if it had been proposed
 * itself (Nishimura and Dunson 2020); a trajectory is given up where it leaves all that could be accepted.
 *
 * Undefined where an evaluation is not finite and the draw cannot be refused for it, as at the start.
 *
 * @throws TooManyEvaluations as soon as the step size shows that a sample would take more than it may.
 */
export function sampleLocally(
  landscape: Landscape,
  start: ArrayLike<number>,
  { inverseTemperature, curvature, seed, mostEvaluations = Infinity }: LocalPosterior,
): LocalSample | undefined {
  const dimension = start.length;
  const localization = (inverseTemperature * curvature) / resolution;
  const vectors = new RandomVectors(dimension, seed);
  const generator = seededGenerator(seed + 1);
  const at = (weights: Float64Array): Place => {
    const { loss, gradient } = landscape(weights);
    const force = new Float64Array(dimension);
    let distance = 0;
    for (let index = 0; index < dimension; index++) {
      const away = (weights[index] ?? NaN) - (start[index] ?? NaN);
      distance += away * away;
      force[index] = -inverseTemperature * (gradient[index] ?? NaN) - localization * away;
    }
    return { weights, loss, force, potential: inverseTemperature * loss + (localization * distance) / 2 };
  };
  let here = at(Float64Array.from(start));
  if (!Number.isFinite(here.potential)) return undefined;
  let step = firstStep / Math.sqrt(inverseTemperature * curvature + localization);
  let [evaluations, accepted] = [1, 0];
  const losses: number[] = [];
  for (let draw = 0; draw < warmUp + draws; draw++) {
    const expected = Math.ceil(evaluations + (warmUp + draws - draw) * perDraw(step, localization));
    // Afterwards it only strays with the trajectories' lengths, and no sample is to be given up that is nearly drawn.
    if (draw <= warmUp && expected > mostEvaluations) throw new TooManyEvaluations(expected);
    const momentum = vectors.normal();
    const before = here.potential + kinetic(momentum);
    const time = quarterPeriod(localization) * (0.5 + 0.5 * uniformFloat64(generator));
    const steps = Math.max(1, Math.round(time / step));
    let [there, probability, along] = [here, 1, 0];
    for (let taken = 0; taken < steps; taken++) {
      if (probability > 0) {
        push(momentum, there.force, step / 2);
        const weights = there.weights.slice();
        push(weights, momentum, step);
        there = at(weights);
        push(momentum, there.force, step / 2);
        evaluations += 1;
        const chance = Math.min(1, Math.exp(before - there.potential - kinetic(momentum)));
        probability = Number.isNaN(chance) ? 0 : chance;
      }
      along += (probability > 0 ? probability * there.loss + (1 - probability) * here.loss : here.loss) / steps;
    }
    if (draw < warmUp) {
      step *= probability > wanted.most ? changes.longer : probability < wanted.least ? changes.shorter : 1;
    } else {
      accepted += probability;
      losses.push(along);
    }
    if (uniformFloat64(generator) < probability) here = there;
  }
  return { losses, acceptance: accepted / draws, evaluations };
}

interface Place {
  readonly weights: Float64Array;
  readonly loss: number;
  /** Less the potential's gradient. */
  readonly force: Float64Array;
  readonly potential: number;
}

function kinetic(momentum: Float64Array): number {
  return momentum.reduce((sum, each) => sum + each * each, 0) / 2;
}

/** Adds a multiple of a vector to another, in place. */
function push(vector: Float64Array, by: Float64Array, factor: number): void {
  for (let index = 0; index < vector.length; index++) {
    vector[index] = (vector[index] ?? NaN) + factor * (by[index] ?? NaN);
  }
}
