import type { ProbeSet } from "../probeSet.ts";
import {
  type Landscape,
  type LocalPosterior,
  resolution,
  sampleLocally,
  TooManyEvaluations,
  usualEvaluations,
} from "../trace/localPosterior.ts";
import { RandomVectors } from "../trace/randomVectors.ts";
import type { Trace } from "../trace/trace.ts";
import { type Measurement, type Observable, Unmeasurable } from "./observable.ts";
import { restedAt } from "./rest.ts";
import { dot, squaredNorm } from "./vectors.ts";

const fewestExamples = 16;

/** A sample that would take longer is not drawn. */
const defaultMostSeconds = 3;

/** Products by which the largest curvature is found, to some 20 %: a step size is corrected afterwards. */
const powerIterations = 12;

/** Distance over which gradients are compared, relative to the weights' norm: float32 shows a difference to 1e-4 of it. */
const nearby = 1e-3;

/** What descent along the gradient can still gain, times nβ: a tenth of what chance gives to each weight of a regular model. */
const mostGain = 0.05;

/** Draws are not believed where fewer are accepted, or their two halves differ by more standard errors. */
const leastAcceptance = 0.5;
const mostDrift = 4;

/** Steps until the next look, at least and as a part of those done: where the gradient is not small yet, and after a sample, the dearest of all. */
const rests = { waiting: { steps: 16, part: 0.25 }, measured: { steps: 64, part: 3 } } as const;

/**
 * `learningCoefficient/local`: the local learning coefficient λ = nβ·(E[L] − L(w*)) of singular learning theory, β = 1/ln n, with n the examples of the probe
 * set, L the mean loss over them, and the mean over the density ∝ exp(−nβ·L) about the present weights w* (Lau et al. 2023; Watanabe 2013). It counts
 * directions in which the loss rises: each for a half, if as a square, and for less if more slowly. `learningCoefficient/local/null`: half the number of weights, as in a regular model.
 * `learningCoefficient/acceptance`: of its draws. The error is one standard error.
 *
 * The literature draws by stochastic gradients with noise (SGLD). Here gradients are those of the whole probe set, so that draws can be refused (`sampleLocally`), which leaves
 * no error of the step size; and what cannot be sampled is told by few accepted, or by a drift. A direction whose curvature is less than a 400th of the largest is not told from
 * one that is flat: λ is that at this resolution.
 *
 * Measured where the gradient is so small that descent along it would gain less than a tenth of what chance gives to one weight: else w* is no minimum and λ means nothing. Checked
 * against models with a known λ: linear regression, where it is half the number of weights, and reduced-rank regression (Aoyagi and Watanabe 2005).
 *
 * @param mostSeconds that a sample may take
 */
export function learningCoefficient(probe: ProbeSet, mostSeconds = defaultMostSeconds): Observable {
  let restsUntil = 0;
  /** Seconds that a sample is expected to take; unknown until the weights have been at a minimum once. */
  let leastCost = 0;
  return {
    name: "learningCoefficient",
    price: 3,
    get leastCost() {
      return leastCost;
    },
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    get restsUntil() {
      return restsUntil;
    },
    measure(given) {
      const { trace, engine, step, isUnlimited } = given;
      if (trace === undefined) return undefined;
      probe.look(given, trace);
      const examples = probe.examples;
      if (!probe.isComplete || examples === undefined) return undefined;
      restsUntil = restedAt(step, rests.waiting);
      if (examples < fewestExamples) throw tooFew(examples);
      const weights = trace.weights();
      return probe.onAll(engine, weights, (traces) => {
        const landscape = meanOf(traces);
        const inverseTemperature = examples / Math.log(examples);
        const site = siteOf(landscape, weights, inverseTemperature, step);
        if (site === undefined) return undefined;
        const mostEvaluations = mostSeconds / site.seconds;
        const seconds = usualEvaluations * site.seconds;
        if (usualEvaluations > mostEvaluations) throw tooLong(seconds, mostSeconds);
        // A look costs next to nothing, and has not been saved up for more.
        if (!isUnlimited && leastCost === 0) {
          [leastCost, restsUntil] = [seconds, 0];
          return undefined;
        }
        restsUntil = restedAt(step, rests.measured);
        try {
          return measured(landscape, weights, { ...site, inverseTemperature, seed: step, mostEvaluations }, probe);
        } catch (error) {
          throw error instanceof TooManyEvaluations ? tooLong(error.expected * site.seconds, mostSeconds) : error;
        }
      });
    },
  };
}

function tooFew(examples: number): Unmeasurable {
  return new Unmeasurable(
    "learning-coefficient-examples",
    `The local learning coefficient is not measured on fewer than ${fewestExamples} kept examples; there are ${examples}.`,
    "information",
  );
}

function tooLong(seconds: number, most: number): Unmeasurable {
  return new Unmeasurable(
    "learning-coefficient-time",
    `The local learning coefficient was left out at some steps: it would take ${seconds.toPrecision(2)} s, more than ${most}.`,
    "information",
  );
}

/** Mean loss over the batches, and its gradient. */
function meanOf(traces: readonly Trace[]): Landscape {
  return (weights) => {
    const gradient = new Float64Array(weights.length);
    let loss = 0;
    for (const trace of traces) {
      const point = trace.at(weights);
      try {
        loss += point.loss() / traces.length;
        point.gradient().forEach((each, index) => {
          gradient[index] = (gradient[index] ?? NaN) + each / traces.length;
        });
      } finally {
        point.dispose();
      }
    }
    return { loss, gradient };
  };
}

interface Site {
  readonly loss: number;
  readonly curvature: number;
  /** Of the quickest evaluation: the first ones take longer than those that follow. */
  readonly seconds: number;
}

/** Loss and largest curvature at weights that are nearly a minimum; undefined at others. */
function siteOf(
  landscape: Landscape,
  weights: ArrayLike<number>,
  inverseTemperature: number,
  seed: number,
): Site | undefined {
  const { loss, gradient } = landscape(Float64Array.from(weights));
  const distance = nearby * Math.sqrt(squaredNorm(Array.from(weights)));
  const square = squaredNorm(Array.from(gradient));
  if (!(distance > 0) || !Number.isFinite(loss) || !Number.isFinite(square)) return undefined;
  let seconds = Infinity;
  /** Product of the Hessian and a unit vector. */
  const product = (unit: Float64Array) => {
    const moved = unit.map((each, index) => (weights[index] ?? NaN) + distance * each);
    const start = performance.now();
    const other = landscape(moved).gradient;
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    return unit.map((_, index) => ((other[index] ?? NaN) - (gradient[index] ?? NaN)) / distance);
  };
  if (square > 0) {
    const unit = Float64Array.from(gradient, (each) => each / Math.sqrt(square));
    const along = dot(unit, product(unit));
    if (!(inverseTemperature * square <= mostGain * 2 * along)) return undefined;
  }
  let unit = unitOf(new RandomVectors(weights.length, seed).normal());
  let curvature = 0;
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    const next = product(unit);
    curvature = Math.sqrt(squaredNorm(next));
    if (!(curvature > 0 && curvature < Infinity)) return undefined;
    unit = unitOf(next);
  }
  return { loss, curvature, seconds };
}

function unitOf(vector: Float64Array): Float64Array {
  const norm = Math.sqrt(squaredNorm(vector));
  return vector.map((each) => each / norm);
}

/** @throws Unmeasurable where the draws do not stay about the start, or hardly any is accepted. */
function measured(
  landscape: Landscape,
  weights: ArrayLike<number>,
  site: Site & Pick<LocalPosterior, "inverseTemperature" | "seed" | "mostEvaluations">,
  probe: ProbeSet,
): Measurement {
  const sample = sampleLocally(landscape, weights, site);
  const above = sample?.losses.map((loss) => site.inverseTemperature * (loss - site.loss)) ?? [];
  const half = Math.floor(above.length / 2);
  const [whole, first, second] = [above, above.slice(0, half), above.slice(half)].map(meanAndError);
  const drift = Math.abs((first?.mean ?? NaN) - (second?.mean ?? NaN));
  const isStill = drift <= mostDrift * Math.hypot(first?.error ?? NaN, second?.error ?? NaN);
  if (
    sample === undefined ||
    whole === undefined ||
    sample.acceptance < leastAcceptance ||
    !isStill ||
    !(whole.mean > 0)
  ) {
    throw new Unmeasurable(
      "learning-coefficient-drift",
      "The local learning coefficient was left out at some steps: draws about the weights went on to lower losses or did not come to rest, as where the weights are at no minimum, or hardly any was accepted.",
      "information",
    );
  }
  return {
    values: {
      "learningCoefficient/local": whole.mean,
      "learningCoefficient/local/null": weights.length / 2,
      "learningCoefficient/acceptance": sample.acceptance,
    },
    error: { "learningCoefficient/local": whole.error },
    ...(probe.examples !== undefined && { sample: probe.examples }),
    method: `Hamiltonian Monte Carlo about the weights, ${sample.losses.length} draws by ${sample.evaluations} gradients, ${probe.describe("all")} ; directions of less than a ${resolution}th of the largest curvature count as flat (error: one standard error)`,
  };
}

/**
 * One standard error, with neighbouring draws' correlation taken for that of a first-order process. A trajectory of any length leaves half of a square
 * well's energy where it was, by the mean of cos², so that the correlation is no less; and thirty draws do not tell it well.
 */
function meanAndError(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const away = values.map((each) => each - mean);
  const variance = squaredNorm(away) / (values.length - 1);
  const correlation = Math.min(0.9, Math.max(0.5, dot(away.slice(1), away.slice(0, -1)) / squaredNorm(away)));
  return { mean, error: Math.sqrt((variance * (1 + correlation)) / ((1 - correlation) * values.length)) };
}
