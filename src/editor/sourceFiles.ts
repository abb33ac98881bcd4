/** Keeps the syntax trees of open scripts, fed by the editor's own edits. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { CodeSite } from "../source/codeSites.ts";
import type { Grammars, SourceLanguage } from "../source/grammar.ts";
import type { SourceFile } from "../source/sourceFile.ts";

const languages: Readonly<Record<string, SourceLanguage>> = {
  javascript: "javascript",
  javascriptreact: "javascript",
  typescript: "typescript",
  typescriptreact: "tsx",
};

export const scriptSelector: vscode.DocumentSelector = Object.keys(languages).flatMap((language) => [
  { language, scheme: "file" },
  { language, scheme: "untitled" },
]);

export class SourceFiles implements vscode.Disposable {
  readonly #folder: string;
  readonly #files = new Map<string, Promise<SourceFile>>();
  readonly #subscriptions: vscode.Disposable[];
  #grammars: Promise<Grammars> | undefined;

  /** `folder` holds the grammars' WebAssembly files. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument((event) => {
        this.#edit(event);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#forget(document.uri.toString());
      }),
    ];
  }

  /** Training calls and model definitions of a document as it stands. */
  async sites(document: vscode.TextDocument): Promise<readonly CodeSite[]> {
    const language = languages[document.languageId];
    if (language === undefined) return [];
    const key = document.uri.toString();
    let file = this.#files.get(key);
    if (file === undefined) {
      file = this.#open(language);
      this.#files.set(key, file);
      file.catch(() => this.#files.delete(key));
    }
    // The text is taken after the grammar has come, so that it has every edit that the file was told of.
    const opened = await file;
    return document.isClosed ? [] : opened.sites(document.getText());
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const key of [...this.#files.keys()]) this.#forget(key);
  }

  async #open(language: SourceLanguage): Promise<SourceFile> {
    this.#grammars ??= loadGrammars(this.#folder);
    const [grammars, source] = await Promise.all([this.#grammars, import("../source/sourceFile.ts")]);
    return new source.SourceFile(await grammars.parser(language));
  }

  #edit(event: vscode.TextDocumentChangeEvent): void {
    void this.#files.get(event.document.uri.toString())?.then((file) => {
      for (const change of event.contentChanges) {
        file.edit({
          start: change.rangeOffset,
          oldEnd: change.rangeOffset + change.rangeLength,
          inserted: change.text,
          startPosition: { line: change.range.start.line, column: change.range.start.character },
          oldEndPosition: { line: change.range.end.line, column: change.range.end.character },
        });
      }
    });
  }

  #forget(key: string): void {
    void this.#files.get(key)?.then((file) => {
      file[Symbol.dispose]();
    });
    this.#files.delete(key);
  }
}

async function loadGrammars(folder: string): Promise<Grammars> {
  const { Grammars } = await import("../source/grammar.ts");
  return new Grammars({
    runtime: path.join(folder, "tree-sitter.wasm"),
    read: (grammar) => readFile(path.join(folder, `tree-sitter-${grammar}.wasm`)),
  });
}
