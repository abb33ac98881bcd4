/** One open file's syntax tree, kept while it is edited. */
import type { Parser, Tree } from "@vscode/tree-sitter-wasm";
import type { CodeSite } from "./codeSite.ts";
import { codeSites } from "./codeSites.ts";
import type { SourceLanguage } from "./grammar.ts";
import type { SourcePosition } from "./places.ts";
import { pythonSites } from "./python/pythonSites.ts";
import { isInScope } from "./scope.ts";
import { Memo } from "./interpret/memo.ts";
import { SyntaxTree, TooDeep } from "./interpret/syntaxTree.ts";
import type { SourceSketch } from "./sketch/sourceSketch.ts";
import { sketchSource } from "./sketchSource.ts";

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
  /** A copy of the tree that was last asked about, for what of it is left in the next one. */
  #syntax: SyntaxTree | undefined;
  /** Of the text as it must be now, in UTF-16 code units. */
  #length = 0;
  readonly #memo = new Memo();
  #edited = false;
  #sites: readonly CodeSite[] | undefined;
  /** Null where there is none. */
  #sketch: SourceSketch | null | undefined;

  /** `parser` is that of the language. */
  constructor(parser: Parser, language: SourceLanguage) {
    this.#parser = parser;
    this.#language = language;
  }

  /** Tells the file of an edit; the next question parses only what has changed. */
  edit(edit: SourceEdit): void {
    this.#forgetAnswers();
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
    this.#take(text);
    this.#sites ??=
      this.#read(text, (tree) => (this.#language === "python" ? pythonSites(tree, text) : codeSites(tree, text))) ?? [];
    return this.#sites;
  }

  /** What `text` says of what it trains and how, as `sites` else; undefined where it says nothing. */
  sketch(text: string): SourceSketch | undefined {
    this.#take(text);
    if (this.#sketch === undefined) this.#sketch = this.#read(text, (tree) => this.#sketchOf(tree, text)) ?? null;
    return this.#sketch ?? undefined;
  }

  #sketchOf(tree: Tree, text: string): SourceSketch | undefined {
    try {
      this.#syntax = SyntaxTree.of(tree, text, this.#syntax);
    } catch (error) {
      if (error instanceof TooDeep) return undefined;
      throw error;
    }
    return sketchSource(this.#syntax.root, this.#language, this.#memo);
  }

  #take(text: string): void {
    if (text.length !== this.#length) this.forget();
    this.#length = text.length;
  }

  #read<T>(text: string, of: (tree: Tree) => T): T | undefined {
    if (!isInScope(text, this.#language)) {
      this.#deleteTree();
      return undefined;
    }
    if (this.#tree === undefined || this.#edited) {
      const tree = this.#parser.parse(text, this.#tree) ?? undefined;
      this.#deleteTree();
      this.#tree = tree;
    }
    return this.#tree === undefined ? undefined : of(this.#tree);
  }

  /** The next question parses the whole text. */
  forget(): void {
    this.#forgetAnswers();
    this.#deleteTree();
  }

  #forgetAnswers(): void {
    this.#sites = undefined;
    this.#sketch = undefined;
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
