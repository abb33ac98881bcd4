/**
 * L23: loss against parameters and data. Runs of one family, each stopped where its schedule ends, have the loss
 *
 *   L(N, D)  =  E + A·N^−α + B·D^−β,
 *
 * N the trainable parameters, all of them counted, and D the examples seen, steps times batch.
 *
 * Sources: Hoffmann et al. 2022, eq. 2 and 3; the fit as Besiroglu et al. 2024, whose parameters for the 240 runs of Hoffmann et
 * al. it reproduces to 0.1 %. Assumes that no example is seen twice, that the runs' schedules end alike (a loss in the middle of
 * a decay is another), and that they differ in nothing else: shape, tokenizer, data, and learning rates that suit each size.
 *
 * Forecasts, before the first step, the final loss of this run if it is as long as one of those before. The interval is what a
 * rehearsal says, see `scalingForecaster`: on the runs of Hoffmann et al. 77 % of the largest 48 lay in it, forecast from the
 * 192 smaller ones.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finalRateOf, finishedRun, lastSteps, type FinishedRun } from "../finishedRuns.ts";
import { finite } from "../baselines.ts";
import { finiteLoss, needObjective, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn, weightedLine } from "../score.ts";
import { batchOf } from "../stepBatch.ts";
import { windowMean } from "../windowMean.ts";
import { leastRuns, scalingForecaster, type ScalingForecast } from "./scalingForecast.ts";
import type { ScalingRun } from "./scalingFit.ts";

/** Lengths of earlier runs, the newest of them, for which it speaks. */
const mostLengths = 4;

/** Factor within which the last learning rate over the largest must agree for schedules to end alike, if it is not near zero. */
const alike = 1.5;
const nearZero = 0.05;

/** Least and largest end of earlier schedules, as parts of the largest learning rate; NaN where one is not known. */
function endsOf(runs: readonly FinishedRun[]): readonly [least: number, most: number] {
  const ends = runs.map(({ finalRate }) => Math.max(nearZero, finalRate));
  return [Math.min(...ends), Math.max(...ends)];
}

function scaled({ parameters, steps, batch, loss }: FinishedRun): ScalingRun {
  return { parameters, examples: steps * batch, loss };
}

/** What runs of one family have in common, as text. */
function kindOf({ objective, optimizer }: RunView): string {
  const { kind, reduction, classes, outputs, regularized } = objective ?? {};
  return JSON.stringify([kind, reduction, classes, outputs, regularized, optimizer?.kind]);
}

/** Earlier runs of the same loss and kind of optimizer that finished and saw no example twice. */
function family(view: RunView): readonly FinishedRun[] {
  const kind = kindOf(view);
  return view.earlier.flatMap((each) => {
    const run = finishedRun(each);
    const twice = run !== undefined && run.steps * run.batch > (each.data?.examples ?? Infinity);
    return run === undefined || twice || kindOf(each) !== kind ? [] : [run];
  });
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)];
}

function checks(view: RunView): readonly RegimeCheck[] {
  const runs = family(view);
  const examples = view.data?.examples;
  const shortest = Math.min(...runs.map(({ steps }) => steps)) * (batchOf(view) ?? NaN);
  const [least, most] = endsOf(runs);
  return [
    oneOptimizer(view),
    finiteLoss(view),
    {
      condition: "one model is trained",
      holds: view.models.length === 1,
      saw: `${view.models.length} seen`,
    },
    {
      condition: "no example is seen twice",
      holds: examples === undefined ? "unknown" : shortest <= examples,
      saw: `${examples ?? "an unknown number of"} examples, at least ${shortest} seen`,
    },
    {
      condition: "the earlier runs' schedules end alike",
      holds: Number.isNaN(most) ? "unknown" : most <= alike * least,
      saw: `at ${least.toPrecision(3)} to ${most.toPrecision(3)} of the largest learning rate`,
    },
  ];
}

interface Worked {
  readonly kind: string;
  readonly forecaster: ReturnType<typeof scalingForecaster>;
}

/** The runs before never change while a run is recorded: what they say is worked out once. */
const worked = new WeakMap<readonly RunView[], Worked>();

function forecasterFor(view: RunView, runs: readonly FinishedRun[]) {
  const kind = kindOf(view);
  let entry = worked.get(view.earlier);
  if (entry?.kind !== kind) {
    worked.set(view.earlier, (entry = { kind, forecaster: scalingForecaster(runs.map(scaled)) }));
  }
  return entry.forecaster;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const [model] = view.models;
  const batch = batchOf(view);
  if (view.step > 0 || model === undefined || batch === undefined) return [];
  const runs = family(view);
  const lengths = distinct(runs.map(({ steps }) => steps).reverse())
    .slice(0, mostLengths)
    .filter((steps) => steps * batch <= (view.data?.examples ?? Infinity) && !spoken(subjectOf(steps)));
  if (lengths.length === 0) return [];
  const forecaster = forecasterFor(view, runs);
  return lengths.flatMap((steps) => {
    const target = { parameters: model.parameters, examples: steps * batch };
    const said = forecaster?.(target);
    const sound = said !== undefined && said.low < said.high && Number.isFinite(said.high);
    return sound ? [forecastOf(view, steps, target, runs, said)] : [];
  });
}

function subjectOf(steps: number): string {
  return `after ${steps} steps`;
}

function forecastOf(
  view: RunView,
  steps: number,
  target: Pick<ScalingRun, "parameters" | "examples">,
  runs: readonly FinishedRun[],
  { low, central, high, fit }: ScalingForecast,
): Forecast {
  const { parameterExponent: alpha, dataExponent: beta, irreducible } = fit.law;
  const compute = (run: Pick<ScalingRun, "parameters" | "examples">) => Math.log(run.parameters * run.examples);
  const line = weightedLine(runs.map(scaled).map((run) => ({ x: compute(run), y: Math.log(run.loss), weight: 1 })));
  return {
    id: `${scalingLaw.id}/${steps}@${view.step}`,
    law: scalingLaw.id,
    subject: subjectOf(steps),
    observable: "loss/train",
    statistic: "timeMean",
    issuedAt: view.step,
    ...lastSteps(steps),
    low,
    central,
    high,
    baselines: finite(
      { kind: "final loss of the run before", value: runs.at(-1)?.loss ?? NaN },
      {
        kind: "straight line in log–log against compute",
        value: line === undefined ? NaN : Math.exp(line.intercept + line.slope * compute(target)),
      },
    ),
    assumptions: [
      `A step sees ${batchOf(view) ?? "an unknown number of"} examples (${view.data?.how ?? "as its steps say"}).`,
      `This run's schedule ends at step ${steps}, as that of an earlier run did.`,
      "Nothing but size and length differs from the earlier runs in what decides the loss: data, architecture, learning rates that suit.",
      ...unchecked(scalingLaw.regime(view)),
    ],
    statement: `From ${runs.length} earlier runs, ${irreducible.toPrecision(4)} + A/N^${alpha.toFixed(2)} + B/D^${beta.toFixed(2)}: with ${target.parameters} parameters and ${target.examples} examples the loss ends near ${central.toPrecision(4)}.`,
  };
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const then = view.at(made.to);
  const end = Math.max(nearZero, finalRateOf(then));
  const [least, most] = endsOf(family(view));
  if (end > alike * least || end < most / alike) {
    const text = `At step ${made.to} the learning rate was ${end.toPrecision(3)} of the largest: the schedule does not end there.`;
    return unmeasured(made, view, "out of regime", text);
  }
  const loss = windowMean(then.series("loss/train"), made.from, made.to)?.mean;
  if (loss === undefined) {
    return unmeasured(made, view, "unresolved", "Too few losses were recorded there, or not all were finite.");
  }
  return verdictOn(made, view, loss, `The loss was ${loss.toPrecision(4)} over steps ${made.from} to ${made.to}.`);
}

export const scalingLaw: Law = {
  id: "scaling-law",
  number: "L23",
  area: "empirical",
  title: "Loss against parameters and data",
  statement: "The final loss is E + A/N^α + B/D^β in the parameters N and the examples D.",
  references: [
    { citation: "Hoffmann et al. 2022", title: "Training Compute-Optimal Large Language Models", arxiv: "2203.15556" },
    { citation: "Besiroglu et al. 2024", title: "Chinchilla Scaling: A Replication Attempt", arxiv: "2404.10102" },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "a model", met: (view) => view.models.length > 0 },
    { what: "the batch size", met: (view) => batchOf(view) !== undefined },
    {
      what: `${leastRuns} earlier runs that finished without seeing an example twice, of 3 sizes and 3 lengths`,
      met: (view) => {
        if (view.earlier.length < leastRuns) return false;
        const runs = family(view).map(scaled);
        const sizes = distinct(runs.map(({ parameters }) => parameters));
        const amounts = distinct(runs.map(({ examples }) => examples));
        return runs.length >= leastRuns && sizes.length >= 3 && amounts.length >= 3;
      },
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
