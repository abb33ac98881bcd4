import { isStep, type Forecast, type Law, type Regime, type Standing, type Verdict } from "./law.ts";
import type { RunView } from "./runView.ts";
import { firstFailure } from "./regime.ts";
import { unmeasured } from "./score.ts";

/** A forecast that the ledger will not enter; the message says why. */
export class ForecastRefused extends Error {
  readonly forecast: Forecast;

  constructor(forecast: Forecast, why: string) {
    super(`The forecast ${forecast.id} is refused: ${why}.`);
    this.name = "ForecastRefused";
    this.forecast = forecast;
  }
}

/** What came of one look at a run. */
export interface Observation {
  readonly issued: readonly Forecast[];
  readonly verdicts: readonly Verdict[];
  /** Of every law, in the catalogue's order. */
  readonly standings: readonly Standing[];
  /** A refusal is a law's fault, never the run's; it is told and the other laws go on. */
  readonly refusals: readonly ForecastRefused[];
}

/**
 * Whether the laws look at a run after this record. They look after every record that is no `step`, and after `step`
 * records of steps 0, 1, 2, 4, 8 … and of every multiple of 64: a rule of the record alone, so that the ledger is the same
 * however the spool was cut into pieces when it was read.
 */
export function isObservationPoint(record: { readonly t: string; readonly step?: number | undefined }): boolean {
  if (record.t !== "step" || record.step === undefined) return true;
  return record.step % 64 === 0 || (record.step < 64 && (record.step & (record.step - 1)) === 0);
}

/**
 * Every forecast of a run, written down before its outcome, and what became of it. One forecast for each law and subject,
 * for good. All that it knows is in the forecasts and verdicts that it has handed out, so that `restore` brings it back.
 */
export class Ledger {
  readonly #laws: readonly Law[];
  /** By law and subject. */
  readonly #issued = new Map<string, Forecast>();
  readonly #open = new Map<string, Forecast>();

  constructor(laws: readonly Law[]) {
    this.#laws = laws;
  }

  /** Forecasts that wait for their verdict, in the order of issue. */
  get open(): readonly Forecast[] {
    return [...this.#open.values()];
  }

  /** Takes up where another ledger stopped. Forecasts of laws that there are no more are kept and closed at the end. */
  restore(forecasts: readonly Forecast[], verdicts: readonly Verdict[]): void {
    const closed = new Set(verdicts.map(({ forecast }) => forecast));
    for (const forecast of forecasts) {
      this.#issued.set(keyOf(forecast.law, forecast.subject), forecast);
      if (!closed.has(forecast.id)) this.#open.set(forecast.id, forecast);
    }
  }

  /** Scores what can be scored, then asks every law. Views must not go back in time. */
  observe(view: RunView): Observation {
    const verdicts = this.score(view);
    const spoken = (law: Law) => (subject: string) => this.#issued.has(keyOf(law.id, subject));
    const issued: Forecast[] = [];
    const refusals: ForecastRefused[] = [];
    const standings = this.#laws.map((law) => {
      const missing = law.needs.filter((need) => !need.met(view)).map(({ what }) => what);
      const regime = missing.length > 0 ? undefined : law.regime(view);
      if (regime !== undefined && regime.status !== "outside" && view.end === undefined) {
        for (const forecast of law.forecast(view, spoken(law))) {
          try {
            if (this.issue(forecast, view)) issued.push(forecast);
          } catch (error) {
            if (!(error instanceof ForecastRefused)) throw error;
            refusals.push(error);
          }
        }
      }
      return this.#standing(law, missing, regime);
    });
    return { issued, verdicts, standings, refusals };
  }

  /**
   * Enters a forecast that was made from `view`; false where the law has spoken on the subject before. Throws
   * `ForecastRefused` where it is about steps already observed, was made from a later view than it says, or gives no
   * interval that could be missed.
   */
  issue(forecast: Forecast, view: RunView): boolean {
    if (this.#issued.has(keyOf(forecast.law, forecast.subject))) return false;
    const why = objection(forecast, view);
    if (why !== undefined) throw new ForecastRefused(forecast, why);
    this.#issued.set(keyOf(forecast.law, forecast.subject), forecast);
    this.#open.set(forecast.id, forecast);
    return true;
  }

  /** Scores what can be scored, and asks no law for a forecast. */
  score(view: RunView): readonly Verdict[] {
    const verdicts: Verdict[] = [];
    for (const forecast of this.#open.values()) {
      const law = this.#laws.find(({ id }) => id === forecast.law);
      const verdict = law?.score(forecast, view) ?? (view.end && unresolved(forecast, view));
      if (verdict === undefined) continue;
      verdicts.push(verdict);
      this.#open.delete(forecast.id);
    }
    return verdicts;
  }

  #standing(law: Law, missing: readonly string[], regime: Regime | undefined): Standing {
    const { id, number, title, area } = law;
    const failure = regime?.status === "outside" ? firstFailure(regime) : undefined;
    const spoken = [...this.#issued.values()].some((forecast) => forecast.law === id);
    const says =
      missing.length > 0
        ? `cannot speak: needs ${missing.join(", ")}`
        : failure !== undefined
          ? `out of regime: not so that ${failure}`
          : spoken
            ? "speaking"
            : "in its regime; nothing to forecast yet";
    return { law: id, number, title, area, says, regime };
  }
}

function keyOf(law: string, subject: string): string {
  return JSON.stringify([law, subject]);
}

/** Why a forecast cannot be entered; undefined where it can. */
function objection(forecast: Forecast, view: RunView): string | undefined {
  const { low, central, high, issuedAt, from, to, observable, baselines } = forecast;
  if (view.step !== issuedAt) return `it says step ${issuedAt}, but was made from the run as of step ${view.step}`;
  if (view.end !== undefined) return "the run has ended";
  if (![low, central, high, from, to].every(Number.isFinite)) return "its interval or its steps are not finite";
  if (!(low <= central && central <= high && low < high)) return `nothing lies in its interval ${low} … ${high}`;
  const unsaid = baselines.find(({ value }) => !Number.isFinite(value));
  if (unsaid !== undefined) return `its baseline, ${unsaid.kind}, is not finite`;
  if (!(from <= to)) return `no step lies in ${from} … ${to}`;
  const series = view.series(observable);
  const seen = series.length === 0 ? -1 : series.stepAt(series.length - 1);
  if (from <= seen || from < issuedAt) {
    return `it is about ${observable} from step ${from} on, but that has been observed up to step ${Math.max(seen, issuedAt)}`;
  }
  if (isStep(forecast.statistic) && low <= seen) {
    return `its step may be ${low}, but ${observable} has been observed up to step ${seen}`;
  }
  return undefined;
}

function unresolved(forecast: Forecast, view: RunView): Verdict {
  const how = { finished: "finished", stopped: "was stopped", failed: "failed", diverged: "diverged" };
  const text = view.end === undefined ? "ended" : how[view.end.how];
  return unmeasured(
    forecast,
    view,
    "unresolved",
    `The run ${text} at step ${view.step}, before this could be decided.`,
  );
}
