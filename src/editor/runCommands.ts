/** The commands about a run, from the palette, a lens, the status bar or the runs view. */
import path from "node:path";
import * as vscode from "vscode";
import { commands } from "../ids.ts";
import type { RunPanels, RunRequest } from "./runAccess.ts";
import { requireTrust, type RunController } from "./runController.ts";
import type { RunIndex } from "./runIndex.ts";
import { runDescription, shownStatus, type RunListing } from "./runListing.ts";

export interface RunParts {
  readonly runs: RunIndex;
  readonly controller: RunController;
  readonly panels: RunPanels;
}

type Wanted = (run: RunListing) => boolean;

/** Each command's work, given the run's directory. */
export function runCommands(parts: RunParts): ReadonlyMap<string, (target: unknown) => Promise<void>> {
  const { runs, controller, panels } = parts;
  const onRun = (wanted: Wanted, ask: string, act: (directory: string) => Thenable<void> | void) => {
    return async (target: unknown) => {
      const directory = directoryOf(target) ?? (await chooseRun(runs.runs.filter(wanted), ask));
      if (directory !== undefined) await act(directory);
    };
  };
  const onLive = (wanted: Wanted, ask: string, request: RunRequest) => {
    const act = onRun(wanted, ask, (directory) => controller.request(directory, request));
    return (target: unknown) => {
      requireTrust();
      return act(target);
    };
  };
  const { l10n } = vscode;
  return new Map([
    [commands.stop, onLive(isLive, l10n.t("Which run is to be stopped?"), "stop")],
    [commands.pause, onLive(isRunning, l10n.t("Which run is to be paused?"), "pause")],
    [commands.resume, onLive(isPaused, l10n.t("Which run is to go on?"), "resume")],
    [commands.measure, onLive(isRunning, l10n.t("In which run is the sharpness to be measured?"), "measure")],
    [commands.openRun, onRun(isAny, l10n.t("Which run is to be opened?"), openIn(panels))],
    [commands.showConsole, onRun(isAny, l10n.t("Whose output?"), (run) => controller.showConsole(run))],
    [commands.deleteRun, onRun(isEndedRun, l10n.t("Which run is to be deleted?"), (run) => deleteRun(run, runs))],
    [commands.revealRun, onRun(isAny, l10n.t("Which run's folder?"), reveal)],
    [commands.copyRunPath, onRun(isAny, l10n.t("Which run's path?"), (run) => vscode.env.clipboard.writeText(run))],
  ]);
}

function isAny(): boolean {
  return true;
}

function isLive(run: RunListing): boolean {
  return run.live;
}

function isRunning(run: RunListing): boolean {
  return run.live && run.status !== "paused";
}

function isPaused(run: RunListing): boolean {
  return run.live && run.status === "paused";
}

function isEndedRun(run: RunListing): boolean {
  return !run.live;
}

/** Lenses and the status bar give a directory, the runs view its item, the palette nothing. */
function directoryOf(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const isItem = typeof target === "object" && target !== null && "directory" in target;
  return isItem && typeof target.directory === "string" ? target.directory : undefined;
}

/** The only one without a question; undefined where there is none, or where the person chose none. */
async function chooseRun(runs: readonly RunListing[], ask: string): Promise<string | undefined> {
  const [only, ...others] = runs;
  if (only === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no run that this could be about."));
    return undefined;
  }
  if (others.length === 0) return only.directory;
  const now = Date.now();
  const items = runs.map((run) => ({
    label: run.script === "" ? run.id : path.basename(run.script),
    description: run.live ? runDescription(run, now) : `${shownStatus(run)} · ${runDescription(run, now)}`,
    detail: run.directory,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: ask,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.detail;
}

function openIn(panels: RunPanels): (directory: string) => void {
  return (directory) => {
    panels.open(directory);
  };
}

async function reveal(directory: string): Promise<void> {
  await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(directory));
}

async function deleteRun(directory: string, runs: RunIndex): Promise<void> {
  if (runs.find(directory)?.live === true) {
    throw new Error(vscode.l10n.t("This run is live. Stop it before you delete it."));
  }
  const confirm = vscode.l10n.t("Delete");
  const detail = vscode.l10n.t(
    "{0}\n\nIts records, its forecasts and its console log are deleted for good.",
    directory,
  );
  const question = vscode.l10n.t("Delete this run?");
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, confirm)) !== confirm) return;
  await vscode.workspace.fs.delete(vscode.Uri.file(directory), { recursive: true, useTrash: false });
  await runs.refresh();
}
