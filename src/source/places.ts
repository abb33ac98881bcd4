/** Places in a text and in its tree, as editors count them. */
import type { Node } from "@vscode/tree-sitter-wasm";

/** Lines and columns count from 0, columns in UTF-16 code units, as editors count. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

export interface SourceRange {
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

/** Where a text holds a word, as offsets. */
export function placesOf(word: string, text: string): number[] {
  const places: number[] = [];
  for (let place = text.indexOf(word); place >= 0; place = text.indexOf(word, place + word.length)) places.push(place);
  return places;
}

export function positionOf(point: { readonly row: number; readonly column: number }): SourcePosition {
  return { line: point.row, column: point.column };
}

export function rangeOf(node: Node): SourceRange {
  return { start: positionOf(node.startPosition), end: positionOf(node.endPosition) };
}

export function encloses(outer: SourceRange, inner: SourceRange): boolean {
  return !before(inner.start, outer.start) && !before(outer.end, inner.end);
}

export function before(one: SourcePosition, other: SourcePosition): boolean {
  return one.line < other.line || (one.line === other.line && one.column < other.column);
}
