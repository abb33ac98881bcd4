/** Diagnostics, and the edits that answer them. */
import * as vscode from "vscode";
import { commands } from "../../ids.ts";
import type { Subscription } from "../runAccess.ts";
import { scriptSelector } from "../sourceFiles.ts";
import type { InlineDiagnostic, InlineFinding } from "./inlineFinding.ts";
import { rangeOf, type InlineResults } from "./inlineResults.ts";
import { isShown, silencedLaws } from "./inlineSettings.ts";

/** Milliseconds without an edit after which a text is looked at anew. */
const quiet = 300;

const source = "orrery";

const severities: Readonly<Record<InlineDiagnostic["severity"], vscode.DiagnosticSeverity>> = {
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

interface Finding extends InlineFinding {
  readonly diagnostic: InlineDiagnostic;
}

export class InlineDiagnostics implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #results: InlineResults;
  readonly #collection = vscode.languages.createDiagnosticCollection(source);
  readonly #waiting = new Map<
    string,
    { readonly timer: NodeJS.Timeout; readonly abort: vscode.CancellationTokenSource }
  >();
  readonly #subscriptions: readonly Subscription[];

  constructor(results: InlineResults) {
    this.#results = results;
    this.#subscriptions = [
      this.#collection,
      results.onDidChange(() => {
        this.#lookAtAll();
      }),
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.#look(document, 0);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#look(document, quiet);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#cancel(document);
        this.#collection.delete(document.uri);
      }),
      vscode.languages.registerCodeActionsProvider(scriptSelector, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    ];
    // Later, because it starts the thread that parses.
    setImmediate(() => {
      this.#lookAtAll();
    });
  }

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeAction[]> {
    const marked = context.diagnostics.filter((diagnostic) => diagnostic.source === source);
    if (marked.length === 0) return [];
    const findings = (await this.#findings(document, token)).filter((each) => rangeOf(each.range).intersection(range));
    return findings.flatMap((finding) => {
      const own = marked.filter(({ message }) => message === finding.diagnostic.message);
      return own.length === 0 ? [] : actionsOf(document.uri, finding, own);
    });
  }

  dispose(): void {
    for (const { timer, abort } of this.#waiting.values()) {
      clearTimeout(timer);
      abort.dispose();
    }
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #lookAtAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#look(document, 0);
  }

  #look(document: vscode.TextDocument, after: number): void {
    if (vscode.languages.match(scriptSelector, document) === 0) return;
    this.#cancel(document);
    const abort = new vscode.CancellationTokenSource();
    const timer = setTimeout(() => void this.#show(document, abort.token), after);
    this.#waiting.set(document.uri.toString(), { timer, abort });
  }

  #cancel(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    clearTimeout(waiting?.timer);
    waiting?.abort.cancel();
  }

  async #show(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<void> {
    const findings = await this.#findings(document, token);
    if (!token.isCancellationRequested) this.#collection.set(document.uri, findings.map(diagnosticOf));
  }

  async #findings(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly Finding[]> {
    if (!isShown("diagnostics", document)) return [];
    const silenced = silencedLaws(document);
    return (await this.#results.of(document, token)).filter(
      (finding): finding is Finding =>
        finding.diagnostic !== undefined &&
        !silenced.includes(finding.diagnostic.law.id) &&
        !silenced.includes(finding.diagnostic.law.number),
    );
  }
}

function diagnosticOf({ range, diagnostic: { message, severity, law } }: Finding): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(rangeOf(range), message, severities[severity]);
  diagnostic.source = source;
  const value = `${law.number} ${law.id}`;
  diagnostic.code = law.address === undefined ? value : { value, target: vscode.Uri.parse(law.address) };
  return diagnostic;
}

function actionsOf(uri: vscode.Uri, { diagnostic }: Finding, diagnostics: vscode.Diagnostic[]): vscode.CodeAction[] {
  const fixes = diagnostic.fixes.map(({ title, edits }) => {
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
    action.edit = new vscode.WorkspaceEdit();
    for (const { range, text } of edits) {
      action.edit.replace(
        uri,
        new vscode.Range(range.start.line, range.start.column, range.end.line, range.end.column),
        text,
      );
    }
    action.diagnostics = diagnostics;
    return action;
  });
  const { law } = diagnostic;
  const title = vscode.l10n.t("Show no diagnostics of {0} {1}", law.number, law.title);
  const silence = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  silence.command = { title, command: commands.silenceLaw, arguments: [law.id] };
  silence.diagnostics = diagnostics;
  return [...fixes, silence];
}
