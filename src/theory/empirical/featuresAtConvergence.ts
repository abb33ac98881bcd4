/**
 * L27: features at convergence. Where a loss with the penalty λ/2·‖W‖² is stationary in a layer's weights, ∂L/∂W + λW = 0, and with it
 *
 *   W·Wᵀ = −(1/λ)·Σᵢ (∂Lᵢ/∂hᵢ)ᵀ·hᵢ
 *
 * exactly, h being the layer's input: what the layer looks at is what the loss is sensitive to. Away from there the two sides differ by
 * ‖G·Wᵀ‖/(λ‖W·Wᵀ‖), relative to the left one, G the gradient with the penalty: in proportion to that gradient, which training makes vanish.
 *
 * Source: Boix-Adsera et al. 2025, eq. 3 (FACT). The proportionality is derived by multiplying ∂L/∂W + λW with Wᵀ.
 *
 * Assumes gradient descent, plain or with momentum, on all examples, a constant learning rate below the edge of stability, and a penalty, in
 * the loss or as decay that is added to the gradient. Small batches leave a gradient that never vanishes, and the difference stays: it was 0.2
 * to 9 where the full batch came to 0.02 to 0.06. At the edge it rises again.
 *
 * Forecasts, at the first measurement of each doubling of the step t at which the sides differ by less than one: over 1.5t … 2t the difference is on
 * average below what it is by 4 % or more. Theory gives the direction and no rate, which hangs on λ. Checked here in float64 on 20 networks (one hidden
 * matrix, η of 0.05 and 0.1, λ of 0.003 to 0.03, 2100 steps): over 284 stretches the difference came to 0.69 of what it was in the median, to 0.44 and 0.89
 * in the deciles, and to more than 0.96 in 3 %.
 */
import type { Forecast, Law, RegimeCheck } from "../law.ts";
import { baselinesAt } from "../baselines.ts";
import {
  constantLearningRate,
  finiteLoss,
  largeBatch,
  needObjective,
  needOptimizer,
  oneOptimizer,
  regimeOf,
  unchecked,
} from "../regime.ts";
import type { RunView } from "../runView.ts";
import { scoreMean } from "../scoreMean.ts";
import { stabilityThreshold } from "./stabilityThreshold.ts";

const prefix = "feature/fact@";

/** Relative difference of the sides above which the penalty does not yet matter. */
const begun = 1;

/** Steps before which a doubling is no time. */
const leastSteps = 16;

/** Relative fall below which the difference has stayed, and the share of it that is expected to be left. */
const leastFall = 0.04;
const expectedShare = 0.7;

/** Sharpness as a part of the threshold, above which training is at the edge. */
const nearEdge = 0.9;

function layersOf(view: RunView): readonly string[] {
  return view
    .observables()
    .flatMap((name) => (name.startsWith(prefix) && !name.endsWith("/null") ? [name.slice(prefix.length)] : []));
}

function isPenalized({ objective, optimizer }: RunView): boolean {
  const decays = optimizer?.groups.some(
    ({ weightDecay = 0, weightDecayForm }) => weightDecay > 0 && weightDecayForm === "coupled",
  );
  return objective?.regularized === true || decays === true;
}

function checks(view: RunView): readonly RegimeCheck[] {
  const { optimizer } = view;
  const penalized = isPenalized(view);
  return [
    oneOptimizer(view),
    {
      condition: "the optimizer is gradient descent, plain or with momentum",
      holds: optimizer?.kind === "sgd" || optimizer?.kind === "momentum",
      saw: optimizer?.name ?? "none",
    },
    {
      condition: "squared weights are penalized",
      holds: penalized,
      saw: penalized ? "a penalty" : "none",
    },
    largeBatch(view, 1, "every step sees all examples"),
    constantLearningRate(view),
    belowEdge(view),
    finiteLoss(view),
  ];
}

function belowEdge(view: RunView): RegimeCheck {
  const edge = view.optimizer && stabilityThreshold(view.optimizer);
  const sharpness = view.series(edge?.observable ?? "");
  const share = sharpness.length === 0 ? NaN : sharpness.valueAt(sharpness.length - 1) / (edge?.value ?? NaN);
  const isKnown = Number.isFinite(share);
  return {
    condition: "training is below the edge of stability",
    holds: isKnown ? share < nearEdge : "unknown",
    saw: isKnown ? `the sharpness is ${share.toPrecision(2)} of ${edge?.formula ?? "the threshold"}` : "no sharpness",
  };
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  if (view.step < leastSteps) return [];
  const doubling = Math.floor(Math.log2(view.step));
  return layersOf(view).flatMap((layer) => {
    const subject = `${layer} after 2^${doubling} steps`;
    if (spoken(subject)) return [];
    const series = view.series(prefix + layer);
    const last = series.length - 1;
    const now = series.valueAt(last);
    // A value of long ago is not what it is now, and none is gone by twice.
    const isFresh = series.stepAt(last) >= Math.max(2 ** doubling, (7 / 8) * view.step);
    if (!(now > 0 && now < begun) || !isFresh) return [];
    const [from, to] = [Math.ceil(1.5 * view.step), 2 * view.step];
    return [
      {
        id: `${featuresAtConvergence.id}/${subject}@${view.step}`,
        law: featuresAtConvergence.id,
        subject,
        observable: prefix + layer,
        statistic: "timeMean" as const,
        issuedAt: view.step,
        from,
        to,
        low: 0,
        central: expectedShare * now,
        high: (1 - leastFall) * now,
        isBound: true as const,
        baselines: baselinesAt(series, (from + to) / 2),
        assumptions: ["Training goes on as it has.", ...unchecked(featuresAtConvergence.regime(view))],
        statement: `By step ${to} what ${layer} looks at is within ${(100 * (1 - leastFall) * now).toPrecision(2)} % of what the loss is sensitive to, and comes closer as training settles.`,
      },
    ];
  });
}

export const featuresAtConvergence: Law = {
  id: "features-at-convergence",
  number: "L27",
  area: "empirical",
  title: "Features at convergence",
  statement:
    "Under weight decay, training brings W·Wᵀ of each layer to the mean outer product of its input and the loss's gradient by it.",
  references: [
    {
      citation: "Boix-Adsera et al. 2025",
      title: "FACT: the Features At Convergence Theorem for neural networks",
      arxiv: "2507.05644",
    },
  ],
  needs: [
    needObjective,
    needOptimizer,
    {
      what: "a layer under a penalty on its squared weights, and its features measured",
      met: (view) => layersOf(view).length > 0,
    },
  ],
  regime: (view) => regimeOf(checks(view)),
  forecast,
  score: (made, view) => scoreMean(made, view, checks),
};
