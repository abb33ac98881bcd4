/**
 * The syntax of a text, copied out of the parser: a function's body is followed as often as it is called, and asking the parser each
 * time would take most of the time that reading takes.
 */
import type { Tree, TreeCursor } from "@vscode/tree-sitter-wasm";
import { NodeList, vocabularyOf, type Vocabulary } from "./nodes.ts";
import { Section } from "./section.ts";
import { Syntax } from "./syntax.ts";

/** Code that is nested deeper is nobody's handwriting. */
const deepest = 4000;

/** Code that is nested too deep to be read. */
export class TooDeep extends Error {}

/** The sections of a text. */
export class SyntaxTree {
  readonly root: Syntax;

  private constructor(root: Syntax) {
    this.root = root;
  }

  /** `text` is what `tree` was parsed of. Sections of the tree before it that read the same are taken over. Throws `TooDeep`. */
  static of(tree: Tree, text: string, before?: SyntaxTree): SyntaxTree {
    const vocabulary = vocabularyOf(tree.language);
    const former = new FormerSections(before?.root.children ?? []);
    const cursor = tree.walk();
    const sections: Syntax[] = [];
    try {
      const nodes = new NodeList(vocabulary);
      nodes.begin(cursor.nodeTypeId, 0, 0, text.length, false);
      const whole = new Section(text, { line: 0, column: 0 }, nodes.take());
      if (cursor.gotoFirstChild()) {
        do sections.push(former.take(cursor, text, vocabulary) ?? copied(cursor, text, vocabulary, nodes));
        while (cursor.gotoNextSibling());
      }
      return new SyntaxTree(Syntax.root(whole, sections));
    } finally {
      cursor.delete();
    }
  }
}

/** Sections of the tree before, each to be taken over once. Most come again in the same order. */
class FormerSections {
  readonly #all: readonly Syntax[];
  readonly #taken = new Set<Syntax>();
  /** The place of the one that is expected next. */
  #next = 0;
  /** Places by text; made when one comes that was not expected. */
  #byText: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(all: readonly Syntax[]) {
    this.#all = all;
  }

  /** The section at a cursor's place, moved there. Faults aside, the same text parses to the same. */
  take(cursor: TreeCursor, text: string, { types }: Vocabulary): Syntax | undefined {
    const place = this.#placeOf(text.slice(cursor.startIndex, cursor.endIndex));
    const found = place === undefined ? undefined : this.#all[place];
    this.#next = (place ?? this.#next) + 1;
    if (found === undefined || found.hasError || found.type !== types[cursor.nodeTypeId]) return undefined;
    const { row, column } = cursor.startPosition;
    if (column !== found.section.column || cursor.currentNode.hasError) return undefined;
    this.#taken.add(found);
    found.section.line = row;
    return found;
  }

  #placeOf(text: string): number | undefined {
    if (this.#isAt(this.#next, text)) return this.#next;
    this.#byText ??= Map.groupBy(this.#all.keys(), (place) => this.#all[place]?.section.text ?? "");
    return this.#byText.get(text)?.find((place) => this.#isAt(place, text));
  }

  #isAt(place: number, text: string): boolean {
    const found = this.#all[place];
    return found?.section.text === text && !this.#taken.has(found);
  }
}

function copied(cursor: TreeCursor, text: string, { isToken, isSilent }: Vocabulary, nodes: NodeList): Syntax {
  const { startIndex: begin, endIndex, startPosition } = cursor;
  const isSound = !cursor.currentNode.hasError;
  copyNode(0);
  const place = { line: startPosition.row, column: startPosition.column };
  return Syntax.statement(new Section(text.slice(begin, endIndex), place, nodes.take()));

  /** Says whether something does not parse. */
  function copyNode(depth: number): boolean {
    if (depth > deepest) throw new TooDeep();
    const { nodeTypeId } = cursor;
    if (isSound && depth > 0 && isSilent[nodeTypeId] === true) return false;
    const { startIndex, endIndex: last } = cursor;
    const isMissing = startIndex === last && cursor.nodeIsMissing;
    const node = nodes.begin(nodeTypeId, cursor.currentFieldId, startIndex - begin, last - begin, isMissing);
    let isFaulty = false;
    if (isToken[nodeTypeId] !== true && cursor.gotoFirstChild()) {
      do isFaulty = copyNode(depth + 1) || isFaulty;
      while (cursor.gotoNextSibling());
      cursor.gotoParent();
    }
    return nodes.end(node, isFaulty);
  }
}
