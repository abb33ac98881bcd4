/**
 * L25: how fast the loss will fall, told by the data. A linear model, or a network while its tangent kernel stays, learns its modes one after the other, that of
 * the k-th eigenvalue μ_k at about the step 1/(2ηκμ_k). Where the eigenvalues and what is left of the loss beyond the k-th mode fall as powers,
 *
 *   μ_k  ∝  k^−b,     Σ_{i>k} κρ_i  ∝  k^−(a−1),     so that     L(t)  =  Σ_i κρ_i·e^(−2ηκμ_i·t)  ∝  t^−(a−1)/b,
 *
 * ρ_i what of the first residual lies along the i-th eigenvector of the kernel on some examples (see `linearization`).
 *
 * Source: Bordelon, Atanasov and Pehlevan 2024, whose exponent in time this is (source a, capacity b); the sum is derived here, by putting the powers in: what is left
 * of the loss is what lies beyond the mode that is being learned. So noise, which no mode explains, is in it too. Exponents in the number of weights and of
 * examples are not forecast: they take runs that differ in these.
 *
 * Assumes gradient descent, plain or with momentum, at a constant rate on a squared error; that both are powers, which is looked at, over the ranks from 4 to
 * a quarter of the eigenvalues, since smaller ones are more of the sample than of the data; and a kernel that has moved by a tenth at most.
 *
 * Forecasts, once a doubling of the step t while the modes at those ranks are learned: the mean loss about 4t and 16t, from what it is now and the exponent alone.
 *
 * Interval: the exponent is off by 8 % and a quarter of what it differs by between the lower and the higher ranks, in square, one standard error. On 24 linear regressions
 * in float64 (400 inputs, b of 1.1 to 1.8, (a − 1)/b of 0.5 to 0.9, new examples at every step) 38 of 44 forecasts held, with a median skill of 0.7.
 */
import { baselinesAt } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { initialLinearization, type Linearization } from "../limits/linearization.ts";
import { learningRateOf } from "../plainDescent.ts";
import {
  constantLearningRate,
  finiteLoss,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  squaredError,
  unchecked,
  undecayedDescent,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { weightedLine } from "../score.ts";
import { scoreMean } from "../scoreMean.ts";
import { windowMean } from "../windowMean.ts";

const observable = "loss/train";

/** The first rank of a fit, and its last as a part of the eigenvalues, of which there must be so many. */
const firstRank = 4;
const lastPart = 0.25;
const leastEigenvalues = 80;

/** Ranks at which is looked, evenly in their logarithm. */
const looks = 12;

/** Largest root mean square of what the logarithms are off by from a power. */
const mostOff = 0.25;

/** Smallest b: the eigenvalues of a sample of equal ones fall as well, if by less. */
const leastCapacity = 0.5;

/** Smallest exponent of the loss: what falls more slowly is noise, or nothing that is learned. */
const leastExponent = 0.1;

/** Steps ahead, in units of those so far. */
const horizons = [4, 16] as const;

/** Losses are means over this last part of the steps up to now, and as much after a horizon. */
const averaged = 0.2;

/** How far the kernel may have moved. */
const mostMoved = 0.1;

/** Standard error of an exponent besides what its two halves differ by, relative. */
const exponentError = 0.08;

interface Power {
  /** Exponent, positive where values fall. */
  readonly exponent: number;
  /** By how much it differs between the first and the second half of the ranks. */
  readonly bend: number;
  /** Root mean square of the logarithms' residuals. */
  readonly off: number;
}

interface Powers {
  /** b */
  readonly eigenvalues: Power;
  /** a − 1 */
  readonly left: Power;
  /** Per step, at the first and the last rank. */
  readonly fastest: number;
  readonly slowest: number;
}

function exponentOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  return -(weightedLine(points.map((point) => ({ ...point, weight: 1 })))?.slope ?? NaN);
}

/** The power that values, numbered from 1, fall as over some ranks. */
function powerOf(values: readonly number[], ranks: readonly number[]): Power {
  const points = ranks.map((rank) => ({ x: Math.log(rank), y: Math.log(values[rank - 1] ?? NaN) }));
  const line = weightedLine(points.map((point) => ({ ...point, weight: 1 })));
  const squares = points.reduce(
    (sum, { x, y }) => sum + (y - (line?.intercept ?? NaN) - (line?.slope ?? NaN) * x) ** 2,
    0,
  );
  const middle = Math.floor(points.length / 2);
  return {
    exponent: exponentOf(points),
    bend: Math.abs(exponentOf(points.slice(0, middle)) - exponentOf(points.slice(middle))),
    off: Math.sqrt(squares / points.length),
  };
}

/** Undefined where there are too few eigenvalues. */
function powersOf({ rates, parts }: Linearization): Powers | undefined {
  if (rates.length < leastEigenvalues) return undefined;
  const last = Math.floor(lastPart * rates.length);
  const ranks = Array.from({ length: looks }, (_, index) =>
    Math.round(firstRank * (last / firstRank) ** (index / (looks - 1))),
  );
  let rest = parts.reduce((sum, part) => sum + part, 0);
  // k directions of m examples explain k/m of what is not in them, by chance.
  const left = parts.map((part, index) => ((rest -= part) * parts.length) / (parts.length - index - 1));
  return {
    eigenvalues: powerOf(rates, ranks),
    left: powerOf(left, ranks),
    fastest: 2 * (rates[firstRank - 1] ?? NaN),
    slowest: 2 * (rates[last - 1] ?? NaN),
  };
}

/** By the kernel's residual: it is measured seldom, and looked at often. */
const known = new WeakMap<readonly number[], { readonly powers: Powers | undefined }>();

function measuredPowers(view: RunView): Powers | undefined {
  const residual = view.vectors("kernel/initialResidual").at(-1)?.values;
  if (residual === undefined) return undefined;
  let entry = known.get(residual);
  if (entry === undefined) {
    const model = initialLinearization(view);
    known.set(residual, (entry = { powers: model && powersOf(model) }));
  }
  return entry.powers;
}

function powerText({ exponent, off }: Power): string {
  return `exponent ${exponent.toPrecision(3)}, off by ${off.toPrecision(2)} in the logarithm`;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const powers = measuredPowers(view);
  const distance = view.series("kernel/distance");
  const moved = distance.length === 0 ? undefined : distance.valueAt(distance.length - 1);
  return [
    oneOptimizer(view),
    undecayedDescent(view, "momentum"),
    constantLearningRate(view),
    squaredError(view),
    {
      condition: "the kernel's eigenvalues fall as a power of their rank",
      holds: powers !== undefined && powers.eigenvalues.off <= mostOff && powers.eigenvalues.exponent >= leastCapacity,
      saw: powers === undefined ? `fewer than ${leastEigenvalues} eigenvalues` : powerText(powers.eigenvalues),
    },
    {
      condition: "what is left of the loss falls as a power of how many modes are learned",
      holds: powers !== undefined && powers.left.off <= mostOff && exponentsOf(powers).exponent >= leastExponent,
      saw: powers === undefined ? `fewer than ${leastEigenvalues} eigenvalues` : powerText(powers.left),
    },
    {
      condition: `the tangent kernel has moved by at most ${100 * mostMoved} % of its norm`,
      holds: moved === undefined ? "unknown" : moved <= mostMoved,
      saw: moved === undefined ? "measured once" : `${(100 * moved).toPrecision(2)} %`,
    },
    finiteLoss(view),
  ];
}

/** (a − 1)/b and its standard error. */
function exponentsOf({ eigenvalues, left }: Powers): { readonly exponent: number; readonly error: number } {
  const exponent = left.exponent / eigenvalues.exponent;
  const bend = Math.hypot(left.bend / left.exponent, eigenvalues.bend / eigenvalues.exponent) / 4;
  return { exponent, error: exponent * Math.hypot(bend, exponentError) };
}

function subjectOf(ahead: number, doubling: number): string {
  return `${ahead} times 2^${doubling} steps`;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const { step } = view;
  const doubling = Math.floor(Math.log2(Math.max(1, step)));
  const open = horizons.filter((ahead) => !spoken(subjectOf(ahead, doubling)));
  const powers = open.length === 0 ? undefined : measuredPowers(view);
  if (powers === undefined) return [];
  const rate = learningRateOf(view) / (1 - (view.optimizer?.groups[0]?.momentum ?? 0));
  const losses = view.series(observable);
  const now = windowMean(losses, (1 - averaged) * step, step);
  // Before, and after, other modes are learned than those whose powers are known.
  if (now === undefined || !(step * rate * powers.fastest >= 1 && step * rate * powers.slowest <= 1)) return [];
  const { exponent, error } = exponentsOf(powers);
  return open.flatMap((ahead) => {
    const [from, to] = [ahead * step, Math.ceil((1 + averaged) * ahead * step)];
    // Both are means over as long a part of their steps, but one before its end and one after its beginning.
    const times = ((1 + averaged / 2) / (1 - averaged / 2)) * ahead;
    const central = now.mean * times ** -exponent;
    const width = gaussianDecile * Math.hypot(error * Math.log(times), (Math.SQRT2 * now.standardError) / now.mean);
    const [low, high] = [central * Math.exp(-width), central * Math.exp(width)];
    if (!(low > 0 && low < central && central < high) || !Number.isFinite(high)) return [];
    const subject = subjectOf(ahead, doubling);
    return [
      {
        id: `${scalingExponent.id}/${subject}@${step}`,
        law: scalingExponent.id,
        subject,
        observable,
        statistic: "timeMean" as const,
        issuedAt: step,
        from: Math.max(from, step + 1),
        to,
        low,
        central,
        high,
        baselines: baselinesAt(losses, (1 + averaged / 2) * from),
        assumptions: [
          "Eigenvalues, and what is left of the loss, go on as they fall over the ranks that were looked at.",
          ...unchecked(scalingExponent.regime(view)),
        ],
        statement: `By the kernel's eigenvalues and the targets' parts along them the loss falls as t^−${exponent.toPrecision(2)}: to ${central.toPrecision(3)} about step ${from}.`,
      },
    ];
  });
}

export const scalingExponent: Law = {
  id: "scaling-exponent",
  number: "L25",
  area: "empirical",
  title: "Scaling exponents from the data",
  statement:
    "Where the kernel's eigenvalues fall as k^−b and what is left of the loss beyond k of them as k^−(a−1), the loss falls as t^−(a−1)/b.",
  references: [
    {
      citation: "Bordelon, Atanasov and Pehlevan 2024",
      title: "A Dynamical Model of Neural Scaling Laws",
      arxiv: "2402.01092",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    {
      what: "the tangent kernel's eigenvalues, and what of the initial residual lies along its eigenvectors",
      met: (view) => view.vectors("kernel/initialResidual").length > 0,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreMean(made, view, checks),
};
