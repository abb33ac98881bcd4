/**
 * L01: the modes of a deep linear network. Two linear layers that begin small learn the correlation of inputs and targets mode by mode, the strong ones
 * first: each stays at nothing, rises as a sigmoid about its half-time, and rests; the loss goes down in steps. With s the mode's singular
 * value, λ the variance of the inputs along it and small balanced layers of strength u₀,
 *
 *   u(t) = (s/λ)·e^2st / (e^2st − 1 + s/(λu₀)),    half-time ln(s/(λu₀) − 1)/(2s),    t = η·steps.
 *
 * Sources: Saxe, McClelland and Ganguli 2014, sec. 1 and fig. 3; for layers that are not balanced `twoLayerMode`, with P and Q as measured, so that
 * nothing about the random initialization is guessed. A step multiplies by 1 + ηs, not e^ηs, which is put right. Where a mode is
 * strong, what other modes' layers have along its own dies out, so that P is measured without that (derived here).
 *
 * Assumes plain gradient descent on the whole data set, layers that begin small, and inputs whose covariance does not mix the modes, as white ones'
 * does not. In the loss's own units of time, so that neither its factor ½ nor a mean over outputs matters.
 *
 * Forecasts, at the first measurement: the step at which each of the first five modes has half of its strength; and the loss on the plateaus
 * between them and after the last.
 */
import { baselinesAt } from "../baselines.ts";
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { learningRateOf, plainDescentChecks } from "../plainDescent.ts";
import { firstFailure, needObjective, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { firstCrossing, unmeasured, verdictOn, window } from "../score.ts";
import { type LinearData, linearData, type LinearMode, needLinearStack } from "./linearStack.ts";
import { strengthAfter, timeToStrength, type TwoLayerMode } from "./twoLayerMode.ts";

/** ηs of the strongest mode beyond which a step is no small time. */
const longestStep = 0.2;

/** The strongest mode's (|a|² + |b|²)/2 at the beginning, of what |a|² and |b|² rest at. */
const smallStart = 0.1;

/** How much of itself the inputs' covariance may turn a mode by. */
const mostCoupling = 0.3;

/** Part of its strength at which a mode has begun to rise already. */
const risen = 0.2;

/**
 * Relative error of the time to a half-time: of the strongest mode, and what each mode before it adds, by itself and times its coupling. On 60 networks in
 * float64 (white inputs, ηs of 0.02 to 0.14, first weights of deviation 0.005 to 0.08) 328 of 344 forecasts held, of the strongest mode 8 in ten.
 */
const timeError = { first: 0.005, next: 0.001, coupled: 0.03 };

/** Relative distance of two half-times from which there is a plateau between them. */
const apart = 1.6;

/** Of what there is to learn, what modes that are not followed may hold. */
const mostUnfollowed = 0.02;

/** Relative error of what is left to learn on a plateau, and what it is off by of all that there is. */
const heightError = { left: 0.02, all: 5e-5 };

const longest = 1e7;

interface Rise {
  /** From 1 on, the strongest first. */
  readonly number: number;
  readonly mode: TwoLayerMode;
  /** s/λ */
  readonly rest: number;
  /** Step at which it has half of that. */
  readonly half: number;
  readonly error: number;
}

function newest(view: RunView, observable: string): number {
  const series = view.series(observable);
  return series.length === 0 ? NaN : series.valueAt(series.length - 1);
}

function firstOf(series: Series | undefined): number {
  return series === undefined || series.length === 0 ? NaN : series.valueAt(0);
}

/**
 * Steps by which descent has half of a mode's strength sooner than its growth at first, by 1 + ηs a step, tells: where growth slows down, a step does not fall
 * behind the flow as it does where it is exponential. By the modified equation ȧ = f − (η/2)·f′f of a step a ← a + ηf, of the weights' f = a(s − λa²), it is off by
 * (η/2)·ln f, of which half-way ln(1/(2√2)) is missing.
 */
const sooner = 0.75 * Math.LN2;

/** Steps that a time of a mode takes until it has half of its strength, and from then on. */
function stepsOf(time: number, signal: number, rate: number): number {
  return (time * signal) / Math.log1p(rate * signal) - sooner;
}

/** Modes that have not begun to rise, in the order in which they will. */
function rises(view: RunView, data: LinearData): readonly Rise[] {
  const rate = learningRateOf(view);
  const found = data.modes.flatMap((mode, index): Rise[] => {
    const number = index + 1;
    const state = twoLayerMode(view, mode, number);
    const rest = mode.signal / mode.variance;
    const strength = newest(view, `linear/strength@${number}`);
    if (!(mode.coupling <= mostCoupling) || !(state.growing > 0 && strength < risen * rest)) return [];
    const half = view.step + stepsOf(timeToStrength(state, rest / 2), mode.signal, rate);
    if (!(half > view.step && half < longest)) return [];
    const error = timeError.first + index * (timeError.next + timeError.coupled * mode.coupling);
    return [{ number, mode: state, rest, half, error }];
  });
  return found.toSorted((one, other) => one.half - other.half);
}

function twoLayerMode(view: RunView, { signal, variance }: LinearMode, number: number): TwoLayerMode {
  const [growing = NaN, shrinking = NaN] = ["growing", "shrinking"].map((what) =>
    newest(view, `linear/${what}@${number}`),
  );
  return { signal, variance, growing, shrinking };
}

function checks(view: RunView): readonly RegimeCheck[] {
  const data = linearData(view);
  const [strongest] = data?.modes ?? [];
  const step = learningRateOf(view) * (strongest?.signal ?? NaN);
  const [growing, shrinking] = ["growing", "shrinking"].map((what) => view.series(`linear/${what}@1`));
  const rest = (strongest?.signal ?? NaN) / (strongest?.variance ?? NaN);
  const start = (firstOf(growing) + firstOf(shrinking)) / rest;
  return [
    ...plainDescentChecks(view, "no momentum"),
    {
      condition: "the layers begin small: the strongest mode's weights are at most a tenth of what they will be",
      holds: Number.isNaN(start) ? "unknown" : start <= smallStart,
      saw: `${start.toPrecision(2)} of it`,
    },
    {
      condition: "a step is short: η times the strongest signal is small",
      holds: Number.isNaN(step) ? "unknown" : step <= longestStep,
      saw: `ηs = ${step.toPrecision(2)}`,
    },
    {
      condition: "the inputs' covariance leaves the strongest mode as it is",
      holds: strongest === undefined ? "unknown" : strongest.coupling <= mostCoupling,
      saw: `${(strongest?.coupling ?? NaN).toPrecision(2)} of it goes elsewhere`,
    },
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const data = linearData(view);
  // Once is enough: all modes are seen at the first measurement.
  if (data === undefined || spoken("mode 1") || view.series("loss/train").length === 0) return [];
  const rising = rises(view, data);
  if (!rising.some(({ number }) => number === 1)) return [];
  return [...rising.map((rise) => halfTime(view, rise)), ...plateaus(view, data, rising)];
}

function common(view: RunView, subject: string) {
  return {
    id: `${deepLinearModes.id}/${subject}@${view.step}`,
    law: deepLinearModes.id,
    subject,
    issuedAt: view.step,
    assumptions: unchecked(deepLinearModes.regime(view)),
  };
}

function halfTime(view: RunView, { number, rest, half, error }: Rise): Forecast {
  const left = half - view.step;
  return {
    ...common(view, `mode ${number}`),
    observable: `linear/strength@${number}`,
    statistic: "crossingStep",
    from: view.step + 1,
    to: Math.ceil(view.step + 2 * left),
    low: view.step + left * (1 - error),
    central: half,
    high: view.step + left * (1 + error),
    // No naive forecaster has an idea of when something will rise that has not moved.
    baselines: [],
    statement: `Mode ${number} of the data is learned around step ${half.toFixed(0)}: by then it has half of its strength ${rest.toPrecision(3)}.`,
  };
}

/** The loss between rises that lie apart, and after the last. */
function plateaus(view: RunView, data: LinearData, rising: readonly Rise[]): readonly Forecast[] {
  const energyOf = ({ signal, variance }: LinearMode) => signal ** 2 / (2 * variance);
  const followed = new Set(rising.map(({ number }) => number));
  const rest = data.modes.reduce((sum, mode, index) => (followed.has(index + 1) ? sum : sum + energyOf(mode)), 0);
  const gap = data.emptyLoss - data.leastLoss;
  if (!(rest <= mostUnfollowed * gap)) return [];
  const rate = learningRateOf(view);
  const lossAt = (step: number) =>
    rising.reduce((sum, { mode, rest: most }) => {
      const time = ((step - view.step + sooner) * Math.log1p(rate * mode.signal)) / mode.signal;
      return sum + (mode.variance / 2) * (most - strengthAfter(mode, time)) ** 2;
    }, data.leastLoss + rest);
  return rising.flatMap(({ half, number, error }, index) => {
    const next = rising[index + 1];
    const [now, then] = [half - view.step, (next?.half ?? Infinity) - view.step];
    if (then < apart * now) return [];
    const left = next === undefined ? apart * now : Math.sqrt(now * then);
    const step = Math.round(view.step + left);
    const central = lossAt(step);
    const width = heightError.left * (central - data.leastLoss) + heightError.all * gap;
    const [low, high] = [
      Math.max(0, lossAt(view.step + left * (1 + error)) - width),
      lossAt(view.step + left * (1 - error)) + width,
    ];
    if (!(step > view.step && low <= central && central <= high)) return [];
    return [
      {
        ...common(view, `loss after mode ${number}`),
        observable: "loss/train",
        statistic: "value" as const,
        from: step,
        to: step,
        low,
        central,
        high,
        baselines: baselinesAt(view.series("loss/train"), step),
        statement: `Between one rise and the next, at step ${step}, the loss is about ${central.toPrecision(3)}.`,
      },
    ];
  });
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step < made.low && view.end === undefined && made.statistic === "crossingStep") return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  return made.statistic === "value" ? scoreLoss(made, view) : scoreRise(made, view);
}

function scoreLoss(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to && view.end === undefined) return undefined;
  const loss = view.series(made.observable);
  const { first, end } = window(loss, made.from, made.to);
  if (end <= first) return unmeasured(made, view, "unresolved", `There is no loss of step ${made.to}.`);
  const value = loss.valueAt(first);
  return verdictOn(made, view, value, `At step ${made.to} the loss was ${value.toPrecision(4)}.`);
}

function scoreRise(made: Forecast, view: RunView): Verdict | undefined {
  const number = Number(made.subject.slice("mode ".length));
  const mode = linearData(view)?.modes[number - 1];
  if (mode === undefined) return undefined;
  const series = view.series(made.observable);
  const rest = mode.signal / mode.variance;
  const crossing = firstCrossing(series, rest / 2, made.from);
  if (crossing === undefined) {
    const seen = series.length === 0 ? 0 : series.stepAt(series.length - 1);
    if (seen < made.to && !(view.end !== undefined && seen > made.high)) return undefined;
    return unmeasured(made, view, "broken", `At step ${seen}, past the interval, it had not half of its strength.`);
  }
  const { before, after } = crossing;
  const [low, high] = [before, after].map((step) => series.valueAt(series.indexFrom(step)) / rest);
  const step = sigmoidHalf(before, low ?? NaN, after, high ?? NaN);
  const text = `It had half of its strength between the measurements at ${before} and ${after}`;
  if (step === undefined && after - before > made.high - made.low) {
    return unmeasured(made, view, "unresolved", `${text}, too far apart to tell.`);
  }
  const at = step ?? crossing.step;
  return verdictOn(made, view, at, `${text}, at step ${at.toFixed(1)}.`);
}

/** Where a sigmoid between two points, as parts of its height, is at a half; undefined where they lie so far out that it cannot be told. */
function sigmoidHalf(before: number, low: number, after: number, high: number): number | undefined {
  if (!(low > 0.02 && high < 0.98)) return undefined;
  const [under, over] = [Math.log(low / (1 - low)), Math.log(high / (1 - high))];
  return before - ((after - before) * under) / (over - under);
}

export const deepLinearModes: Law = {
  id: "deep-linear-modes",
  number: "L01",
  area: "solvable",
  title: "Modes of a deep linear network",
  statement:
    "Two linear layers that begin small learn the data's modes one by one, each at a half-time of ln(s/λu₀)/(2ηs) steps.",
  references: [
    {
      citation: "Saxe, McClelland and Ganguli 2014",
      title: "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
      arxiv: "1312.6120",
    },
  ],
  needs: [needOptimizer, needObjective, needLinearStack, needSeries("the modes of its two layers", "linear/growing@1")],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
