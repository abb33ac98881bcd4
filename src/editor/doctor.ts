/** Which backends, or which Python, a run would find: asked in processes of their own, when first somebody looks, and never in Restricted Mode. */
import * as vscode from "vscode";
import type { Diagnosis, DiagnosisOptions } from "../doctor/diagnosis.ts";
import { settings } from "../ids.ts";
import { isForNode, isPython } from "../recorder/scriptKinds.ts";
import type { BackendKnowledge } from "./backendStatus.ts";
import { pythonFor } from "./pythonInterpreter.ts";
import type { Subscription } from "./runAccess.ts";
import { launchSettings, requireTrust } from "./runController.ts";
import { asError } from "./threadChannel.ts";

const scheme = "orrery-doctor";

export class Doctor implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #probe: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #rewritten = new vscode.EventEmitter<vscode.Uri>();
  readonly #abort = new AbortController();
  readonly #subscriptions: readonly Subscription[];
  readonly #reports = new Map<string, string>();
  #knowledge: BackendKnowledge = { is: "looking" };
  /** Whether somebody has looked at the status since it was last out of date. */
  #asked = false;
  #round = 0;

  /** What is known of the workspace's first folder has changed. */
  readonly onDidChangeStatus = this.#changed.event;
  /** A report that is shown has been made anew. */
  readonly onDidChange = this.#rewritten.event;

  /** `probe` is the bundled process that tries the backends. */
  constructor(probe: string, log: vscode.LogOutputChannel) {
    this.#probe = probe;
    this.#log = log;
    const outdated = () => {
      this.#forget();
    };
    this.#subscriptions = [
      this.#changed,
      this.#rewritten,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidGrantWorkspaceTrust(outdated),
      vscode.workspace.onDidChangeWorkspaceFolders(outdated),
      vscode.workspace.onDidChangeConfiguration((event) => {
        const relevant = [settings.backend, settings.nodePath, settings.nodeArguments];
        if (relevant.some((setting) => event.affectsConfiguration(setting))) outdated();
      }),
    ];
  }

  /** What is known now. The first call sets out to find out, and `onDidChangeStatus` tells when that is done. */
  status(): BackendKnowledge {
    if (!vscode.workspace.isTrusted) return { is: "restricted" };
    if (firstFolder() === undefined) return { is: "nowhere" };
    if (!this.#asked) {
      this.#asked = true;
      void this.#look();
    }
    return this.#knowledge;
  }

  /** Shows the report on the script in front of a person where that is in Python or uses TensorFlow.js, else on the workspace's folder. */
  async show(): Promise<void> {
    requireTrust();
    const document = vscode.window.activeTextEditor?.document;
    const title = vscode.l10n.t("Orrery: looking for what a run would be run with");
    const report = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
      isPythonScript(document) ? pythonReport(document.uri) : this.#backendReport(subjectOf(document)),
    );
    const name = "Orrery Doctor.txt";
    const uri = vscode.Uri.from({ scheme, path: name });
    this.#reports.set(uri.toString(), `${report}\n`);
    this.#rewritten.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
    // Packages may have been installed since the status was last looked at.
    this.#forget();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#reports.get(uri.toString()) ?? vscode.l10n.t("Run the command “Orrery: Doctor” for a report.\n");
  }

  dispose(): void {
    this.#abort.abort();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #forget(): void {
    this.#asked = false;
    this.#changed.fire();
  }

  async #look(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    let found: BackendKnowledge;
    try {
      found = { is: "known", diagnosis: await this.#diagnose(subjectOf(undefined)) };
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      found = { is: "failed", why: asError(error).message };
      this.#log.warn(`The backends could not be tried: ${found.why}`);
    }
    // Settings may have changed meanwhile: a later look knows better.
    if (round !== this.#round) return;
    this.#knowledge = found;
    this.#changed.fire();
  }

  async #backendReport(subject: DiagnosisOptions): Promise<string> {
    const { diagnosisText } = await import("../doctor/diagnosisText.ts");
    return diagnosisText(await this.#diagnose(subject));
  }

  async #diagnose(subject: DiagnosisOptions): Promise<Diagnosis> {
    const { diagnose } = await import("../doctor/diagnosis.ts");
    return diagnose(this.#probe, subject, this.#abort.signal);
  }
}

function isPythonScript(document: vscode.TextDocument | undefined): document is vscode.TextDocument {
  return document?.uri.scheme === "file" && isPython(document.uri.path);
}

async function pythonReport(script: vscode.Uri): Promise<string> {
  const { diagnosePython } = await import("../doctor/pythonDiagnosis.ts");
  const { pythonDiagnosisText } = await import("../doctor/pythonDiagnosisText.ts");
  const { workingDirectory } = launchSettings(script);
  return pythonDiagnosisText(
    await diagnosePython({ workingDirectory, script: script.fsPath, python: await pythonFor(script) }),
  );
}

/** What a run of the document, or else of any script in the workspace's folder, would be started with. */
function subjectOf(document: vscode.TextDocument | undefined): DiagnosisOptions {
  const script =
    document?.uri.scheme === "file" && isForNode(document.uri.path) && document.getText().includes("@tensorflow/")
      ? document.uri
      : undefined;
  if (script !== undefined) {
    const { workingDirectory, backend, node, nodeArguments } = launchSettings(script);
    return { workingDirectory, script: script.fsPath, backend, node, nodeArguments };
  }
  const folder = firstFolder();
  if (folder === undefined) {
    throw new Error(vscode.l10n.t("Open a folder, or a training script that uses TensorFlow.js, to see its backends."));
  }
  const { backend, node, nodeArguments } = launchSettings(folder.uri);
  return { workingDirectory: folder.uri.fsPath, backend, node, nodeArguments };
}

function firstFolder(): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
}
