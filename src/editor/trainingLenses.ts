/** Over training calls and model definitions: what theory predicts, ▷ Inspect, and how the script's last run went. */
import * as vscode from "vscode";
import type { CodeSite } from "../source/codeSite.ts";
import type { SourcePosition } from "../source/places.ts";
import type { InlineResults } from "./inline/inlineResults.ts";
import { explainCommand } from "./inline/inlineHovers.ts";
import { isShown } from "./inline/inlineSettings.ts";
import type { LastRuns } from "./inline/lastRuns.ts";
import { lensSites, lensTexts, whatIfText, type LensText } from "./lensText.ts";
import type { Subscription } from "./runAccess.ts";
import type { RunIndex } from "./runIndex.ts";
import type { RunListing } from "./runListing.ts";
import { scriptSelector, type SourceFiles } from "./sourceFiles.ts";

export interface LensParts {
  readonly sources: SourceFiles;
  readonly runs: RunIndex;
  readonly lastRuns: LastRuns;
  readonly results: InlineResults;
  readonly log: vscode.LogOutputChannel;
}

export class TrainingLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #parts: LensParts;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: Subscription[] = [];
  readonly onDidChangeCodeLenses = this.#changed.event;
  #shown = "";

  constructor(parts: LensParts) {
    this.#parts = parts;
    const tell = () => {
      this.#changed.fire();
    };
    this.#subscriptions.push(
      this.#changed,
      vscode.languages.registerCodeLensProvider(scriptSelector, this),
      parts.runs.onDidChange(() => {
        this.#update();
      }),
      parts.results.onDidChange(tell),
      vscode.workspace.onDidGrantWorkspaceTrust(tell),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    if (!isShown("codeLens", document)) return [];
    const { sources, runs, results, log } = this.#parts;
    try {
      const sites = lensSites(await sources.sites(document, token));
      const predicted = (await results.of(document, token)).flatMap(({ lens }) =>
        lens === undefined
          ? []
          : [lensAt(placeOf(lens.statement, sites), explainCommand(lens.text, lens.statement.line))],
      );
      const run = runs.newestOf(document.uri.fsPath);
      const texts = this.#texts(run);
      const offered = sites.flatMap(({ statement, kind }) =>
        [...texts, ...(kind === "training" && run?.live !== true ? [whatIfText] : [])].map((text) =>
          lensAt(statement, commandOf(text, document.uri, run)),
        ),
      );
      return [...predicted, ...offered];
    } catch (error) {
      if (!token.isCancellationRequested) log.error("No lenses: the script could not be read.", error);
      return [];
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #texts(run: RunListing | undefined): LensText[] {
    const results = run !== undefined && !this.#parts.lastRuns.isCleared(run.directory);
    return lensTexts({ run, trusted: vscode.workspace.isTrusted, results });
  }

  /** Asks the editor for lenses anew only when one of them would read differently. */
  #update(): void {
    const newest = new Map<string, RunListing>();
    for (const run of this.#parts.runs.runs) if (!newest.has(run.script)) newest.set(run.script, run);
    const shown = JSON.stringify([...newest].map(([script, run]) => [script, run.directory, this.#texts(run)]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed.fire();
  }
}

/** Lines within which statements train together, as `loss.backward()` and `optimizer.step()` do. */
const together = 4;

/** What is predicted of a training stands with what is offered there, where that is over another statement of the same step. */
function placeOf(statement: SourcePosition, sites: readonly CodeSite[]): SourcePosition {
  if (sites.some((site) => site.statement.line === statement.line)) return statement;
  const before = sites.find(({ kind, statement: { line } }) => {
    return kind === "training" && line < statement.line && statement.line <= line + together;
  });
  return before?.statement ?? statement;
}

function lensAt({ line, column }: SourcePosition, command: vscode.Command): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, column, line, column), command);
}

function commandOf(text: LensText, script: vscode.Uri, run: RunListing | undefined): vscode.Command {
  const { title, tooltip, command } = text;
  return { title, tooltip, command, arguments: [text.about === "run" ? run?.directory : script] };
}
