import type { SpoolRecord } from "../probe/record.ts";
import type { RowSink } from "../run/rowSink.ts";
import { catalog } from "../theory/catalog.ts";
import { RunHistory } from "../theory/history.ts";
import type { Law, Standing } from "../theory/law.ts";
import type { RunView } from "../theory/runView.ts";
import { isObservationPoint, Ledger } from "../theory/ledger.ts";

/** What theory makes of a run: its history so far, and a ledger that looks at it where the ledger's rule says. */
export class Forecasting {
  readonly #history: RunHistory;
  readonly #laws: readonly Law[];
  readonly #ledger: Ledger;
  readonly #standings = new Map<string, string>();
  readonly #refused = new Set<string>();
  #forecasts = 0;
  #verdicts = 0;

  constructor(runId: string, earlier: () => readonly RunView[] = () => [], laws: readonly Law[] = catalog) {
    this.#history = new RunHistory(runId, earlier);
    this.#laws = laws;
    this.#ledger = new Ledger(laws);
  }

  get counts(): { readonly forecasts: number; readonly verdicts: number } {
    return { forecasts: this.#forecasts, verdicts: this.#verdicts };
  }

  /** Takes a record and writes what the laws say to it; returns what the ledger refused and has not refused before. */
  take(record: SpoolRecord, sink: RowSink): readonly string[] {
    this.#history.append(record);
    if (!isObservationPoint(record)) return [];
    const { issued, verdicts, standings, refusals } = this.#ledger.observe(this.#history.view());
    for (const forecast of issued) {
      const law = this.#laws.find((each) => each.id === forecast.law);
      sink.forecast(forecast, { title: law?.title ?? forecast.law, number: law?.number ?? "" });
    }
    for (const verdict of verdicts) sink.verdict(verdict);
    standings.forEach((standing, ordinal) => {
      if (this.#isNews(standing)) sink.standing(standing, ordinal);
    });
    this.#forecasts += issued.length;
    this.#verdicts += verdicts.length;
    return refusals
      .filter(({ forecast }) => this.#isFirst(`${forecast.law} ${forecast.subject}`))
      .map(({ message }) => message);
  }

  #isNews(standing: Standing): boolean {
    const text = JSON.stringify(standing);
    if (this.#standings.get(standing.law) === text) return false;
    this.#standings.set(standing.law, text);
    return true;
  }

  /** A law that is refused once is refused at every look: it is told once a subject. */
  #isFirst(subject: string): boolean {
    if (this.#refused.has(subject)) return false;
    this.#refused.add(subject);
    return true;
  }
}
