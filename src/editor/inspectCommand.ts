/** `Orrery: Inspect This Script`, with arguments or without: from the document in front of a person to a live run and its panel. */
import path from "node:path";
import * as vscode from "vscode";
import type { RunPanels } from "./runAccess.ts";
import { requireTrust, type RunController } from "./runController.ts";
import { areReadable, scriptArguments } from "./scriptArguments.ts";

export interface InspectParts {
  readonly controller: Pick<RunController, "inspect">;
  readonly panels: Pick<RunPanels, "open">;
}

/** A script's arguments, or undefined where the person thought better of it. */
type AskArguments = (script: vscode.Uri) => Thenable<readonly string[] | undefined>;

/** Inspects the script that `target` names, else the one in the active editor. Throws with what to do. */
export async function inspectScript(target: unknown, parts: InspectParts, ask?: AskArguments): Promise<void> {
  requireTrust();
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) {
    const advice = vscode.l10n.t("Open the training script that is to be inspected, then run this command again.");
    void vscode.window.showInformationMessage(advice);
    return;
  }
  const script = await saved(uri);
  if (script === undefined) return;
  const given = ask === undefined ? [] : await ask(script);
  if (given === undefined) return;
  const title = vscode.l10n.t("Orrery: starting {0}", path.basename(script.fsPath));
  const directory = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    parts.controller.inspect(script, given),
  );
  parts.panels.open(directory, { preserveFocus: true });
}

/** Asks for the script's arguments first, and offers those that it was given the last time in this workspace. */
export async function inspectWithArguments(
  target: unknown,
  parts: InspectParts,
  memory: Pick<vscode.Memento, "get" | "update">,
): Promise<void> {
  await inspectScript(target, parts, async (script) => {
    const key = `arguments:${script.fsPath}`;
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t("Arguments of {0}", path.basename(script.fsPath)),
      prompt: vscode.l10n.t("Quotes keep words together, as in a shell. Leave this empty for none."),
      placeHolder: "--epochs 100 --name 'first try'",
      value: memory.get(key, ""),
      ignoreFocusOut: true,
      validateInput: (typed) =>
        areReadable(typed, process.platform)
          ? undefined
          : vscode.l10n.t("A quote is not closed, or nothing follows \\."),
    });
    if (text === undefined) return undefined;
    await memory.update(key, text.trim() === "" ? undefined : text);
    return scriptArguments(text, process.platform);
  });
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
