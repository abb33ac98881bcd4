import type { Tree, TreeCursor } from "@vscode/tree-sitter-wasm";
import { describe, expect, test } from "vitest";
import { rangeOf, type SourceRange } from "../../src/source/places.ts";
import type { Syntax } from "../../src/source/interpret/syntax.ts";
import { SyntaxTree } from "../../src/source/interpret/syntaxTree.ts";
import { goldensIn } from "./sourceGoldens.ts";
import { parserOf } from "./sourceSketches.ts";

const goldens = ["python", "javascript", "typescript", "unknown"].flatMap(goldensIn);

/** Of those that are read by name. */
const fields = ["left", "operator", "right", "name", "value", "body", "function", "arguments", "object", "condition"];

interface Described {
  readonly type: string;
  readonly range: SourceRange;
  readonly text: string;
  readonly hasError: boolean;
  readonly isMissing: boolean;
  /** Where each of its fields is. */
  readonly fields: Readonly<Record<string, SourceRange>>;
  /** Those within it that have a name. */
  readonly within: readonly Described[];
}

function copied(copy: Syntax): Described {
  const { type, range, text, hasError, isMissing, namedChildren } = copy;
  const found: Record<string, SourceRange> = {};
  for (const field of fields) {
    const child = copy.field(field);
    if (child !== undefined) found[field] = child.range;
  }
  return { type, range, text, hasError, isMissing, fields: found, within: namedChildren.map(copied) };
}

function parsed(cursor: TreeCursor): Described {
  const { type, text, hasError, isMissing } = cursor.currentNode;
  const range = rangeOf(cursor.currentNode);
  const found: Record<string, SourceRange> = {};
  const within: Described[] = [];
  if (cursor.gotoFirstChild()) {
    do {
      const field = cursor.currentFieldName;
      if (field !== null && fields.includes(field)) found[field] ??= rangeOf(cursor.currentNode);
      if (cursor.nodeIsNamed) within.push(parsed(cursor));
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return { type, range, text, hasError, isMissing, fields: found, within };
}

function sectionsOf(tree: Tree): Described[] {
  const cursor = tree.walk();
  const found: Described[] = [];
  if (cursor.gotoFirstChild()) {
    do found.push(parsed(cursor));
    while (cursor.gotoNextSibling());
  }
  cursor.delete();
  return found;
}

describe("a tree is copied as the parser has it, brackets and commas aside:", () => {
  test.each(goldens)("$name", async ({ text, language }) => {
    const parser = await parserOf(language);
    const half = text.slice(0, Math.floor(text.length / 2));
    let before: SyntaxTree | undefined;
    // Whole, cut off in the middle, each statement twice, and moved: statements that are there again are taken over.
    for (const each of [text, half, `${text}\n${text}`, `\n${text}`]) {
      const tree = parser.parse(each);
      if (tree === null) continue;
      before = SyntaxTree.of(tree, each, before);
      expect(before.root.children.map(copied)).toEqual(sectionsOf(tree));
      tree.delete();
    }
  });
});
