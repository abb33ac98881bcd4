/** What if…: one literal is another one, and what would be predicted then is told beside what is predicted now. Nothing is run. */
import * as vscode from "vscode";
import type { SourceFiles } from "../sourceFiles.ts";
import { rangeOf } from "./inlineResults.ts";
import type { NamedLiteral } from "./namedLiterals.ts";
import { whatIfRows, type WhatIfRow } from "./whatIfRows.ts";

interface LiteralItem extends vscode.QuickPickItem {
  readonly literal: NamedLiteral;
}

interface RowItem extends vscode.QuickPickItem {
  readonly writes: boolean;
}

/** @param target the document's address; the active editor's where there is none */
export async function whatIf(target: unknown, sources: SourceFiles): Promise<void> {
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) return;
  const document = await vscode.workspace.openTextDocument(uri);
  const { token } = new vscode.CancellationTokenSource();
  const literals = await sources.literals(document, token);
  if (literals.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No number of this text decides what is predicted of it."));
    return;
  }
  const items = literals.map((literal): LiteralItem => {
    const line = document.lineAt(literal.range.start.line);
    return { label: literal.name, description: String(literal.value), detail: line.text.trim(), literal };
  });
  const title = vscode.l10n.t("What if…");
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: vscode.l10n.t("Which number?") });
  if (chosen === undefined) return;
  const { literal } = chosen;
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("{0}, which is {1}", literal.name, String(literal.value)),
    value: String(literal.value),
    validateInput: (typed) => (isNumber(typed) ? undefined : vscode.l10n.t("A number is needed.")),
  });
  if (text === undefined) return;
  await tell(document, literal, text.trim(), sources, token);
}

async function tell(
  document: vscode.TextDocument,
  literal: NamedLiteral,
  text: string,
  sources: SourceFiles,
  token: vscode.CancellationToken,
): Promise<void> {
  const { version } = document;
  const range = rangeOf(literal.range);
  const now = await sources.findings(document, undefined, token);
  const then = await sources.findingsWith(document, { range, text }, token);
  const items = whatIfRows(now, then).map((row): RowItem => ({ ...itemOf(row), writes: false }));
  const write = vscode.l10n.t("Write {0} into the text", text);
  const placeHolder =
    items.length === 0
      ? vscode.l10n.t("Nothing that is predicted would be another")
      : vscode.l10n.t("What would be predicted, read off the text; nothing was run");
  const chosen = await vscode.window.showQuickPick([...items, { label: `$(edit) ${write}`, writes: true }], {
    title: vscode.l10n.t("{0} {1} instead of {2}", literal.name, text, String(literal.value)),
    placeHolder,
    matchOnDescription: true,
  });
  if (chosen?.writes !== true || document.version !== version) return;
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, range, text);
  await vscode.workspace.applyEdit(edit);
}

function itemOf({ what, change, kind }: WhatIfRow): vscode.QuickPickItem {
  switch (kind) {
    case "prediction":
      return { label: what, detail: change };
    case "marked":
      return { label: `$(info) ${what}`, description: vscode.l10n.t("would be marked"), detail: change };
    case "no longer marked":
      return { label: `$(pass) ${what}`, description: vscode.l10n.t("would no longer be marked"), detail: change };
  }
}

/** As both languages write one. */
function isNumber(text: string): boolean {
  return /^\s*-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text);
}
