import type { LedgerRow } from "../src/editor/messages.ts";
import { countText } from "./numberText.ts";

/** What a chart shows of a forecast: a band of values over its steps, or a band of steps. */
export interface ForecastMark {
  readonly id: string;
  readonly kind: "values" | "steps";
  readonly low: number;
  readonly central: number;
  readonly high: number;
  /** Steps that a band of values spans. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** The crossing as it came to be; NaN before. */
  readonly measured: number;
  readonly open: boolean;
}

/** The forecasts about one of these observables, oldest first. */
export function forecastMarks(ledger: readonly LedgerRow[], observables: readonly string[]): readonly ForecastMark[] {
  return ledger
    .filter((row) => observables.includes(row.forecast.observable))
    .map(({ forecast, verdict, lawNumber }) => ({
      id: forecast.id,
      kind: forecast.statistic === "crossingStep" ? ("steps" as const) : ("values" as const),
      low: forecast.low,
      central: forecast.central,
      high: forecast.high,
      from: forecast.from,
      to: forecast.to,
      label: `${lawNumber}, issued at step ${countText(forecast.issuedAt)}`,
      measured: verdict?.measured ?? NaN,
      open: verdict === undefined,
    }))
    .toSorted((one, other) => Number(one.open) - Number(other.open) || one.from - other.from);
}
