/**
 * L17: how long generalization comes after memorization. Weights that begin large fit the training examples at once, as a lazy network does, and with little to
 * say of others; what is of no use in them goes only by weight decay, at a rate ηλ, and the validation loss with it. So the delay is in proportion to
 * 1/(ηλ), and the validation loss is a function of the weights' norm: at the norm at which an earlier run came to generalize, this one will.
 *
 * Sources: Power et al. 2022; Kumar et al. 2024 (lazy at first, rich later); Liu, Michaud and Tegmark 2023 (the norm of the weights decides, and comes down at
 * the decay's rate). That the loss is a function of the norm was checked here in float64: of two trainings from the same weights with λ and 2λ (ReLU networks with 48 hidden
 * units, weights three times as large as usual, 40 examples), the validation losses at equal norms differed by 2 %, while they fell by a factor of 5. It does not
 * hold for weights that began at another scale.
 *
 * λ is not recorded of every script. It is not needed: how fast the norm comes down, as against the earlier run, tells 1/(ηλ).
 *
 * Assumes a run of the same model, loss and data, and weights of the same norm at the beginning, that decay differently or are trained at another rate or
 * from another seed.
 *
 * Forecast, once, when the run has memorized and its norm has come down by 3 % since: the step at which the validation loss is down to the geometric mean of
 * what it was at memorization and in the end, in the earlier run. The steps that that took from where its validation loss was what it is here are taken as many
 * times as those in which the norm came down by the same factor.
 *
 * Interval: 0.75 to 1.25 times the steps that are left. Of 33 forecasts for linear regressions of 48 weights on 24 examples (λ or η up to twice as large or
 * small, other seeds, three earlier runs) 30 held, with a median skill of 0.9; in three ReLU networks as above the steps were 1.0, 1.1 and 1.3 times those forecast. At a
 * quarter of the speed 5 of 11 held: the weights come to rest at another norm.
 */
import { finite } from "../baselines.ts";
import { sameProblem } from "../hyperparameters/sameTraining.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import {
  constantLearningRate,
  finiteLoss,
  firstFailure,
  needObjective,
  needOptimizer,
  needSeries,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import { oncePer } from "../oncePer.ts";
import type { RunView, Series } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";

const observable = "loss/validation";
const prefix = "weight/norm@";

/** Validation loss over training loss from which on a run has memorized. */
const memorized = 5;

/** By what the validation loss must fall after memorization for that to be generalization, and in how many times the steps. */
const fall = 4;
const delay = 2;

/** Times the steps of memorization after which the norm comes down by decay alone: what comes down before is fitting. */
const settled = 8;

/** Relative fall of the norm since then below which its rate is not known. */
const leastFall = 0.03;

/** Relative difference of the first norms. */
const sameNorm = 0.2;

/** Factors between which the steps left lie. */
const spread = [0.75, 1, 1.25] as const;

/** Factor between the speeds of the two runs beyond which they come to rest at norms that differ too much. */
const mostSlowness = 2.5;

/** Part of the present step below which what is left is hardly ahead. */
const leastLeft = 0.3;

/** Index of the last point not after a step; below zero where there is none. */
function indexAt(series: Series, step: number): number {
  return series.indexFrom(step + 1) - 1;
}

function valueAt(series: Series, step: number): number {
  const index = indexAt(series, step);
  return index < 0 ? NaN : series.valueAt(index);
}

function normSeries(view: RunView): readonly Series[] {
  return view.observables().flatMap((name) => (name.startsWith(prefix) ? [view.series(name)] : []));
}

/** Between two measurements on the line through them: norms are measured as the budget allows, and come down by little in between. */
function interpolated(series: Series, step: number): number {
  const index = indexAt(series, step);
  if (index < 0 || index === series.length - 1) return valueAt(series, step);
  const [before, after] = [series.stepAt(index), series.stepAt(index + 1)];
  const part = (step - before) / (after - before);
  return (1 - part) * series.valueAt(index) + part * series.valueAt(index + 1);
}

/** Norm of all weights at a step; NaN where some were not measured yet. */
function normAt(layers: readonly Series[], step: number): number {
  return layers.length === 0 ? NaN : Math.hypot(...layers.map((each) => interpolated(each, step)));
}

/** The last step at which the norm of all weights is known. */
function lastNorm(layers: readonly Series[]): number {
  return Math.min(...layers.map((each) => (each.length === 0 ? NaN : each.stepAt(each.length - 1))));
}

/** First step at which the validation loss is several times the training loss; undefined where there is none. */
function memorizedAt(view: RunView): number | undefined {
  const [validation, training] = [view.series(observable), view.series("loss/train")];
  for (let index = 0; index < validation.length; index++) {
    const step = validation.stepAt(index);
    if (validation.valueAt(index) >= memorized * valueAt(training, step)) return step;
  }
  return undefined;
}

/** First step from another on at which a series is not above a level. */
function firstBelow(series: Series, level: number, from: number): number | undefined {
  for (let index = series.indexFrom(from); index < series.length; index++) {
    if (series.valueAt(index) <= level) return series.stepAt(index);
  }
  return undefined;
}

interface Generalization {
  readonly view: RunView;
  /** Step at which it had memorized. */
  readonly memorizedAt: number;
  /** Validation loss between that at memorization and the last. */
  readonly level: number;
  /** Step at which it came down to that. */
  readonly step: number;
  readonly layers: readonly Series[];
}

const generalization = oncePer((view: RunView): Generalization | undefined => {
  const validation = view.series(observable);
  const from = validation.length === 0 ? undefined : memorizedAt(view);
  if (from === undefined) return undefined;
  const [high, low] = [valueAt(validation, from), validation.valueAt(validation.length - 1)];
  const level = Math.sqrt(high * low);
  const step = high >= fall * low && low > 0 ? firstBelow(validation, level, from) : undefined;
  const layers = normSeries(view);
  if (step === undefined || step < delay * from || layers.length === 0) return undefined;
  return { view, memorizedAt: from, level, step, layers };
});

/** The newest earlier run of the same model, loss and data that came to generalize. */
function partnerOf(view: RunView): Generalization | undefined {
  // Few runs generalize late, and that is known of each at once.
  const partner = view.earlier.findLast((each) => generalization(each) !== undefined && sameProblem(view, each));
  return partner && generalization(partner);
}

/** Steps in which the norm came down by a factor since a step; undefined where it never did. */
function stepsToFall(layers: readonly Series[], from: number, factor: number): number | undefined {
  const level = factor * normAt(layers, from);
  let [above, below] = [from, lastNorm(layers)];
  if (!(normAt(layers, below) <= level)) return undefined;
  // By halving: the norm comes down all the time.
  while (below - above > 0.5) {
    const middle = (above + below) / 2;
    if (normAt(layers, middle) <= level) below = middle;
    else above = middle;
  }
  return below - from;
}

function firstNorm(layers: readonly Series[]): number {
  return normAt(layers, Math.max(...layers.map((each) => (each.length === 0 ? NaN : each.stepAt(0)))));
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { objective, optimizer } = view;
  const decays =
    objective?.regularized === true || (optimizer?.groups ?? []).some(({ weightDecay = 0 }) => weightDecay > 0);
  const partner = partnerOf(view);
  const layers = normSeries(view);
  const ratio = firstNorm(layers) / firstNorm(partner?.layers ?? []);
  return [
    oneOptimizer(view),
    constantLearningRate(view),
    finiteLoss(view),
    {
      condition: "weights decay",
      holds: decays,
      saw: decays ? "a penalty or a decay" : "neither a penalty nor a decay",
    },
    {
      condition: "the weights began as large as in the earlier run, within a fifth",
      holds: Number.isNaN(ratio) ? "unknown" : Math.abs(ratio - 1) <= sameNorm,
      saw: Number.isNaN(ratio) ? "not to be compared" : `${ratio.toPrecision(3)} times as large`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = spoken("") ? undefined : partnerOf(view);
  const validation = view.series(observable);
  const last = validation.length - 1;
  if (partner === undefined || last < 0 || !(validation.valueAt(last) > partner.level)) return [];
  const from = memorizedAt(view);
  const start = settled * (from ?? NaN);
  const layers = normSeries(view);
  const now = validation.stepAt(last);
  const weighed = Math.min(now, lastNorm(layers));
  const factor = normAt(layers, weighed) / normAt(layers, start);
  if (!(weighed >= 2 * start && factor <= 1 - leastFall)) return [];
  const earlier = partner.view.series(observable);
  const steps = stepsToFall(partner.layers, settled * partner.memorizedAt, factor);
  const there = firstBelow(earlier, validation.valueAt(last), partner.memorizedAt);
  if (steps === undefined || there === undefined) return [];
  const slowness = (weighed - start) / steps;
  if (!(slowness <= mostSlowness && slowness >= 1 / mostSlowness)) return [];
  const left = (partner.step - there) * slowness;
  const [low, central, high] = spread.map((times) => now + times * left);
  if (low === undefined || central === undefined || high === undefined) return [];
  if (!(left >= leastLeft * now && low > view.step + 1 && Number.isFinite(high))) return [];
  return [
    {
      id: `${grokkingDelay.id}@${view.step}`,
      law: grokkingDelay.id,
      subject: "",
      observable,
      statistic: "crossingStep",
      issuedAt: view.step,
      from: view.step + 1,
      to: Math.ceil(high),
      low,
      central,
      high,
      baselines: finite({ kind: "the step at which the earlier run came there", value: partner.step }),
      assumptions: [
        `The validation loss is the same function of the weights' norm as in the earlier run ${partner.view.runId}.`,
        ...unchecked(grokkingDelay.regime(view)),
      ],
      statement: `The training examples are memorized, others not yet: at the norm at which the earlier run came to it, about step ${central.toFixed(0)}, the validation loss will be down to ${partner.level.toPrecision(3)}. Do not stop before.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const validation = view.series(observable);
  const level = partnerOf(view)?.level ?? NaN;
  const last = validation.length === 0 ? NaN : validation.valueAt(validation.length - 1);
  const isOver = view.step > made.to || view.end !== undefined;
  if (!(last <= level) && !isOver) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const step = firstBelow(validation, level, made.from);
  if (step !== undefined) return verdictOn(made, view, step, `It was down to ${level.toPrecision(3)} at step ${step}.`);
  return view.step > made.to
    ? unmeasured(made, view, "broken", `At step ${view.step}, past the interval, it was still ${last.toPrecision(3)}.`)
    : unmeasured(made, view, "unresolved", "The run ended before generalization was due.");
}

export const grokkingDelay: Law = {
  id: "grokking-delay",
  number: "L17",
  area: "limits",
  title: "Delay of generalization",
  statement:
    "Weights that began large memorize first; generalization follows when decay has brought their norm down, after a time in proportion to 1/(ηλ).",
  references: [
    {
      citation: "Power et al. 2022",
      title: "Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets",
      arxiv: "2201.02177",
    },
    {
      citation: "Liu, Michaud and Tegmark 2023",
      title: "Omnigrok: Grokking Beyond Algorithmic Data",
      arxiv: "2210.01117",
    },
    {
      citation: "Kumar et al. 2024",
      title: "Grokking as the Transition from Lazy to Rich Training Dynamics",
      arxiv: "2310.06110",
    },
  ],
  needs: [
    needOptimizer,
    needObjective,
    needSeries("a validation loss", observable),
    { what: "norms of the weights", met: (view) => normSeries(view).length > 0 },
    {
      what: "an earlier run of the same model and data that memorized its examples and generalized much later",
      met: (view) => partnerOf(view) !== undefined,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
