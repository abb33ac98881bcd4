/** What there is to say beside the lines of open scripts, found in other threads and shared by the surfaces that show it. */
import * as vscode from "vscode";
import type { Subscription } from "../runAccess.ts";
import type { SourceFiles } from "../sourceFiles.ts";
import { asError } from "../threadChannel.ts";
import type { InlineFinding } from "./inlineFinding.ts";
import { affectsInline } from "./inlineSettings.ts";
import type { LastRuns } from "./lastRuns.ts";

export class InlineResults implements vscode.Disposable {
  readonly #sources: SourceFiles;
  readonly #runs: LastRuns;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly Subscription[];

  /** What is shown may be another although no text has changed. */
  readonly onDidChange = this.#changed.event;

  constructor(sources: SourceFiles, runs: LastRuns, log: vscode.LogOutputChannel) {
    this.#sources = sources;
    this.#runs = runs;
    this.#log = log;
    const tell = () => {
      this.#changed.fire();
    };
    this.#subscriptions = [
      this.#changed,
      runs.onDidChange(tell),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affectsInline(event)) tell();
      }),
    ];
  }

  /** Nothing where the text, or the run, cannot be read: the log says why. */
  async of(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly InlineFinding[]> {
    try {
      return await this.#sources.findings(document, await this.#runOf(document), token);
    } catch (error) {
      if (!token.isCancellationRequested)
        this.#log.error(`Nothing is shown beside the lines: ${asError(error).message}`);
      return [];
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** A run that cannot be read is no reason to say nothing of the text. */
  async #runOf(document: vscode.TextDocument) {
    try {
      return await this.#runs.of(document);
    } catch (error) {
      this.#log.error(`The last run cannot be read: ${asError(error).message}`);
      return undefined;
    }
  }
}

export function rangeOf({ start, end }: InlineFinding["range"]): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}
