/**
 * L18: the edge of stability. Trained on the whole data set with a constant step size, the sharpness rises to the
 * optimizer's stability threshold (2/η for gradient descent; `stabilityThreshold`) and then hovers there: where theory of
 * convex functions expects divergence, oscillation along the sharpest direction pushes the sharpness back.
 *
 * Sources: Cohen et al. 2021 (gradient descent, momentum), Cohen et al. 2022 (adaptive, on the preconditioned Hessian);
 * why it comes back: Damian et al. 2022. Assumes one optimizer, a full batch or at least a tenth of the data, a constant
 * learning rate, a squared error or a cross-entropy before it saturates, and a finite loss.
 *
 * Forecast: from 200 steps after the first crossing on, over 400 steps and at least five measurements, the mean over time
 * of sharpness / threshold is in [0.95, 1.1]. The first overshoot (by up to a quarter and more) and the dip after it are
 * left out. A run that never crosses decides nothing. The literature calls the law itself refuted outside [0.9, 1.15].
 *
 * The interval is the literature's. On small tanh networks in float64 (78 runs, learning rates over a factor of 7) it held
 * 37 times in 40 for gradient descent, 12 in 12 for RMSProp and 10 in 12 for Adam. The heavy ball held 1 time in 14: the
 * instability grows unseen for as long as the momentum lasts, and then throws the sharpness far below the threshold, from
 * where it takes longer to return; its measured 10–90 % were 0.46 to 0.89. With momentum the lower end is therefore 0.45.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { endOfRun } from "../law.ts";
import { constantLearningRate, finiteLoss, firstFailure, largeBatch, needOptimizer } from "../regime.ts";
import { oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { firstCrossing, timeMean, unmeasured, verdictOn } from "../score.ts";
import { stabilityThreshold } from "./stabilityThreshold.ts";

/** Steps after the first crossing that belong to the overshoot and the dip after it. */
const settling = 200;

/** Steps over which the ratio is averaged, and the least number of measurements in them. */
const averaged = 400;
const leastMeasurements = 5;

const plain = { low: 0.95, high: 1.1 };
const withMomentum = { low: 0.45, high: 1.1 };

/** What the literature would call a refutation, as far beyond the interval. */
const beyond = 0.05;

/** A cross-entropy this far below that of guessing has begun to saturate, and its Hessian to vanish: 5 %. */
const saturated = 0.05;

function intervalOf(view: RunView) {
  return view.optimizer?.groups.some(({ momentum = 0 }) => momentum > 0) === true ? withMomentum : plain;
}

function threshold(view: RunView) {
  return view.optimizer && stabilityThreshold(view.optimizer);
}

/** The conditions of the edge-of-stability laws that do not ask where the sharpness is. */
export function edgeChecks(view: RunView): readonly RegimeCheck[] {
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer's stability threshold is known",
      holds: threshold(view) !== undefined,
      saw: threshold(view)?.formula ?? view.optimizer?.name ?? "no optimizer",
    },
    constantLearningRate(view),
    largeBatch(view, 0.1, "a step sees the whole data set, or a tenth of it"),
    ...objectiveChecks(view),
    finiteLoss(view),
  ];
}

function objectiveChecks(view: RunView): readonly RegimeCheck[] {
  const kind = view.objective?.kind ?? "unknown";
  const known: RegimeCheck = {
    condition: "the loss is a squared error or a cross-entropy",
    holds: kind === "unknown" ? "unknown" : true,
    saw: kind,
  };
  const classes = kind === "binaryCrossEntropy" ? 2 : view.objective?.classes;
  const loss = view.series("loss/train");
  if ((kind !== "crossEntropy" && kind !== "binaryCrossEntropy") || classes === undefined || loss.length === 0) {
    return [known];
  }
  const relative = loss.valueAt(loss.length - 1) / Math.log(classes);
  return [
    known,
    {
      condition: "the cross-entropy has not saturated",
      // A loss that is NaN is another check's business.
      holds: !(relative < saturated),
      saw: `${(100 * relative).toPrecision(2)} % of guessing's`,
    },
  ];
}

function forecast(view: RunView): readonly Forecast[] {
  const edge = threshold(view);
  const sharpness = edge && view.series(edge.observable);
  if (edge === undefined || sharpness === undefined || sharpness.length === 0) return [];
  const last = sharpness.valueAt(sharpness.length - 1);
  if (!(last < edge.value)) return [];
  const interval = intervalOf(view);
  return [
    {
      id: `${edgeOfStability.id}@${view.step}`,
      law: edgeOfStability.id,
      subject: "",
      observable: edge.observable,
      statistic: "timeMean",
      issuedAt: view.step,
      from: view.step + 1,
      to: endOfRun,
      low: interval.low * edge.value,
      central: edge.value,
      high: interval.high * edge.value,
      baselines: [{ kind: "persistence", value: last }],
      assumptions: [
        "The learning rate stays as it is, and training goes on long enough to reach the edge.",
        "The first 200 steps after the crossing are left out: the overshoot, and the dip after it.",
        ...unchecked(edgeOfStability.regime(view)),
      ],
      statement: `Once it has crossed ${edge.formula} = ${edge.value.toPrecision(4)} and settled, the sharpness stays there.`,
    },
  ];
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  const edge = threshold(view);
  // Equal to rounding: the central value is the threshold itself.
  if (edge?.observable !== made.observable || Math.abs(edge.value / made.central - 1) > 1e-9) {
    return unmeasured(made, view, "out of regime", "The optimizer's threshold is no longer the one forecast about.");
  }
  const failed = firstFailure(regimeOf(edgeChecks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const sharpness = view.series(made.observable);
  const crossing = firstCrossing(sharpness, made.central, made.from);
  if (crossing === undefined) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", `The run ended before the sharpness had reached ${edge.formula}.`);
  }
  const first = sharpness.indexFrom(crossing.after + settling);
  const opened = first < sharpness.length ? sharpness.stepAt(first) : Infinity;
  const last = Math.max(sharpness.indexFrom(opened + averaged), first + leastMeasurements - 1);
  const crossed = `It crossed at step ${crossing.step.toFixed(0)} (measured at ${crossing.before} and ${crossing.after})`;
  if (last >= sharpness.length) {
    if (view.end === undefined) return undefined;
    return unmeasured(made, view, "unresolved", `${crossed}, too near the run's end to average.`);
  }
  const mean = timeMean(sharpness, first, last + 1);
  const ratio = mean / made.central;
  const short = Math.max(made.low / made.central - ratio, ratio - made.high / made.central);
  const miss = short > beyond ? ", outside what the law allows at all" : short > 0 ? ", outside the interval" : "";
  const steps = `over steps ${opened} to ${sharpness.stepAt(last)}`;
  return verdictOn(
    made,
    view,
    mean,
    `${crossed}; ${steps} it was ${ratio.toFixed(3)} times ${edge.formula} on average${miss}.`,
  );
}

export const edgeOfStability: Law = {
  id: "edge-of-stability",
  number: "L18",
  area: "empirical",
  title: "Edge of stability",
  statement: "Full-batch training drives the sharpness to the optimizer's stability threshold and holds it there.",
  references: [
    {
      citation: "Cohen et al. 2021",
      title: "Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability",
      arxiv: "2103.00065",
    },
    {
      citation: "Cohen et al. 2022",
      title: "Adaptive Gradient Methods at the Edge of Stability",
      arxiv: "2207.14484",
    },
  ],
  needs: [
    needOptimizer,
    {
      what: "a measurement of the sharpness",
      met: (view) => {
        const edge = threshold(view);
        // Without a threshold no measurement is needed to see that the law does not apply.
        return edge === undefined || view.series(edge.observable).length > 0;
      },
    },
  ],
  regime: (view) => regimeOf(edgeChecks(view)),
  forecast,
  score,
};
