/** The few things that are worth interrupting somebody for, each with what can be done about it. */
import path from "node:path";
import * as vscode from "vscode";
import { commands, settings } from "../ids.ts";
import { pythonExtension } from "./pythonInterpreter.ts";
import { RestrictedError } from "./runController.ts";
import type { RunListing } from "./runListing.ts";
import { asError } from "./threadChannel.ts";

/** Shows why a command did not do what it was asked to. */
export async function showFailure(thrown: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const error = asError(thrown);
  log.error(error);
  if (error instanceof RestrictedError) {
    const manage = vscode.l10n.t("Manage Workspace Trust");
    if ((await vscode.window.showWarningMessage(error.message, manage)) === manage) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return;
  }
  const text = withoutLinks(`Orrery: ${error.message}`);
  const show = vscode.l10n.t("Show Log");
  const openSettings = vscode.l10n.t("Open Settings");
  if (error.name === "InterpreterError") {
    const { title, command, arguments: given } = interpreterAction(openSettings);
    if ((await vscode.window.showErrorMessage(text, title)) === title)
      await vscode.commands.executeCommand(command, ...given);
    return;
  }
  // Where a run is kept and what runs it are settings.
  const actions = error.name === "LaunchError" ? [openSettings, show] : [show];
  const chosen = await vscode.window.showErrorMessage(text, ...actions);
  if (chosen === show) log.show();
  if (chosen === openSettings)
    await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:orrery.orrery");
}

/** What selects another Python: the Python extension's own command where it is there, else our setting. */
function interpreterAction(openSettings: string) {
  if (vscode.extensions.getExtension(pythonExtension) !== undefined) {
    return { title: vscode.l10n.t("Select Interpreter"), command: "python.setInterpreter", arguments: [] };
  }
  return { title: openSettings, command: "workbench.action.openSettings", arguments: [settings.pythonPath] };
}

/** Tells of a run that ended in a way that its person has to know; says nothing of the others. */
export async function showEnd(run: RunListing): Promise<void> {
  const text = endText(run);
  if (text === undefined) return;
  const console = vscode.l10n.t("Show Console");
  const open = vscode.l10n.t("Open Run");
  const show = run.status === "failed" ? vscode.window.showErrorMessage : vscode.window.showWarningMessage;
  const chosen = await show(withoutLinks(text), console, open);
  if (chosen === console) await vscode.commands.executeCommand(commands.showConsole, run.directory);
  if (chosen === open) await vscode.commands.executeCommand(commands.openRun, run.directory);
}

function endText(run: RunListing): string | undefined {
  const name = path.basename(run.script);
  // What it announces is on the lines below, which a notification would leave out and the console log shows.
  const why = (run.error.split("\n")[0] ?? "").replace(" Its last output:", "");
  if (run.status === "failed") return vscode.l10n.t("{0} failed at step {1}. {2}", name, run.step, why).trim();
  if (run.status === "diverged") return vscode.l10n.t("{0} diverged at step {1}. {2}", name, run.step, why).trim();
  if (run.status === "finished" && run.step === 0) {
    return vscode.l10n.t("{0} ended without training: no optimizer that Orrery watches took a step.", name);
  }
  return undefined;
}

/** Notifications make links of Markdown's, and what a script says of itself is nothing to click on. */
function withoutLinks(text: string): string {
  return text.replaceAll("](", "] (");
}
