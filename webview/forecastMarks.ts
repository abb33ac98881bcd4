import type { LedgerRow, SeriesSlice } from "../src/editor/messages.ts";
import { countText } from "./numberText.ts";

/** What a chart shows of a forecast: a band of values over its steps, or a band of steps. */
export interface ForecastMark {
  readonly id: string;
  readonly kind: "values" | "steps";
  readonly low: number;
  readonly central: number;
  readonly high: number;
  /** Whether between its edges is no quantile. */
  readonly isBound: boolean;
  /** Steps that a band of values spans; it is filled only where it applies. */
  readonly from: number;
  readonly filledFrom: number;
  readonly to: number;
  readonly label: string;
  /** The step as it came to be; NaN before. */
  readonly measured: number;
  readonly open: boolean;
}

/** The forecasts about one of the observables of these slices, those that are decided first. */
export function forecastMarks(ledger: readonly LedgerRow[], slices: readonly SeriesSlice[]): readonly ForecastMark[] {
  return ledger
    .flatMap(({ forecast, verdict, lawNumber }) => {
      const slice = slices.find((each) => each.observable === forecast.observable);
      if (slice === undefined) return [];
      const { id, low, central, high, from, statistic, issuedAt } = forecast;
      const to = verdict?.scoredAt ?? forecast.to;
      const mark: ForecastMark = {
        id,
        kind: statistic.endsWith("Step") ? "steps" : "values",
        low,
        central,
        high,
        isBound: forecast.isBound === true,
        from,
        filledFrom: statistic === "timeMean" ? arrival(slice, from, low, high) : from,
        to,
        label: `${lawNumber}, issued at step ${countText(issuedAt)}`,
        measured: statistic.endsWith("Step") ? (verdict?.measured ?? NaN) : NaN,
        open: verdict === undefined,
      };
      return [mark];
    })
    .toSorted((one, other) => Number(one.open) - Number(other.open) || one.from - other.from);
}

/**
 * The first step from `from` on at which the curve comes into the band: an average over time is forecast for when it has
 * got there. Infinity while it has not.
 */
function arrival(slice: SeriesSlice, from: number, low: number, high: number): number {
  const index = slice.steps.findIndex(
    (step, at) => step >= from && (slice.maximum[at] ?? NaN) >= low && (slice.minimum[at] ?? NaN) <= high,
  );
  return slice.steps[index] ?? Infinity;
}
