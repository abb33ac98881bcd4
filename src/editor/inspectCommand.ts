/** `Orrery: Inspect This Script`: from the document in front of a person to a live run and its panel. */
import path from "node:path";
import * as vscode from "vscode";
import type { RunPanels } from "./runAccess.ts";
import { requireTrust, type RunController } from "./runController.ts";

/** Inspects the script that `target` names, else the one in the active editor. Throws with what to do. */
export async function inspectScript(target: unknown, controller: RunController, panels: RunPanels): Promise<void> {
  requireTrust();
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) {
    const advice = vscode.l10n.t("Open the training script that is to be inspected, then run this command again.");
    void vscode.window.showInformationMessage(advice);
    return;
  }
  const script = await saved(uri);
  if (script === undefined) return;
  const title = vscode.l10n.t("Orrery: starting {0}", path.basename(script.fsPath));
  const directory = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    controller.inspect(script),
  );
  panels.open(directory, { preserveFocus: true });
}

/** Where the script lies on disk as it stands in the editor; undefined where the person chose not to save it. */
async function saved(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (document?.isUntitled === true) {
    const save = vscode.l10n.t("Save As…");
    const detail = vscode.l10n.t("Node runs scripts from disk, and the run remembers where its script lies.");
    const question = vscode.l10n.t("Save this script before it is inspected?");
    if ((await vscode.window.showInformationMessage(question, { modal: true, detail }, save)) !== save)
      return undefined;
    return vscode.workspace.saveAs(uri);
  }
  if (uri.scheme !== "file") {
    throw new Error(
      vscode.l10n.t("Only scripts on this machine's disk can be inspected; this one is at {0}.", uri.toString()),
    );
  }
  if (document?.isDirty === true && !(await document.save())) {
    throw new Error(vscode.l10n.t("{0} could not be saved, so it was not run.", path.basename(uri.fsPath)));
  }
  return uri;
}
