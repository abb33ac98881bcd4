import { levenbergMarquardt } from "ml-levenberg-marquardt";

export interface RobustFit {
  readonly parameters: readonly number[];
  /** Sum of the Huber losses of the residuals. */
  readonly objective: number;
  readonly residuals: readonly number[];
}

/**
 * Residuals at some parameters. The weights are those that the least-squares problem under way gives each residual, for a model
 * that solves for the parameters in which it is linear by itself.
 */
export type Residuals = (parameters: readonly number[], weights: readonly number[]) => readonly number[];

export interface RobustFitOptions {
  /** δ in the residuals' unit, beyond which a residual counts by its size and no longer by its square. */
  readonly delta: number;
  /** Residuals from here on count by their square whatever their size, as those that hold parameters near what is expected. */
  readonly robust: number;
  /** Least-squares problems that are solved at most. */
  readonly mostRounds: number;
  /** Relative change of the objective at which it has settled. */
  readonly settled: number;
}

/** Step of the numerical derivatives: parameters are of order one. */
const difference = 1e-6;

/** Huber's loss of a residual: r²/2 up to δ, and δ(|r| − δ/2) beyond. Source: Huber 1964. */
function huber(residual: number, delta: number): number {
  const size = Math.abs(residual);
  return size <= delta ? size ** 2 / 2 : delta * (size - delta / 2);
}

/**
 * Parameters near `start` that make the sum of the residuals' Huber losses least: least squares again and again, each time with
 * weights min(1, δ/|r|), which has its fixed point there (Holland and Welsch 1977). Parameters should be of order one, as
 * logarithms are. Undefined where the residuals at the start are not finite, or there are fewer than parameters.
 */
export function robustFit(
  residuals: Residuals,
  start: readonly number[],
  { delta, robust, mostRounds, settled }: RobustFitOptions,
): RobustFit | undefined {
  const limit = (index: number) => (index < robust ? delta : Infinity);
  const at = (parameters: readonly number[], weights: readonly number[]): RobustFit => {
    const now = residuals(parameters, weights);
    const objective = now.reduce((sum, residual, index) => sum + huber(residual, limit(index)), 0);
    return { parameters, residuals: now, objective };
  };
  let best = at(
    start,
    Array.from({ length: robust }, () => 1),
  );
  if (best.residuals.length < Math.max(2, start.length) || !Number.isFinite(best.objective)) return undefined;
  for (let round = 0; round < mostRounds; round++) {
    const weights = best.residuals.map((residual, index) => Math.sqrt(Math.min(1, limit(index) / Math.abs(residual))));
    const next = at(leastSquares(residuals, best.parameters, weights, delta), weights);
    const gain = best.objective - next.objective;
    if (!(gain > 0)) return best;
    best = next;
    if (gain < settled * next.objective) return best;
  }
  return best;
}

/** Two steps of Levenberg and Marquardt on the weighted residuals, in units of δ. */
function leastSquares(
  residuals: Residuals,
  start: readonly number[],
  weights: readonly number[],
  delta: number,
): readonly number[] {
  // The library's own weights are of one kind in its steps and of another in its error: they stay out of it.
  const weighted = (parameters: readonly number[]) => {
    const now = residuals(parameters, weights);
    return (index: number) => ((now[index] ?? NaN) * (weights[index] ?? NaN)) / delta;
  };
  const x = weights.map((_, index) => index);
  return levenbergMarquardt({ x, y: x.map(() => 0) }, weighted, {
    initialValues: [...start],
    gradientDifference: difference,
    maxIterations: 2,
    errorTolerance: 1e-12,
  }).parameterValues;
}
