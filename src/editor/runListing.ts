/** One line of the runs view, and the words for it. Knows nothing of the editor. */
import type { RunStatus } from "../run/runRows.ts";

export interface VerdictCounts {
  readonly held: number;
  readonly broken: number;
  readonly outOfRegime: number;
  readonly unresolved: number;
  readonly pending: number;
}

export interface RunListing {
  readonly directory: string;
  readonly id: string;
  /** Absolute path of the script; empty where `run.json` cannot be read. */
  readonly script: string;
  /** Milliseconds since the epoch; 0 where unknown. */
  readonly startedAt: number;
  readonly status: RunStatus;
  /** Whether it has not ended and one of its processes lives or is being started. */
  readonly live: boolean;
  /**
   * Whether a recorder has to be started again: it has not ended and none follows it, or its file is of an earlier version of
   * Orrery.
   */
  readonly orphaned: boolean;
  readonly step: number;
  /** The latest training loss; NaN where it is NaN, undefined where there is none. */
  readonly loss: number | undefined;
  /** The latest sharpness and the threshold of the optimizer's stability, where both are known. */
  readonly sharpness: { readonly value: number; readonly threshold: number | undefined } | undefined;
  readonly verdicts: VerdictCounts;
  /** Why it failed, in the script's own words. */
  readonly error: string;
  /** Why it cannot be read, and what to do; empty where it can. */
  readonly problem: string;
}

/** What a person is told: a run that has not ended but whose process is gone is `interrupted`. */
export type ShownStatus = RunStatus | "interrupted" | "unreadable";

export const noVerdicts: VerdictCounts = { held: 0, broken: 0, outOfRegime: 0, unresolved: 0, pending: 0 };

export function isEnded(status: RunStatus): boolean {
  return status === "finished" || status === "stopped" || status === "failed" || status === "diverged";
}

export function shownStatus(run: RunListing): ShownStatus {
  if (run.problem !== "") return "unreadable";
  return run.live || isEnded(run.status) ? run.status : "interrupted";
}

/** "held 2 of 3": of the forecasts that came to a verdict within their law's regime; empty where there is none. */
export function verdictSummary(counts: VerdictCounts): string {
  const scored = counts.held + counts.broken;
  if (scored > 0) return `held ${counts.held} of ${scored}`;
  if (counts.outOfRegime > 0) return "out of regime";
  return "";
}

/** At most four significant digits, and never a false zero: 0.04213, 1.2e-7, NaN. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−");
}

/** Whole steps, in groups of three: 12,345. */
function stepText(step: number): string {
  return step.toLocaleString("en-US");
}

/** "12 s ago", "3 min ago", "2 days ago". */
export function ageText(startedAt: number, now: number): string {
  if (startedAt === 0) return "";
  const seconds = Math.max(0, (now - startedAt) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** The grey text behind a run's name in the runs view. */
export function runDescription(run: RunListing, now: number): string {
  const status = shownStatus(run);
  const parts = [
    run.live ? status : verdictSummary(run.verdicts),
    status === "unreadable" || run.step === 0 ? "" : `step ${stepText(run.step)}`,
    run.loss === undefined ? "" : `loss ${shortNumber(run.loss)}`,
    run.live ? verdictSummary(run.verdicts) : ageText(run.startedAt, now),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What a screen reader says of a run: everything that the icon and its colour say too. */
export function runAccessibleLabel(run: RunListing, name: string, now: number): string {
  return [name, shownStatus(run), runDescription(run, now)].filter((part) => part !== "").join(", ");
}

/** The status bar's text beside its icon. */
export function liveText(run: RunListing): string {
  if (run.status === "starting") return "Orrery: starting";
  const parts = [`step ${stepText(run.step)}`];
  if (run.loss !== undefined) parts.push(`loss ${shortNumber(run.loss)}`);
  if (run.sharpness !== undefined) {
    const { value, threshold } = run.sharpness;
    parts.push(`sharpness ${shortNumber(value)}${threshold === undefined ? "" : ` of ${shortNumber(threshold)}`}`);
  }
  if (run.status === "paused") parts.push("paused");
  return parts.join(" · ");
}
