/** ▷ Inspect over training calls and model definitions, and how the script's last run went. */
import * as vscode from "vscode";
import { contextKeys, settings } from "../ids.ts";
import { lensSites, lensTexts, type LensText } from "./lensText.ts";
import type { Subscription } from "./runAccess.ts";
import type { RunIndex } from "./runIndex.ts";
import type { RunListing } from "./runListing.ts";
import { scriptSelector, type SourceFiles } from "./sourceFiles.ts";

export class TrainingLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #sources: SourceFiles;
  readonly #runs: RunIndex;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: Subscription[] = [];
  readonly onDidChangeCodeLenses = this.#changed.event;
  #shown = "";
  /** Runs whose results were cleared from the lines. */
  readonly #cleared = new Set<string>();

  constructor(sources: SourceFiles, runs: RunIndex, log: vscode.LogOutputChannel) {
    this.#sources = sources;
    this.#runs = runs;
    this.#log = log;
    this.#subscriptions.push(
      this.#changed,
      vscode.languages.registerCodeLensProvider(scriptSelector, this),
      runs.onDidChange(() => {
        this.#update();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settings.codeLens)) this.#changed.fire();
      }),
    );
  }

  /** Takes the results of the runs so far off the lines; the next run's come back by themselves. */
  clearResults(): void {
    for (const run of this.#runs.runs) if (!run.live) this.#cleared.add(run.directory);
    this.#update();
  }

  /** Switches all lenses on or off, for this person. */
  async toggle(): Promise<void> {
    const configuration = vscode.workspace.getConfiguration();
    const enabled = configuration.get<boolean>(settings.codeLens, true);
    await configuration.update(settings.codeLens, !enabled, vscode.ConfigurationTarget.Global);
  }

  async provideCodeLenses(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    const enabled = vscode.workspace.getConfiguration("", document).get<boolean>(settings.codeLens, true);
    if (!enabled) return [];
    try {
      const sites = lensSites(await this.#sources.sites(document, token));
      const run = this.#runs.newestOf(document.uri.fsPath);
      const texts = this.#texts(run);
      return sites.flatMap(({ statement }) => {
        const range = new vscode.Range(statement.line, statement.column, statement.line, statement.column);
        return texts.map((text) => new vscode.CodeLens(range, commandOf(text, document.uri, run)));
      });
    } catch (error) {
      if (!token.isCancellationRequested) this.#log.error("No lenses: the script could not be read.", error);
      return [];
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #texts(run: RunListing | undefined): LensText[] {
    const results = run !== undefined && !this.#cleared.has(run.directory);
    return lensTexts({ run, trusted: vscode.workspace.isTrusted, results });
  }

  /** Asks the editor for lenses anew only when one of them would read differently. */
  #update(): void {
    const newest = new Map<string, RunListing>();
    for (const run of this.#runs.runs) if (!newest.has(run.script)) newest.set(run.script, run);
    const shown = JSON.stringify([...newest].map(([script, run]) => [script, run.directory, this.#texts(run)]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    const results = [...newest.values()].some((run) => !run.live && !this.#cleared.has(run.directory));
    void vscode.commands.executeCommand("setContext", contextKeys.inlineResults, results);
    this.#changed.fire();
  }
}

function commandOf(text: LensText, script: vscode.Uri, run: RunListing | undefined): vscode.Command {
  const { title, tooltip, command } = text;
  return { title, tooltip, command, arguments: [text.about === "run" ? run?.directory : script] };
}
