/** Hovers: each number with all that stands behind it. */
import * as vscode from "vscode";
import { commands } from "../../ids.ts";
import type { Subscription } from "../runAccess.ts";
import { scriptSelector } from "../sourceFiles.ts";
import { hoverCommands, hoverMarkdown } from "./hoverMarkdown.ts";
import { rangeOf, type InlineResults } from "./inlineResults.ts";
import type { InlineFact, InlineFinding } from "./inlineFinding.ts";
import { isShown } from "./inlineSettings.ts";

export class InlineHovers implements vscode.HoverProvider, vscode.Disposable {
  readonly #results: InlineResults;
  readonly #subscription: Subscription;
  /** A hover that was asked for by command is shown even where hovers are switched off. */
  #asked: vscode.Uri | undefined;

  constructor(results: InlineResults) {
    this.#results = results;
    this.#subscription = vscode.languages.registerHoverProvider(scriptSelector, this);
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    if (!isShown("hovers", document) && this.#asked !== document.uri) return undefined;
    const about = findingsAt(await this.#results.of(document, token), position);
    const [first] = about;
    return first && new vscode.Hover(hoverString(about.flatMap(({ facts }) => facts)), rangeOf(first.range));
  }

  /** Shows what is known of the line with the cursor, or of the line that a lens names. */
  async explain(target: unknown): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return;
    const line = typeof target === "number" ? target : editor.selection.active.line;
    const known = (await this.#results.of(editor.document, new vscode.CancellationTokenSource().token)).filter(
      ({ facts, range }) => facts.length > 0 && range.start.line <= line && line <= range.end.line,
    );
    const under = known.find(({ range }) => rangeOf(range).contains(editor.selection.active));
    const [finding = under] = typeof target === "number" || under === undefined ? smallestFirst(known) : [under];
    if (finding === undefined) {
      const nothing = vscode.l10n.t(
        "Orrery knows nothing of this line. It reads models, optimizers and training calls.",
      );
      void vscode.window.showInformationMessage(nothing);
      return;
    }
    const at = rangeOf(finding.range).start;
    if (finding !== under) editor.selection = new vscode.Selection(at, at);
    this.#asked = editor.document.uri;
    try {
      await vscode.commands.executeCommand("editor.action.showHover", { focus: "noAutoFocus" });
    } finally {
      this.#asked = undefined;
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

export function hoverString(facts: readonly InlineFact[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString(hoverMarkdown(facts));
  text.isTrusted = { enabledCommands: [...hoverCommands] };
  return text;
}

/** The command that a lens with a prediction calls. */
export function explainCommand(title: string, line: number): vscode.Command {
  const tooltip = vscode.l10n.t("Show how this was predicted, what it assumes and where it comes from");
  return { title, tooltip, command: commands.explainLine, arguments: [line] };
}

/** Those with something to say that hold a position and no smaller one does. */
function findingsAt(findings: readonly InlineFinding[], position: vscode.Position): readonly InlineFinding[] {
  const holding = findings.filter(({ facts, range }) => facts.length > 0 && rangeOf(range).contains(position));
  const [smallest] = smallestFirst(holding);
  return smallest === undefined ? [] : holding.filter(({ range }) => rangeOf(range).isEqual(rangeOf(smallest.range)));
}

function smallestFirst(findings: readonly InlineFinding[]): readonly InlineFinding[] {
  return findings.toSorted((one, other) => (rangeOf(other.range).contains(rangeOf(one.range)) ? -1 : 1));
}
