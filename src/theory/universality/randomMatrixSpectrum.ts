/**
 * L38: the spectrum of fresh weights. An n×p matrix, n ≥ p, of independent entries of variance s² has, for large n and p and with
 * q = p/n, the eigenvalues of WᵀW/n within
 *
 *   s²·(1 − √q)² … s²·(1 + √q)²   (Marchenko and Pastur 1967),
 *
 * and the largest of WᵀW at s²·(μ + σ·T), where μ = (√(n−1) + √p)², σ = (√(n−1) + √p)·(1/√(n−1) + 1/√p)^⅓ and T has the law of Tracy
 * and Widom for β = 1 (Johnstone 2001, thm 1.1). So ‖W‖²/‖W‖₂² is n·p/(μ + σ·T). What is added to W shows as an eigenvalue of its
 * own, a spike, only where its spectral norm exceeds s·(n·p)^¼ (Benaych-Georges and Nadakuditi 2012, after Baik, Ben Arous and Péché).
 *
 * Assumes a fresh initialization with independent entries: neither loaded nor orthogonal. Orthogonal weights show by a stable rank
 * far above the forecast, for which the law is out of regime; loaded ones, or a shared direction, by one below it, which breaks it.
 * It speaks of two-axis weights with both sides at least 32, of their first measurement within 200 steps, and only if the
 * weights cannot have moved by half of what would make a spike: steps times the largest relative step measured bounds that.
 *
 * Intervals. Stable rank: the 10 % and 90 % quantiles of T. Bulk's edge: s² from the Frobenius norm, against the probe's s² from the
 * median eigenvalue, whose relative standard deviation was 0.06 to 0.08 for 32×32, 0.03 for 64×64 and 0.02 for 128×128, and smaller by √q
 * else (10 to 60 draws each): 2.4·√q/p. Spikes: none.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { firstFailure, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { errorInHalfWidths, unmeasured, verdictOn } from "../score.ts";

/** Of the smaller side, below which a bulk is too few eigenvalues to have an edge. */
const leastSide = 32;

/** Step up to which the first measurement must be there. */
const horizon = 200;

/** A stable rank above the forecast by this factor is that of no independent entries. */
const tooEven = 1.5;

/** In half-widths: of random entries one in five misses its interval, but hardly one in a hundred by as much again. */
const byChance = 2;

/** Of the Tracy–Widom law for β = 1 (Johnstone 2001, table 1; median Bornemann 2010). */
const tracyWidom = { low: -2.78, median: -1.269, high: 0.45 };

/** Standard deviation of the variance fitted to the median eigenvalue, in units of √q/p; and the 90 % quantile of a Gaussian. */
const medianSpread = 2.4;
const ninetieth = 1.28;

interface FreshLayer {
  readonly name: string;
  /** The larger side. */
  readonly n: number;
  /** The smaller side. */
  readonly p: number;
}

/** ‖W‖²/‖W‖₂² of an n×p matrix, n ≥ p, of independent entries where the Tracy–Widom variable has a value. */
export function stableRankOfRandom(n: number, p: number, variable: number): number {
  const [tall, wide] = [Math.sqrt(n - 1), Math.sqrt(p)];
  const scale = (tall + wide) * (1 / tall + 1 / wide) ** (1 / 3);
  return (n * p) / ((tall + wide) ** 2 + scale * variable);
}

/** Upper edge of the spectrum of WᵀW/n for independent entries of some variance. */
export function bulkUpperEdge(n: number, p: number, variance: number): number {
  return variance * (1 + Math.sqrt(p / n)) ** 2;
}

/** Largest relative change of an n×p matrix that, were it of rank one, would show as no spike: s(np)^¼ over s√(np). */
export function hiddenChange(n: number, p: number): number {
  return (n * p) ** -0.25;
}

function layersOf(view: RunView): readonly FreshLayer[] {
  return view.models.flatMap(({ modules }) =>
    modules.flatMap(({ path, parameterShapes }) => {
      const [shape, ...others] = parameterShapes.filter(({ length }) => length >= 2);
      const [rows = 0, columns = 0] = shape ?? [];
      const [n, p] = [Math.max(rows, columns), Math.min(rows, columns)];
      return shape?.length === 2 && others.length === 0 && p >= leastSide ? [{ name: path, n, p }] : [];
    }),
  );
}

/** Variance of a layer's entries by its norms, which both probes measure before its spectrum; NaN before. */
function varianceOf(view: RunView, { name, n, p }: FreshLayer): number {
  const [norm, rank] = [view.series(`weight/spectralNorm@${name}`), view.series(`weight/stableRank@${name}`)];
  if (norm.length === 0 || rank.length === 0) return NaN;
  return (norm.valueAt(0) ** 2 * rank.valueAt(0)) / (n * p);
}

/** Bound on ‖W − W₀‖/‖W‖ after some steps; NaN where no step's size was measured and there were some. */
function largestMovement(view: RunView, name: string, steps: number): number {
  if (steps === 0) return 0;
  const relative = view.series(`update/relative@${name}`);
  return steps * relative.maximum(0, relative.length);
}

function movement(view: RunView, layer: FreshLayer, steps: number): RegimeCheck {
  const moved = largestMovement(view, layer.name, steps);
  return {
    condition: `the weights of ${layer.name} are still those of the initialization`,
    holds: moved <= hiddenChange(layer.n, layer.p) / 2,
    saw: Number.isNaN(moved) ? "unknown steps" : `moved by up to ${(100 * moved).toPrecision(2)} %`,
  };
}

function independence(view: RunView, { name, n, p }: FreshLayer): RegimeCheck {
  const rank = view.series(`weight/stableRank@${name}`);
  const [expected, saw] = [stableRankOfRandom(n, p, tracyWidom.median), rank.length === 0 ? NaN : rank.valueAt(0)];
  return {
    condition: `the entries of ${name} were drawn independently of each other`,
    holds: Number.isNaN(saw) ? "unknown" : saw <= tooEven * expected,
    saw: Number.isNaN(saw) ? "not measured" : `stable rank ${saw.toPrecision(3)}, ${expected.toPrecision(3)} if so`,
  };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step > 0) return [];
  return layersOf(view).flatMap((layer) => {
    if (spoken(`${layer.name} bulk`) || independence(view, layer).holds === false) return [];
    const unseen = (what: string) => view.series(`${what}@${layer.name}`).length === 0;
    return [
      ...(unseen("weight/stableRank") && !spoken(`${layer.name} stable rank`) ? [rankForecast(view, layer)] : []),
      ...(unseen("weight/spikes") && !spoken(`${layer.name} spikes`) ? [spikeForecast(view, layer)] : []),
      ...(unseen("weight/bulkUpper") ? edgeForecast(view, layer) : []),
    ];
  });
}

function common(view: RunView, { name }: FreshLayer, subject: string) {
  return {
    id: `${randomMatrixSpectrum.id}/${name} ${subject}@${view.step}`,
    law: randomMatrixSpectrum.id,
    subject: `${name} ${subject}`,
    statistic: "value" as const,
    issuedAt: view.step,
    from: 0,
    to: horizon,
    assumptions: [
      `The weights of ${name} are fresh: not loaded, and not shared with another layer.`,
      ...unchecked(randomMatrixSpectrum.regime(view)),
    ],
  };
}

function rankForecast(view: RunView, layer: FreshLayer): Forecast {
  const { name, n, p } = layer;
  const central = stableRankOfRandom(n, p, tracyWidom.median);
  return {
    ...common(view, layer, "stable rank"),
    observable: `weight/stableRank@${name}`,
    low: stableRankOfRandom(n, p, tracyWidom.high),
    central,
    high: stableRankOfRandom(n, p, tracyWidom.low),
    baselines: [{ kind: "full rank, all singular values alike", value: p }],
    statement: `Fresh weights of ${n}×${p} have a stable rank of ${central.toPrecision(3)}; less means a direction that stands out.`,
  };
}

function spikeForecast(view: RunView, layer: FreshLayer): Forecast {
  return {
    ...common(view, layer, "spikes"),
    observable: `weight/spikes@${layer.name}`,
    low: 0,
    central: 0,
    high: 0.5,
    isBound: true,
    baselines: [],
    statement: `No eigenvalue of ${layer.name} stands out of the random bulk before something is learned.`,
  };
}

function edgeForecast(view: RunView, layer: FreshLayer): readonly Forecast[] {
  const { name, n, p } = layer;
  const variance = varianceOf(view, layer);
  const central = bulkUpperEdge(n, p, variance);
  const width = (ninetieth * medianSpread * Math.sqrt(p / n)) / p;
  if (!(central > 0 && Number.isFinite(central * (1 + width)))) return [];
  return [
    {
      ...common(view, layer, "bulk"),
      observable: `weight/bulkUpper@${name}`,
      low: central * (1 - width),
      central,
      high: central * (1 + width),
      baselines: [{ kind: "all singular values alike", value: variance }],
      statement: `The random bulk of ${name} ends at ${central.toPrecision(3)}: an eigenvalue of WᵀW/${n} above was learned.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const series = view.series(made.observable);
  const layer = layersOf(view).find(({ name }) => made.observable.endsWith(`@${name}`));
  if (series.length === 0 || series.stepAt(0) > made.to || layer === undefined) {
    const late = view.step > made.to;
    return late ? unmeasured(made, view, "unresolved", `It was not measured up to step ${made.to}.`) : undefined;
  }
  const failed = firstFailure(regimeOf([independence(view, layer), movement(view, layer, series.stepAt(0))]));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is not so that ${failed}.`);
  const value = series.valueAt(0);
  const causes = made.observable.startsWith("weight/bulk")
    ? "entries that are not of one variance"
    : "weights that were loaded, are shared, or were drawn around a mean that is not zero";
  const lookFor = Math.abs(errorInHalfWidths(made, value)) > byChance ? ` Look for ${causes}.` : "";
  return verdictOn(made, view, value, `At step ${series.stepAt(0)} it was ${value.toPrecision(4)}.${lookFor}`);
}

export const randomMatrixSpectrum: Law = {
  id: "random-matrix-spectrum",
  number: "L38",
  area: "universality",
  title: "Spectrum of fresh weights",
  statement:
    "The singular values of fresh weights fill the bulk of a random matrix, of known edge and stable rank, and none stands out.",
  references: [
    {
      citation: "Martin and Mahoney 2021",
      title: "Implicit Self-Regularization in Deep Neural Networks",
      arxiv: "1810.01075",
    },
    {
      citation: "Johnstone 2001",
      title: "On the Distribution of the Largest Eigenvalue in Principal Components Analysis",
    },
  ],
  needs: [
    {
      what: `a layer with weights of at least ${leastSide}×${leastSide}`,
      met: (view) => layersOf(view).length > 0,
    },
  ],
  regime: (view) => {
    const checks = layersOf(view).map((layer) => independence(view, layer));
    // Of layers of both kinds it speaks of those with independent entries.
    const some = checks.find(({ holds }) => holds !== false) ?? checks[0];
    return regimeOf(some === undefined ? [] : [some]);
  },
  forecast,
  score,
};
