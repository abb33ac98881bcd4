/** The scaling law in parameters and data as arithmetic: its value, its fit to runs, and what is best for a compute budget. */
import { Matrix, solve } from "ml-matrix";
import { robustFit } from "../robustFit.ts";

/** One finished run. */
export interface ScalingRun {
  /** N, trainable parameters, all of them counted. */
  readonly parameters: number;
  /** D, examples (or tokens) seen. */
  readonly examples: number;
  /** Final loss, per example or token. */
  readonly loss: number;
}

/** L = E + A·N^−α + B·D^−β, in the loss's unit. */
export interface ScalingLaw {
  readonly irreducible: number;
  readonly parameterFactor: number;
  readonly parameterExponent: number;
  readonly dataFactor: number;
  readonly dataExponent: number;
}

/** Loss that the law gives N parameters after D examples. Source: Hoffmann et al. 2022, eq. 2. */
export function scalingLoss(law: ScalingLaw, parameters: number, examples: number): number {
  return (
    law.irreducible +
    law.parameterFactor * parameters ** -law.parameterExponent +
    law.dataFactor * examples ** -law.dataExponent
  );
}

export interface ComputeOptimum {
  readonly parameters: number;
  readonly examples: number;
}

/**
 * The N and D that make the law's loss least for C = 6·N·D: N = G·(C/6)^(β/(α+β)), G = (αA/βB)^(1/(α+β)).
 * Source: Hoffmann et al. 2022, eq. 4.
 *
 * @param compute C in floating-point operations, six a parameter and token
 */
export function computeOptimum(law: ScalingLaw, compute: number): ComputeOptimum {
  const { parameterExponent: alpha, dataExponent: beta } = law;
  const ratio = ((alpha * law.parameterFactor) / (beta * law.dataFactor)) ** (1 / (alpha + beta));
  const parameters = ratio * (compute / 6) ** (beta / (alpha + beta));
  return { parameters, examples: compute / 6 / parameters };
}

/** Where Huber's loss of a relative error goes over from its square to its size. Source: Hoffmann et al. 2022, app. D.3. */
const delta = 1e-3;

/** Runs, model sizes and amounts of data below which five parameters are not decided. */
const leastRuns = 6;
const leastDistinct = 3;

export interface ScalingFit {
  readonly law: ScalingLaw;
  /** ln of each run's loss over the law's. */
  readonly residuals: readonly number[];
  /** Sum of Huber's losses of the residuals, δ = 1e-3. */
  readonly objective: number;
}

/**
 * Fits the law to runs: least sum of Huber's losses of ln L, as Hoffmann et al. 2022, eq. 3 (the sum, not the mean; Besiroglu
 * et al. 2024 show what the mean does). Undefined with fewer than 6 runs, 3 model sizes or 3 amounts of data, with numbers that
 * are not positive, and where a term of the law vanishes or an exponent is not positive: then the runs do not show the law.
 *
 * @param start a law near which to look, as for a bootstrap; without one, a grid of exponents is tried
 */
export function fitScaling(runs: readonly ScalingRun[], start?: ScalingLaw): ScalingFit | undefined {
  if (!decides(runs)) return undefined;
  const unit = {
    parameters: geometricMean(runs.map(({ parameters }) => parameters)),
    examples: geometricMean(runs.map(({ examples }) => examples)),
  };
  const logs = runs.map(({ parameters, examples, loss }) => ({
    parameters: Math.log(parameters / unit.parameters),
    examples: Math.log(examples / unit.examples),
    loss: Math.log(loss),
  }));
  const residuals = ([e = NaN, a = NaN, alpha = NaN, b = NaN, beta = NaN]: readonly number[]) =>
    logs.map(({ parameters, examples, loss }) => {
      const [first, second] = [a - alpha * parameters, b - beta * examples];
      const largest = Math.max(e, first, second);
      return loss - largest - Math.log(Math.exp(e - largest) + Math.exp(first - largest) + Math.exp(second - largest));
    });
  const from = start === undefined ? gridStart(runs, unit) : inUnits(start, unit);
  const fit =
    from &&
    robustFit(residuals, from, {
      delta,
      robust: runs.length,
      mostRounds: start === undefined ? 300 : 40,
      settled: 1e-9,
    });
  if (fit === undefined) return undefined;
  const [e = NaN, a = NaN, alpha = NaN, b = NaN, beta = NaN] = fit.parameters;
  const law: ScalingLaw = {
    irreducible: Math.exp(e),
    parameterFactor: Math.exp(a) * unit.parameters ** alpha,
    parameterExponent: alpha,
    dataFactor: Math.exp(b) * unit.examples ** beta,
    dataExponent: beta,
  };
  const sound = Object.values(law).every((value: number) => Number.isFinite(value) && value > 0);
  return sound ? { law, residuals: fit.residuals, objective: fit.objective } : undefined;
}

function decides(runs: readonly ScalingRun[]): boolean {
  const distinct = (values: readonly number[]) => new Set(values).size;
  const positive = runs.every((run) =>
    [run.parameters, run.examples, run.loss].every((x) => Number.isFinite(x) && x > 0),
  );
  return (
    positive &&
    runs.length >= leastRuns &&
    distinct(runs.map(({ parameters }) => parameters)) >= leastDistinct &&
    distinct(runs.map(({ examples }) => examples)) >= leastDistinct
  );
}

type Unit = Pick<ScalingRun, "parameters" | "examples">;

function inUnits(law: ScalingLaw, unit: Unit): readonly number[] {
  const { parameterExponent: alpha, dataExponent: beta } = law;
  return [
    Math.log(law.irreducible),
    Math.log(law.parameterFactor) - alpha * Math.log(unit.parameters),
    alpha,
    Math.log(law.dataFactor) - beta * Math.log(unit.examples),
    beta,
  ];
}

const exponents = [0.1, 0.2, 0.35, 0.6, 1];

/** Of a grid of exponents, those with which the law, then linear in E, A and B, comes nearest with all three positive. */
function gridStart(runs: readonly ScalingRun[], unit: Unit): readonly number[] | undefined {
  let best: { readonly error: number; readonly start: readonly number[] } | undefined;
  for (const alpha of exponents) {
    for (const beta of exponents) {
      const rows = runs.map(({ parameters, examples, loss }) => [
        1 / loss,
        (parameters / unit.parameters) ** -alpha / loss,
        (examples / unit.examples) ** -beta / loss,
      ]);
      const [e = NaN, a = NaN, b = NaN] = solve(
        new Matrix(rows),
        Matrix.columnVector(runs.map(() => 1)),
        true,
      ).to1DArray();
      if (!(e > 0 && a > 0 && b > 0)) continue;
      const error = rows.reduce((sum, [x = NaN, y = NaN, z = NaN]) => sum + (e * x + a * y + b * z - 1) ** 2, 0);
      if (best === undefined || error < best.error) {
        best = { error, start: [Math.log(e), Math.log(a), alpha, Math.log(b), beta] };
      }
    }
  }
  return best?.start;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
