/**
 * L41: dead units stay dead. A rectifier of the first layer that is zero on every example has no gradient, so that plain gradient descent
 * on all examples never moves its weights again, nor anything that they are fed: the unit is zero on every example for good.
 *
 * Source: the definition of dead units and their lasting are those of Dohare et al. 2024 and Sokar et al. 2023 (dormant units); that
 * nothing moves them is derived here, from ∂L/∂w = Σᵢ ∂L/∂hᵢ·1[zᵢ > 0]·xᵢ, and checked in float64. It holds of the first layer only: what
 * deeper ones are fed goes on changing, so that nothing keeps them dead.
 *
 * Assumes plain gradient descent without momentum or weight decay, full batches of data that stay as they are, and no weight penalty.
 * How plasticity is lost over tasks is not forecast: nothing recorded tells when a task ends.
 *
 * Forecasts, for each doubling of the step t from a step with dead units on: at 2t their share is at least what it is. An exact
 * statement, whose interval has no lower margin but rounding; how many more will die is not known, and its upper end is all.
 */
import type { Forecast, Law, RegimeCheck, Verdict } from "../law.ts";
import { finiteLoss, firstFailure, largeBatch, needOptimizer, oneOptimizer, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured, verdictOn } from "../score.ts";

/** Steps before which a doubling is no time. */
const leastSteps = 8;

/** Relative: far less than one unit of any layer. */
const rounding = 1e-9;

interface FirstLayer {
  readonly name: string;
  readonly observable: string;
}

/** The first module with weights, where its dead units are measured. */
function firstLayer(view: RunView): FirstLayer | undefined {
  const [first] = view.models.flatMap(({ modules }) => modules.filter(({ parameters }) => parameters > 0));
  if (first?.parameterShapes.some(({ length }) => length >= 2) !== true) return undefined;
  const observable = `activation/deadFraction@${first.path}`;
  return view.series(observable).length === 0 ? undefined : { name: first.path, observable };
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer, objective } = view;
  const groups = optimizer?.groups ?? [];
  const isPlain =
    optimizer?.kind === "sgd" &&
    groups.every(({ momentum = 0, weightDecay = 0 }) => momentum === 0 && weightDecay === 0);
  const known = objective !== undefined && objective.kind !== "unknown";
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is plain gradient descent, without momentum or weight decay",
      holds: isPlain,
      saw: optimizer?.name ?? "none",
    },
    {
      condition: "no weight penalty is part of the loss",
      holds: objective?.regularized === true ? false : known ? true : "unknown",
      saw: objective?.regularized === true ? "regularized" : known ? "none" : "a loss of unknown form",
    },
    largeBatch(view, 1, "every step sees all examples"),
    finiteLoss(view),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const layer = firstLayer(view);
  if (layer === undefined || view.step < leastSteps) return [];
  const subject = `${layer.name} after 2^${Math.floor(Math.log2(view.step))} steps`;
  if (spoken(subject)) return [];
  const series = view.series(layer.observable);
  const now = series.valueAt(series.length - 1);
  if (!(now > 0 && now <= 1)) return [];
  return [
    {
      id: `${deadUnits.id}/${subject}@${view.step}`,
      law: deadUnits.id,
      subject,
      observable: layer.observable,
      statistic: "value",
      issuedAt: view.step,
      from: view.step + 1,
      to: 2 * view.step,
      low: (1 - rounding) * now,
      central: now,
      high: 1,
      isBound: true,
      // That the share stays is what persistence says too.
      baselines: [],
      assumptions: [
        "The examples stay as they are: no augmentation, and no noise.",
        ...unchecked(deadUnits.regime(view)),
      ],
      statement: `The ${(100 * now).toPrecision(2)} % of the units of ${layer.name} that are dead stay dead; only another initialization or a leak would bring them back.`,
    },
  ];
}

/** The last measurement up to the horizon, if there was one in the second half. */
function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  const failed = firstFailure(regimeOf(checks(view)));
  if (failed !== undefined) return unmeasured(made, view, "out of regime", `It is no longer so that ${failed}.`);
  const series = view.series(made.observable);
  const index = series.indexFrom(made.to + 1) - 1;
  const step = index >= 0 ? series.stepAt(index) : NaN;
  if (!(step >= (made.issuedAt + made.to) / 2)) {
    return unmeasured(made, view, "unresolved", "It was not measured near the horizon.");
  }
  const value = series.valueAt(index);
  return verdictOn(made, view, value, `At step ${step} the share was ${value.toPrecision(3)}.`);
}

export const deadUnits: Law = {
  id: "dead-units",
  number: "L41",
  area: "universality",
  title: "Dead units",
  statement:
    "Units of the first layer that no example activates get no gradient, and plain gradient descent never revives them.",
  references: [
    {
      citation: "Sokar et al. 2023",
      title: "The Dormant Neuron Phenomenon in Deep Reinforcement Learning",
      arxiv: "2302.12902",
    },
    { citation: "Dohare et al. 2024", title: "Loss of plasticity in deep continual learning" },
  ],
  needs: [
    needOptimizer,
    { what: "dead units of a first layer of rectifiers, measured", met: (view) => firstLayer(view) !== undefined },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score,
};
