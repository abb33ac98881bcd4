/** One open file's syntax tree, kept while it is edited. */
import type { Parser, Tree } from "@vscode/tree-sitter-wasm";
import { codeSites, type CodeSite, type SourcePosition } from "./codeSites.ts";
import { packageScope } from "./provenance.ts";

/** One replacement. Offsets are in UTF-16 code units of the text before this edit; edits apply one after the other. */
export interface SourceEdit {
  readonly start: number;
  readonly oldEnd: number;
  readonly inserted: string;
  readonly startPosition: SourcePosition;
  readonly oldEndPosition: SourcePosition;
}

/** Longer files are generated or bundled code, which nobody inspects and which would hold the editor up. */
const longestText = 1_000_000;

export class SourceFile implements Disposable {
  readonly #parser: Parser;
  #tree: Tree | undefined;
  #edited = false;
  #sites: readonly CodeSite[] | undefined;

  constructor(parser: Parser) {
    this.#parser = parser;
  }

  /** Tells the file of an edit; the next `sites` parses only what has changed. */
  edit(edit: SourceEdit): void {
    this.#sites = undefined;
    this.#edited = true;
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

  /** The sites in `text`, which must be the text after all edits told of. The same array until the next edit. */
  sites(text: string): readonly CodeSite[] {
    this.#sites ??= this.#read(text);
    return this.#sites;
  }

  #read(text: string): readonly CodeSite[] {
    // Any way of taking something from TensorFlow.js spells the package's name, so most files are never parsed.
    if (text.length > longestText || !text.includes(packageScope)) {
      this.#forget();
      return [];
    }
    if (this.#tree === undefined || this.#edited) {
      const tree = this.#parser.parse(text, this.#tree) ?? undefined;
      this.#forget();
      this.#tree = tree;
    }
    return this.#tree === undefined ? [] : codeSites(this.#tree, text);
  }

  #forget(): void {
    this.#tree?.delete();
    this.#tree = undefined;
    this.#edited = false;
  }

  [Symbol.dispose](): void {
    this.#forget();
  }
}

function endOf(edit: SourceEdit): { row: number; column: number } {
  const lines = edit.inserted.split("\n");
  const last = lines.at(-1) ?? "";
  return lines.length === 1
    ? { row: edit.startPosition.line, column: edit.startPosition.column + last.length }
    : { row: edit.startPosition.line + lines.length - 1, column: last.length };
}
