import type { SpoolRecord } from "../probe/record.ts";
import { RunHistory } from "../theory/history.ts";

/** What theory makes of a run: its history, so far. */
export class Forecasting {
  readonly #history: RunHistory;

  constructor(runId: string) {
    this.#history = new RunHistory(runId);
  }

  get counts(): { readonly forecasts: number; readonly verdicts: number } {
    return { forecasts: 0, verdicts: 0 };
  }

  take(record: SpoolRecord): void {
    this.#history.append(record);
  }
}
