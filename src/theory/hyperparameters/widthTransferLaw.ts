/**
 * L31: transfer across widths. In the maximal-update parametrization (μP) each layer learns alike at every width: with m the factor on the widths,
 * a step changes a matrix, relative to its own norm, by
 *
 *   ∝ 1/√m  between layers that grow,      ∝ 1  next to data or outputs,
 *
 * and the loss at a step is that of the narrow network, but for terms that vanish as it widens. With one rate for all matrices Adam
 * changes them by ∝ √m, and nothing transfers.
 *
 * Sources: Yang and Hu 2021; Yang, Simon and Bernstein 2023, eq. 1 (spectral norms of √(units/inputs)); Vyas et al. 2023 (curves that coincide). The
 * relative form is derived here: a fresh matrix has √(units/inputs) for its spectral norm but √units for its Frobenius norm, a gradient of low rank, or an
 * Adam step along it, has one size for both. It is the same whether a rate is set or a multiplier stands before the matrix (abc-symmetry), so that it
 * is checked from what was measured and no parametrization has to be known. A readout that begins at zero has no relative change and is left out.
 *
 * Forecasts, once the first updates have been seen to go with the width: the mean loss at a quarter, a half and all of the earlier run's steps, if that had not
 * fallen by more than e³ there. On tanh networks of two hidden layers (widths 64 to 256, Adam and gradient descent, float64), trained on a data set that they can
 * fit, ln(loss) falls faster with the width by 25 ± 28 times the difference of 1/width: of 14 mean losses at twice the width 12 lay within. A wider
 * network that is worse is what the law excludes.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { finiteLoss, needObjective, needOptimizer, oneOptimizer, regimeOf } from "../regime.ts";
import type { RunView, Series } from "../runView.ts";
import { batchOf } from "../stepBatch.ts";
import { widthGrowth, type LayerRole, type WidthGrowth } from "./growth.ts";
import { early, forecastSameCurve, partnerOf, sameSchedule, scoreSameCurve, type Partner } from "./sameCurve.ts";

/** Factors within which updates must be what the width asks for; those next to data or outputs scatter more. */
const tolerances = { hidden: 1.4, edge: 1.8, fixed: 1.8 };

/** Units of the narrower network's narrowest layers that grow, below which widths matter too much. */
const leastWidth = 48;

/**
 * By what widths n and n′ change how fast ln(loss) falls, in units of 1/n − 1/n′: what is expected, and what more or less of it is left open; and the
 * part of ln(loss) that seeds leave open besides.
 */
const slower = { expected: 25, open: 28 };
const ofSeeds = 0.05;

/**
 * ln(one/other) at the first step at which both were measured, of the early ones; undefined where there is none. Later steps have their own signs: there
 * Adam's updates differ by factors of two between seeds.
 */
function firstLogRatio(one: Series, other: Series): number | undefined {
  for (let index = 0; index < one.length && one.stepAt(index) < early; index++) {
    const at = other.indexFrom(one.stepAt(index));
    if (at >= other.length || other.stepAt(at) !== one.stepAt(index)) continue;
    const log = Math.log(one.valueAt(index) / other.valueAt(at));
    if (Number.isFinite(log)) return log;
  }
  return undefined;
}

interface LayerUpdates {
  readonly layer: string;
  readonly role: LayerRole;
  /** Of its relative updates over those of the narrow network, and over what the widths ask for. */
  readonly excess: number;
}

function updatesOf(view: RunView, { view: other, growth }: Partner<WidthGrowth>): readonly LayerUpdates[] {
  return [...growth.roles].flatMap(([layer, role]) => {
    const name = `update/relative@${layer}`;
    const ratio = firstLogRatio(view.series(name), other.series(name));
    if (ratio === undefined) return [];
    const asked = role === "hidden" ? -Math.log(growth.factor) / 2 : 0;
    return [{ layer, role, excess: Math.exp(ratio - asked) }];
  });
}

function isAsAsked({ role, excess }: LayerUpdates): boolean {
  return excess <= tolerances[role] && excess >= 1 / tolerances[role];
}

/** The coordinate check: whether layers change as the width asks for; unknown until enough was measured. */
export function updateCheck(view: RunView, partner: Partner<WidthGrowth>): RegimeCheck {
  const layers = updatesOf(view, partner);
  const wrong = layers.find((each) => !isAsAsked(each));
  const all = `${layers.length} layers`;
  return {
    condition: "updates of all layers go with the width as in the maximal-update parametrization",
    holds: layers.length === 0 ? "unknown" : wrong === undefined,
    saw:
      layers.length === 0
        ? "too few measurements"
        : wrong === undefined
          ? `as it asks in ${all}`
          : `those of ${wrong.layer} are ${wrong.excess.toPrecision(2)} times what ${partner.growth.factor.toPrecision(3)} times the width asks for`,
  };
}

/** Whether widths are no longer what decides. */
export function wideEnough({ growth: { narrowest, factor } }: Partner<WidthGrowth>): RegimeCheck {
  const least = Math.min(narrowest, narrowest * factor);
  return {
    condition: `layers that grow are at least ${leastWidth} units wide`,
    holds: least >= leastWidth,
    saw: `the narrowest has ${least}`,
  };
}

function widthPartner(view: RunView): Partner<WidthGrowth> | undefined {
  return partnerOf(view, widthGrowth);
}

function checks(view: RunView): readonly RegimeCheck[] {
  const partner = widthPartner(view);
  return [
    oneOptimizer(view),
    finiteLoss(view),
    ...(partner === undefined
      ? []
      : [sameSchedule(view, partner.view), wideEnough(partner), updateCheck(view, partner)]),
  ];
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const partner = widthPartner(view);
  if (partner === undefined || updateCheck(view, partner).holds !== true) return [];
  const { factor, narrowest } = partner.growth;
  const difference = 1 / narrowest - 1 / (factor * narrowest);
  return forecastSameCurve(view, spoken, {
    law: widthTransferLaw,
    other: partner.view,
    differsBy: (fall) => ({
      expected: -slower.expected * difference * fall,
      halfWidth: ofSeeds + slower.open * Math.abs(difference) * fall,
    }),
    assumption:
      "The runs differ in their widths, in what those ask of rates and fresh weights, and in their seed only.",
    who: `A network ${factor.toPrecision(3)} times as wide as that`,
  });
}

export const widthTransferLaw: Law = {
  id: "width-transfer",
  number: "L31",
  area: "hyperparameters",
  title: "Transfer across widths (μP)",
  statement:
    "Where updates of hidden matrices go as 1/√width relative to them, and others stay, the loss at each step does not depend on the width.",
  references: [
    {
      citation: "Yang et al. 2022",
      title: "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter Transfer",
      arxiv: "2203.03466",
    },
    {
      citation: "Yang, Simon and Bernstein 2023",
      title: "A Spectral Condition for Feature Learning",
      arxiv: "2310.17813",
    },
    {
      citation: "Vyas et al. 2023",
      title: "Feature-Learning Networks Are Consistent Across Widths At Realistic Scales",
      arxiv: "2305.18411",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    { what: "the batch's size", met: (view) => batchOf(view) !== undefined },
    {
      what: "an earlier run to its end of the same network at another width",
      met: (view) => widthPartner(view) !== undefined,
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
