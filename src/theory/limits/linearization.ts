/** The linear model that a network is like while its tangent kernel stays, as it was measured. */
import type { RegimeCheck } from "../law.ts";
import { plainDescentChecks } from "../plainDescent.ts";
import type { RunView } from "../runView.ts";

export interface Linearization {
  /** κμ_i, per unit of time η·steps. */
  readonly rates: readonly number[];
  /** κρ_i, in the loss's unit. */
  readonly parts: readonly number[];
}

/** The loss of the linear model after so many steps. */
export function linearLoss({ rates, parts }: Linearization, learningRate: number, steps: number): number {
  return parts.reduce((sum, part, index) => sum + part * (1 - learningRate * (rates[index] ?? NaN)) ** (2 * steps), 0);
}

/**
 * That of one of the measurements, counted from the first or, below zero, from the last. Undefined where eigenvalues and residuals were not measured
 * together with the loss.
 */
export function linearization(view: RunView, at: number): (Linearization & { readonly step: number }) | undefined {
  const [spectrum, residual] = [view.vectors("kernel/spectrum").at(at), view.vectors("kernel/residual").at(at)];
  const loss = view.series("loss/train");
  if (spectrum === undefined || residual?.step !== spectrum.step) return undefined;
  const index = loss.indexFrom(spectrum.step);
  if (index >= loss.length || loss.stepAt(index) !== spectrum.step) return undefined;
  const scale = loss.valueAt(index) / residual.values.reduce((sum, each) => sum + each, 0);
  if (!(scale > 0 && scale < Infinity) || residual.values.length !== spectrum.values.length) return undefined;
  return {
    step: spectrum.step,
    rates: spectrum.values.map((each) => scale * each),
    parts: residual.values.map((each) => scale * each),
  };
}

/**
 * That of the initial weights, by what of the residual there lies along the eigenvectors of one of the measured kernels, the newest if not told; undefined where that or
 * the first loss is not known.
 */
export function initialLinearization(view: RunView, at = -1): Linearization | undefined {
  const [spectrum, residual] = [view.vectors("kernel/spectrum").at(at), view.vectors("kernel/initialResidual").at(at)];
  const loss = view.series("loss/train");
  if (spectrum === undefined || residual?.step !== spectrum.step || loss.length === 0 || loss.stepAt(0) !== 0)
    return undefined;
  const scale = loss.valueAt(0) / residual.values.reduce((sum, each) => sum + each, 0);
  if (!(scale > 0 && scale < Infinity) || residual.values.length !== spectrum.values.length) return undefined;
  return {
    rates: spectrum.values.map((each) => scale * each),
    parts: residual.values.map((each) => scale * each),
  };
}

/** What must be so that a network follows its linear model for as long as the kernel stays. */
export function linearizationChecks(view: RunView): readonly RegimeCheck[] {
  const { objective, data } = view;
  const eigenvalues = view.vectors("kernel/spectrum").at(-1)?.values.length ?? NaN;
  const inKernel = eigenvalues / (objective?.outputs ?? NaN);
  return [
    ...plainDescentChecks(view, "no momentum"),
    {
      condition: "the loss is a squared error",
      holds: objective?.kind === "unknown" ? "unknown" : objective?.kind === "meanSquaredError",
      saw: objective?.kind ?? "unknown",
    },
    {
      condition: "the kernel is of all examples",
      holds: Number.isNaN(inKernel) || data?.examples === undefined ? "unknown" : inKernel === data.examples,
      saw: `${Number.isNaN(inKernel) ? "an unknown number" : inKernel} of ${data?.examples ?? "an unknown number"}`,
    },
  ];
}
