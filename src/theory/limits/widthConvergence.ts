/**
 * L16: the width's part of the discretization hypothesis. A network of finite width n is a worse likeness of the infinitely wide one, whose loss at
 * as many steps, with what the width asks of rates and fresh weights (L31), is least:
 *
 *   ln L(n)  =  ln L∞ + c/n^r,    c ≥ 0,
 *
 * so that runs of two widths or more tell the loss at a third.
 *
 * Source: Simon et al. 2026, §2.2, which names its refutation: a wider network that is worse. Corrections of perturbation theory have r = 1 (Dyer and
 * Gur-Ari 2020); on tanh networks of two hidden layers in float64 (widths 32, 64 and 128, means of three seeds, at a quarter, a half and all of 400 steps)
 * r was 0.4 to 0.6, where a line in L itself asked for 0.7 to 1.7. Losses of seeds scattered by 6/n of the fall of ln L, one standard deviation.
 *
 * Forecast, once the first updates have been seen to go with the width: the mean loss over the last steps, if this run is as long as those
 * before. Interval: r between 0.3 and 1.2, 0.6 in the middle, and the scatter of seeds as the line through the runs carries it on. A run that is the widest will hardly be told
 * better than by the widest one before; what the law excludes is that it is worse.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import { finishedRun, lastSteps } from "../finishedRuns.ts";
import { widthGrowth, type WidthGrowth } from "../hyperparameters/growth.ts";
import {
  lossAtStart,
  partnersOf,
  sameSchedule,
  scatterOfSeeds,
  scoreSameCurve,
  type Partner,
} from "../hyperparameters/sameCurve.ts";
import { updateCheck, wideEnough } from "../hyperparameters/widthTransferLaw.ts";
import { finiteLoss, needObjective, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";

/** Exponents between which, and about which, widths are carried on. */
const exponents = { least: 0.3, expected: 0.6, most: 1.2 };

/** Standard deviations of seeds by which the wider of the runs before may be worse. */
const mostWorse = 2;

const subject = "loss at the end";

/** A run of another width, and what its loss came to. */
interface Sized {
  readonly partner: Partner<WidthGrowth>;
  readonly width: number;
  readonly logLoss: number;
  /** One standard deviation of ln(loss) between seeds. */
  readonly error: number;
}

/** The newest run of each other width, of those as long as the newest of them; the narrowest first. */
function sizedRuns(view: RunView): readonly Sized[] {
  const byWidth = new Map<number, Sized>();
  let steps: number | undefined;
  for (const partner of partnersOf(view, widthGrowth)) {
    const run = finishedRun(partner.view);
    const start = lossAtStart(partner.view);
    if (run === undefined || start === undefined || !(run.loss > 0)) continue;
    steps ??= run.steps;
    const width = partner.growth.narrowest;
    if (run.steps !== steps || byWidth.has(width)) continue;
    const error = (scatterOfSeeds * Math.max(0, Math.log(start / run.loss))) / width;
    byWidth.set(width, { partner, width, logLoss: Math.log(run.loss), error });
  }
  return [...byWidth.values()].sort((one, other) => one.width - other.width);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const runs = sizedRuns(view);
  return [
    oneOptimizer(view),
    finiteLoss(view),
    ...runs.flatMap(({ partner }) => [
      sameSchedule(view, partner.view),
      wideEnough(partner),
      updateCheck(view, partner),
    ]),
    ...(runs.length < 2 ? [] : [widerIsNoWorse(runs)]),
  ];
}

function widerIsNoWorse(runs: readonly Sized[]): RegimeCheck {
  const worse = runs.slice(1).find((wide, index) => {
    const narrow = runs[index];
    return narrow && wide.logLoss - narrow.logLoss > mostWorse * Math.hypot(wide.error, narrow.error);
  });
  return {
    condition: "among the runs before, wider networks are no worse",
    holds: worse === undefined,
    saw: worse === undefined ? `${runs.length} widths` : `the one of width ${worse.width} is`,
  };
}

/** ln(loss) at a width by the least-squares line through runs against width^−exponent, and its standard deviation from theirs. */
function carriedOn(runs: readonly Sized[], width: number, exponent: number) {
  const places = runs.map((run) => run.width ** -exponent);
  const mean = places.reduce((sum, x) => sum + x, 0) / places.length;
  const spread = places.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const weights = places.map((x) => 1 / places.length + ((width ** -exponent - mean) * (x - mean)) / spread);
  return {
    value: runs.reduce((sum, { logLoss }, index) => sum + (weights[index] ?? NaN) * logLoss, 0),
    error: Math.hypot(...runs.map(({ error }, index) => (weights[index] ?? NaN) * error)),
  };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const runs = spoken(subject) ? [] : sizedRuns(view);
  const [first] = runs;
  const nearest = runs.at(-1);
  if (first === undefined || nearest === undefined || runs.length < 2) return [];
  if (!runs.every(({ partner }) => updateCheck(view, partner).holds === true)) return [];
  const steps = finishedRun(first.partner.view)?.steps ?? NaN;
  const { from, to } = lastSteps(steps);
  const { factor, narrowest } = first.partner.growth;
  const width = factor * narrowest;
  const { value, error } = carriedOn(runs, width, exponents.expected);
  const others = [exponents.least, exponents.most].map((exponent) => carriedOn(runs, width, exponent).value);
  const seeds = gaussianDecile * Math.hypot(error, (nearest.error * nearest.width) / width);
  const [low, central, high] = [
    Math.exp(value - Math.hypot(value - Math.min(value, ...others), seeds)),
    Math.exp(value),
    Math.exp(value + Math.hypot(Math.max(value, ...others) - value, seeds)),
  ];
  if (!(from > view.step) || !(low < central && central < high) || !Number.isFinite(high)) return [];
  const said = runs.map((run) => `${Math.exp(run.logLoss).toPrecision(3)} at ${run.width}`).join(", ");
  return [
    {
      id: `${widthConvergence.id}@${view.step}`,
      law: widthConvergence.id,
      subject,
      observable: "loss/train",
      statistic: "timeMean",
      issuedAt: view.step,
      from,
      to,
      low,
      central,
      high,
      baselines: finite({ kind: "the widest run before", value: Math.exp(nearest.logLoss) }),
      assumptions: [
        `This run ends at step ${steps}, as those before; they differ in their widths, what those ask for, and their seeds only.`,
        ...unchecked(widthConvergence.regime(view)),
      ],
      statement: `Losses of wider networks come closer to that of an infinitely wide one, from above: after ${said} it ends near ${central.toPrecision(3)} at ${width}.`,
    },
  ];
}

export const widthConvergence: Law = {
  id: "width-convergence",
  number: "L16",
  area: "limits",
  title: "Width and the infinitely wide network",
  statement:
    "With what the width asks for, the loss at the end is not larger the wider the network: ln L(n) = ln L∞ + c/n^r.",
  references: [
    { citation: "Simon et al. 2026", title: "There Will Be a Scientific Theory of Deep Learning", arxiv: "2604.21691" },
    {
      citation: "Dyer and Gur-Ari 2020",
      title: "Asymptotics of Wide Networks from Feynman Diagrams",
      arxiv: "1909.11304",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: "2 earlier runs of the same network at other widths, to their end and equally long",
      met: (view) => view.earlier.length >= 2 && sizedRuns(view).length >= 2,
    },
    {
      what: "relative updates of the layers",
      met: (view) => view.observables().some((name) => name.startsWith("update/relative@")),
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreSameCurve(made, view, checks),
};
