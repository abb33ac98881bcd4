import { readManifest } from "../run/manifestFile.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import type { LedgerRow } from "../run/runRows.ts";
import { catalog } from "../theory/catalog.ts";
import { RunHistory } from "../theory/history.ts";
import type { Standing, Verdict } from "../theory/law.ts";
import { isObservationPoint, Ledger } from "../theory/ledger.ts";
import { earlierRuns } from "./earlierRuns.ts";
import { recordsOf } from "./spoolHistory.ts";

/** What the laws would have said at a step, and what became of it since. */
export interface SaidThen {
  /** The step as of which they were asked: the last one recorded at `step` or before. */
  readonly step: number;
  readonly rows: readonly LedgerRow[];
  readonly standings: readonly Standing[];
}

/**
 * Asks every law about a run as it stood when `step` had been recorded, as if none had spoken before, and scores what they say
 * on what the run holds beyond; by default as of its last step. Throws `RunFileError` where the run had not got that far.
 */
export function forecastAt(directory: RunDirectory, step: number = Number.MAX_SAFE_INTEGER): SaidThen {
  const manifest = readManifest(directory);
  const history = new RunHistory(manifest.id, earlierRuns(directory, manifest));
  const ledger = new Ledger(catalog);
  let said: ReturnType<Ledger["observe"]> | undefined;
  let asked = 0;
  const verdicts = new Map<string, Verdict>();
  const ask = () => {
    asked = history.view().step;
    said = ledger.observe(history.view());
  };
  for (const record of recordsOf(directory)) {
    const at = "step" in record ? (record.step ?? history.view().step) : history.view().step;
    if (said === undefined && (at > step || record.t === "end")) ask();
    history.append(record);
    if (said === undefined || !isObservationPoint(record)) continue;
    for (const verdict of ledger.score(history.view())) verdicts.set(verdict.forecast, verdict);
  }
  if (said === undefined) ask();
  if (said === undefined || (step < Number.MAX_SAFE_INTEGER && history.view().step < step)) {
    throw new RunFileError(`The run has got to step ${history.view().step} so far, and not to ${step}.`);
  }
  const rows = said.issued.map((forecast): LedgerRow => {
    const law = catalog.find(({ id }) => id === forecast.law);
    return {
      forecast,
      lawTitle: law?.title ?? forecast.law,
      lawNumber: law?.number ?? "",
      verdict: verdicts.get(forecast.id),
    };
  });
  return { step: asked, rows, standings: said.standings };
}
