/** One open file's syntax tree, kept while it is edited. */
import type { Parser, Tree } from "@vscode/tree-sitter-wasm";
import type { CodeSite } from "./codeSite.ts";
import { codeSites } from "./codeSites.ts";
import type { SourceLanguage } from "./grammar.ts";
import type { SourcePosition } from "./places.ts";
import { pythonSites } from "./python/pythonSites.ts";
import { isInScope } from "./scope.ts";

/** One replacement. Offsets are in UTF-16 code units of the text before this edit; edits apply one after the other. */
export interface SourceEdit {
  readonly start: number;
  readonly oldEnd: number;
  readonly inserted: string;
  readonly startPosition: SourcePosition;
  readonly oldEndPosition: SourcePosition;
}

export class SourceFile implements Disposable {
  readonly #parser: Parser;
  readonly #language: SourceLanguage;
  #tree: Tree | undefined;
  /** Of the text as it must be now, in UTF-16 code units. */
  #length = 0;
  #edited = false;
  #sites: readonly CodeSite[] | undefined;

  /** `parser` is that of the language. */
  constructor(parser: Parser, language: SourceLanguage) {
    this.#parser = parser;
    this.#language = language;
  }

  /** Tells the file of an edit; the next `sites` parses only what has changed. */
  edit(edit: SourceEdit): void {
    this.#sites = undefined;
    this.#edited = true;
    this.#length += edit.inserted.length - (edit.oldEnd - edit.start);
    const { row, column } = endOf(edit);
    this.#tree?.edit({
      startIndex: edit.start,
      oldEndIndex: edit.oldEnd,
      newEndIndex: edit.start + edit.inserted.length,
      startPosition: { row: edit.startPosition.line, column: edit.startPosition.column },
      oldEndPosition: { row: edit.oldEndPosition.line, column: edit.oldEndPosition.column },
      newEndPosition: { row, column },
    });
  }

  /**
   * The sites in `text`, the text after all edits told of; the same array until the next edit. A text whose length is not
   * what the edits make it (one whose line ends were changed, say) is parsed anew.
   */
  sites(text: string): readonly CodeSite[] {
    if (text.length !== this.#length) this.forget();
    this.#length = text.length;
    this.#sites ??= this.#read(text);
    return this.#sites;
  }

  #read(text: string): readonly CodeSite[] {
    if (!isInScope(text, this.#language)) {
      this.#deleteTree();
      return [];
    }
    if (this.#tree === undefined || this.#edited) {
      const tree = this.#parser.parse(text, this.#tree) ?? undefined;
      this.#deleteTree();
      this.#tree = tree;
    }
    if (this.#tree === undefined) return [];
    return this.#language === "python" ? pythonSites(this.#tree, text) : codeSites(this.#tree, text);
  }

  /** The next `sites` parses the whole text. */
  forget(): void {
    this.#sites = undefined;
    this.#deleteTree();
  }

  #deleteTree(): void {
    this.#tree?.delete();
    this.#tree = undefined;
    this.#edited = false;
  }

  [Symbol.dispose](): void {
    this.forget();
  }
}

function endOf(edit: SourceEdit): { row: number; column: number } {
  const lines = edit.inserted.split("\n");
  const last = lines.at(-1) ?? "";
  return lines.length === 1
    ? { row: edit.startPosition.line, column: edit.startPosition.column + last.length }
    : { row: edit.startPosition.line + lines.length - 1, column: last.length };
}
