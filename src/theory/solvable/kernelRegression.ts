/**
 * L05: what a kernel method makes of examples that it has not seen, told by the kernel on those that it has. A network whose tangent kernel stays, or a linear
 * model, is one. Descent multiplies the targets' part along the i-th eigenvector, of eigenvalue μ_i, by e^(−ητκμ_i) in its own errors; in those that it
 * would make on an example that was left out, ridge regression of penalty δ multiplies it by
 *
 *   (δ/(μ_i + δ)) / ((1/n)·Σ_j δ/(μ_j + δ)),
 *
 * and descent by the sum of such terms that e^(−ητκμ) is (see `unseenFactors`). Their mean square is the loss on unseen examples, at any step, and with no
 * end of training that of exact interpolation.
 *
 * Sources: for ridge regression Golub, Heath and Wahba 1979, as Jacot et al. 2020 (KARE) and, with the same limit for many examples, Simon et al. 2023; for
 * descent the sum is derived here. Checked in float64 on linear regression with power-law and flat spectra, 50 to 150 examples, more and fewer weights
 * than examples, with and without noise, from 10 steps to interpolation: the median of ln(loss/forecast) stayed within 0.2 of a standard error of
 * zero, where generalized cross-validation of descent itself came out up to 30 times too high.
 *
 * Assumes what L10 does (plain gradient descent on a squared error, of all the examples in the kernel, which has moved by 5 % of its norm at most), and that
 * those of the validation come from where those of the training do: the first validation loss is compared with what the law says there.
 *
 * Forecasts, as soon as the kernel has been measured: the validation loss about the next powers of four of the step, corrected by what the last one was off
 * by (see `unseenGiven`).
 *
 * Interval: 10 % and 90 % of a Gaussian in ln L. Its variance without the correction is 2/m + 2/n, n training and as many validation examples, m the
 * number of errors that share the sum evenly: of 3000 losses of the regressions above 80 % lay within 1.20 standard errors, to 1.28 of a Gaussian. With it
 * 80 % lay within 1.22, from losses at 4 to 64 times fewer steps, and the median skill against persistence was 0.2 to 0.6; with flat spectra and two thirds as many
 * inputs as examples within 1.65.
 */
import { baselinesAt, finite } from "../baselines.ts";
import { gaussianDecile } from "../bootstrap.ts";
import type { Forecast, Law, Need, RegimeCheck, Verdict } from "../law.ts";
import { lazyChecks } from "../limits/lazyDynamics.ts";
import { initialLinearization, type Linearization } from "../limits/linearization.ts";
import { learningRateOf } from "../plainDescent.ts";
import { needObjective, needOptimizer, needSeries, regimeOf, unchecked } from "../regime.ts";
import type { RunView } from "../runView.ts";
import { unmeasured } from "../score.ts";
import { scoreMean } from "../scoreMean.ts";
import { unseenGiven, unseenLoss } from "./unseenLoss.ts";

const observable = "loss/validation";

/** Horizons in units of the present step. */
const [nearest, farthest] = [2, 64];

/** Part of a horizon over which losses are averaged after it. */
const averaged = 0.1;

/** Largest η·rate·steps: the least eigenvalues are known to a millionth of the largest. */
const longestTime = 5e4;

/** Standard errors by which the first validation loss may differ. */
const mostApart = 2.5;

/** Part of a horizon after which the kernel must have been looked at again. */
const lookedAgain = 0.25;

/** The linear model, where descent on it is stable. */
export function descentModel(view: RunView): Linearization | undefined {
  const model = initialLinearization(view);
  const rate = learningRateOf(view);
  return model !== undefined && rate > 0 && model.rates.every((each) => rate * each < 2) ? model : undefined;
}

/** Steps beyond which too little is known of the least eigenvalues. */
export function farthestStep({ rates }: Linearization, rate: number): number {
  return longestTime / (rate * Math.max(...rates));
}

/** ln(first validation loss / forecast) in standard errors, by the residual that it was told from. */
const apart = new WeakMap<readonly number[], number>();

function firstApart(view: RunView): number {
  const [validation, residual] = [view.series(observable), view.vectors("kernel/initialResidual").at(-1)];
  if (residual === undefined || validation.length === 0) return NaN;
  let known = apart.get(residual.values);
  if (known === undefined) {
    const model = descentModel(view);
    const said = model && unseenLoss(model, learningRateOf(view), validation.stepAt(0));
    known = said === undefined ? NaN : Math.abs(Math.log(validation.valueAt(0) / said.value)) / said.error;
    apart.set(residual.values, known);
  }
  return known;
}

/** What must be so for the kernel to tell of unseen examples. */
export function unseenChecks(view: RunView): readonly RegimeCheck[] {
  const off = firstApart(view);
  return [
    ...lazyChecks(view),
    {
      condition: `the first validation loss is what the kernel says, within ${mostApart} standard errors: its examples are like those of the training`,
      holds: Number.isNaN(off) ? "unknown" : off <= mostApart,
      saw: Number.isNaN(off) ? "not to be compared" : `${off.toPrecision(2)} standard errors`,
    },
  ];
}

function subjectOf(horizon: number): string {
  return `after ${horizon} steps`;
}

function forecast(view: RunView, spoken: (subject: string) => boolean): readonly Forecast[] {
  const now = Math.max(1, view.step);
  const first = Math.ceil(Math.log(nearest * now) / Math.log(4));
  const horizons = Array.from({ length: 3 }, (_, index) => 4 ** (first + index)).filter(
    (horizon) => horizon <= farthest * now && !spoken(subjectOf(horizon)),
  );
  const model = horizons.length === 0 ? undefined : descentModel(view);
  if (model === undefined) return [];
  const rate = learningRateOf(view);
  const [validation, training] = [view.series(observable), view.series("loss/train")];
  const last = validation.length - 1;
  const then = unseenLoss(model, rate, validation.stepAt(last));
  return horizons.flatMap((horizon) => {
    const said = unseenGiven(then, validation.valueAt(last), unseenLoss(model, rate, horizon));
    const factor = Math.exp(gaussianDecile * said.error);
    const [low, central, high] = [said.value / factor, said.value, said.value * factor];
    if (horizon > farthestStep(model, rate) || !(low > 0 && low < high && high < Infinity)) return [];
    const subject = subjectOf(horizon);
    return [
      {
        id: `${kernelRegression.id}/${subject}@${view.step}`,
        law: kernelRegression.id,
        subject,
        observable,
        statistic: "timeMean" as const,
        issuedAt: view.step,
        from: horizon,
        to: Math.ceil((1 + averaged) * horizon),
        low,
        central,
        high,
        baselines: [
          ...baselinesAt(validation, horizon),
          ...finite({ kind: "the training loss", value: training.valueAt(training.length - 1) }),
        ],
        assumptions: [
          "There are at least as many validation examples as training examples, of the same kind.",
          ...unchecked(kernelRegression.regime(view)),
        ],
        statement: `By the tangent kernel alone, the validation loss is ${central.toPrecision(3)} about step ${horizon}.`,
      },
    ];
  });
}

/** Whether the kernel was measured late enough to tell whether it has moved on the way to a step. */
export function kernelSeen(view: RunView, step: number): boolean {
  const distance = view.series("kernel/distance");
  return distance.length > 0 && distance.stepAt(distance.length - 1) >= lookedAgain * step;
}

function score(made: Forecast, view: RunView): Verdict | undefined {
  if (view.step <= made.to) return undefined;
  if (kernelSeen(view, made.to)) return scoreMean(made, view, unseenChecks);
  if (view.end === undefined) return undefined;
  return unmeasured(made, view, "unresolved", "Whether the kernel had moved was not measured on the way.");
}

export const needUnseen: readonly Need[] = [
  needOptimizer,
  needObjective,
  {
    what: "the tangent kernel's eigenvalues, and what of the initial residual lies along its eigenvectors",
    met: (view) => view.vectors("kernel/initialResidual").length > 0,
  },
  needSeries("a validation loss", observable),
];

export const kernelRegression: Law = {
  id: "kernel-regression",
  number: "L05",
  area: "solvable",
  title: "Unseen examples under a kernel",
  statement:
    "While the tangent kernel stays, it tells the loss on unseen examples at every step from the training examples alone.",
  references: [
    {
      citation: "Simon et al. 2023",
      title:
        "The Eigenlearning Framework: A Conservation Law Perspective on Kernel Ridge Regression and Wide Neural Networks",
      arxiv: "2110.03922",
    },
    {
      citation: "Jacot et al. 2020",
      title: "Kernel Alignment Risk Estimator: Risk Prediction from Training Data",
      arxiv: "2006.09796",
    },
  ],
  needs: needUnseen,
  regime: (view) => regimeOf(unseenChecks(view)),
  forecast,
  score,
};
