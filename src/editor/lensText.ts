/** What the lens over a training call or a model definition says. Knows nothing of the editor. */
import { commands } from "../ids.ts";
import type { CodeSite } from "../source/codeSite.ts";
import { shownStatus, verdictSummary, type RunListing } from "./runListing.ts";

export interface LensText {
  readonly title: string;
  readonly tooltip: string;
  readonly command: string;
  /** Whether the command is about the run; else it is about the script. */
  readonly about: "run" | "script";
}

export interface LensCircumstances {
  /** The script's newest run, if any. */
  readonly run: RunListing | undefined;
  /** Nothing is started in Restricted Mode. */
  readonly trusted: boolean;
  /** False after results were cleared. */
  readonly results: boolean;
}

/** Titles do not change from step to step, so that lines do not jump while a run is live. */
export function lensTexts({ run, trusted, results }: LensCircumstances): LensText[] {
  if (run?.live === true) return liveTexts(run, trusted);
  const texts: LensText[] = [];
  if (trusted) {
    texts.push({
      title: "▷ Inspect",
      tooltip: "Run this script as it is, and watch loss and sharpness beside what theory forecasts",
      command: commands.inspect,
      about: "script",
    });
  }
  if (run !== undefined && results) {
    texts.push({
      title: lastRunText(run),
      tooltip: "Open this script's last run",
      command: commands.openRun,
      about: "run",
    });
  }
  return texts;
}

/** Over training calls alone: what is trained there is what would be another. */
export const whatIfText: LensText = {
  title: "What if…",
  tooltip: "Put another number in the place of one of this text, and see what would be predicted; nothing is run",
  command: commands.whatIf,
  about: "script",
};

function liveTexts(run: RunListing, trusted: boolean): LensText[] {
  const show: LensText = {
    title: run.status === "paused" ? "◉ Paused" : "◉ Running",
    tooltip: "Open the run of this script that is live",
    command: commands.openRun,
    about: "run",
  };
  const stop: LensText = {
    title: "□ Stop",
    tooltip: "End the run and every process that it started",
    command: commands.stop,
    about: "run",
  };
  return trusted ? [show, stop] : [show];
}

function lastRunText(run: RunListing): string {
  const status = shownStatus(run);
  const verdicts = verdictSummary(run.verdicts);
  if (status === "finished" && verdicts !== "") return `last run ${verdicts}`;
  return verdicts === "" ? `last run ${status}` : `last run ${status}, ${verdicts}`;
}

/** One site a line, in the order of the text: where a model is defined and trained on one line, the training call. */
export function lensSites(sites: readonly CodeSite[]): readonly CodeSite[] {
  const byLine = Map.groupBy(sites, (site) => site.statement.line);
  return [...byLine.values()].flatMap((group) => group.find((site) => site.kind === "training") ?? group.slice(0, 1));
}
