/** `Orrery: Import Run…`: from a folder that was recorded elsewhere, or a log, to a run and its panel. */
import * as vscode from "vscode";
import type { ReaderService } from "./readerService.ts";
import type { RunPanels } from "./runAccess.ts";
import { requireTrust } from "./runController.ts";
import { runsRoot, type RunIndex } from "./runIndex.ts";
import { WorkerThread } from "./workerThread.ts";

export interface ImportParts {
  readonly runs: Pick<RunIndex, "refresh">;
  readonly panels: Pick<RunPanels, "open">;
  /** The bundled thread that reads runs. */
  readonly reader: string;
  /** Told of what goes wrong while nobody waits. */
  readonly report: (error: Error) => void;
}

/** Asks for the run's folder or log. Throws with what to do where it holds no run, or one that is here already. */
export async function importRun({ runs, panels, reader, report }: ImportParts): Promise<void> {
  requireTrust();
  const folder = await targetFolder();
  if (folder === undefined) return;
  const from = await whatToImport();
  if (from === undefined) return;
  // A thread of its own: a long run takes a while to be read, and what is shown meanwhile goes on being read by the other.
  const thread = new WorkerThread<ReaderService>({ script: reader, name: "Orrery run import", report });
  try {
    const title = vscode.l10n.t("Orrery: importing a run");
    const directory = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      thread.call("importRun", [from.fsPath, runsRoot(folder)]),
    );
    await runs.refresh();
    panels.open(directory);
  } finally {
    thread.dispose();
  }
}

/** A dialog of the system shows files or folders, not both: which is asked first. */
async function whatToImport(): Promise<vscode.Uri | undefined> {
  const kinds = [
    { label: vscode.l10n.t("Folder of a run, which holds its spool.jsonl"), isLog: false },
    {
      label: vscode.l10n.t("Log of a training: console output, CSV, JSON lines, or events of TensorBoard"),
      isLog: true,
    },
  ];
  const kind = await vscode.window.showQuickPick(kinds, { placeHolder: vscode.l10n.t("What is to be imported?") });
  if (kind === undefined) return undefined;
  const chosen = await vscode.window.showOpenDialog({
    title: kind.label,
    openLabel: vscode.l10n.t("Import Run"),
    canSelectFiles: kind.isLog,
    canSelectFolders: !kind.isLog,
    canSelectMany: false,
  });
  return chosen?.[0];
}

/** The workspace folder whose runs it is to be one of; undefined where the person chose none. */
async function targetFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  if (folders.length === 0) {
    throw new Error(vscode.l10n.t("Open the folder first that the run is to be kept in, then import it."));
  }
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({ placeHolder: vscode.l10n.t("Which folder's run is it to be?") });
}
