import type { RunOverview } from "../src/editor/messages.ts";

/** Whether the training process may still write. */
export function isLive(overview: RunOverview): boolean {
  return overview.status === "starting" || overview.status === "running" || overview.status === "paused";
}

/** What happens, or happened, while there is no curve at all to show. */
export function nothingTrained(overview: RunOverview): string {
  if (overview.status === "starting") return "Starting the script …";
  if (isLive(overview)) return "Waiting for the first step: the script runs and has not updated any weights yet.";
  if (overview.status === "failed") return "This script failed before its first training step.";
  if (overview.status === "stopped") return "This run was stopped before its first training step.";
  return "This script never trained: it ended without one step of an optimizer of TensorFlow.js.";
}

/** Why a chart is empty. */
export function nothingMeasured(overview: RunOverview, title: string): string {
  return isLive(overview)
    ? `Waiting for the first measurement of ${title.toLowerCase()} …`
    : `${title} was not measured in this run. The notes below may say why.`;
}

/** What went wrong, in the script's or the system's own words; undefined where nothing did. */
export function troubleText(overview: RunOverview): string | undefined {
  if (overview.status === "failed") return overview.error || "The script failed. Its console output says more.";
  if (overview.status === "diverged") return overview.error || "The loss is no longer a finite number.";
  return overview.error === "" ? undefined : overview.error;
}
