/**
 * A syntax tree copied out of the parser: a function's body is followed as often as it is called, and asking the parser each time
 * would take most of the time that reading takes.
 */
import type { Language, Tree, TreeCursor } from "@vscode/tree-sitter-wasm";
import type { SourceRange } from "../places.ts";
import { Section } from "./section.ts";

/** Code that is nested deeper is nobody's handwriting. */
const deepest = 4000;

/** Code that is nested too deep to be read. */
export class TooDeep extends Error {}

interface NodeFacts {
  readonly type: string;
  readonly isNamed: boolean;
  /** What it is of its parent. */
  readonly field: string | undefined;
  /** Offsets in the text of its section. */
  readonly start: number;
  readonly end: number;
  readonly children: readonly Syntax[];
  readonly isMissing: boolean;
}

const none: readonly Syntax[] = [];

const assignments: readonly string[] = [
  "assignment_expression",
  "augmented_assignment_expression",
  "update_expression",
];

export class Syntax {
  static #next = 0;
  /** Tells nodes apart. */
  readonly id = Syntax.#next++;
  parent: Syntax | undefined;
  readonly section: Section;
  readonly type: string;
  readonly isNamed: boolean;
  readonly children: readonly Syntax[];
  /** Put in by the parser where the text lacks something. */
  readonly isMissing: boolean;
  /** Whether something within it does not parse. */
  readonly hasError: boolean;
  readonly #field: string | undefined;
  readonly #start: number;
  readonly #end: number;
  #text: string | undefined;
  #range: SourceRange | undefined;
  /** Where its section began when its range was looked up. */
  #rangeLine = -1;
  #namedChildren: readonly Syntax[] | undefined;
  #within: Map<string, boolean> | undefined;

  constructor(section: Section, { type, isNamed, field, start, end, children, isMissing }: NodeFacts) {
    this.section = section;
    this.type = type;
    this.isNamed = isNamed;
    this.children = children;
    this.isMissing = isMissing;
    this.#field = field;
    this.#start = start;
    this.#end = end;
    let hasError = isMissing || type === "ERROR";
    for (const child of children) {
      child.parent = this;
      hasError ||= child.hasError;
    }
    this.hasError = hasError;
  }

  get text(): string {
    return (this.#text ??= this.section.text.slice(this.#start, this.#end));
  }

  get range(): SourceRange {
    const { section } = this;
    if (this.#range === undefined || this.#rangeLine !== section.line) {
      this.#range = { start: section.positionOf(this.#start), end: section.positionOf(this.#end) };
      this.#rangeLine = section.line;
    }
    return this.#range;
  }

  get namedChildren(): readonly Syntax[] {
    return (this.#namedChildren ??= this.children.every(({ isNamed }) => isNamed)
      ? this.children
      : this.children.filter(({ isNamed }) => isNamed));
  }

  field(name: string): Syntax | undefined {
    for (const child of this.children) if (child.#field === name) return child;
    return undefined;
  }

  fields(name: string): readonly Syntax[] {
    return this.children.filter((child) => child.#field === name);
  }

  /** Whether there is a node of a type within it. */
  has(type: string): boolean {
    const known = this.#within?.get(type);
    if (known !== undefined) return known;
    const found = this.#holds(type);
    (this.#within ??= new Map()).set(type, found);
    return found;
  }

  #holds(type: string): boolean {
    return this.type === type || this.children.some((child) => child.#holds(type));
  }

  /** Whether something within it assigns to a name, in JavaScript. */
  assigns(name: string): boolean {
    if (assignments.includes(this.type) && (this.field("left") ?? this.field("argument"))?.text === name) return true;
    return this.children.some((child) => child.assigns(name));
  }

  /** The text of a plain string literal of JavaScript; undefined for anything else. */
  get stringValue(): string | undefined {
    return this.type === "string" ? this.namedChildren.map(({ text }) => text).join("") : undefined;
  }
}

/** What all nodes of a language have in common, looked up once. */
interface Vocabulary {
  readonly types: readonly string[];
  readonly isNamed: readonly boolean[];
  readonly fields: readonly (string | undefined)[];
}

const vocabularies = new WeakMap<Language, Vocabulary>();

/** As a key of an object, a text is one that the engine compares by its address. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

function vocabularyOf(language: Language): Vocabulary {
  let vocabulary = vocabularies.get(language);
  if (vocabulary === undefined) {
    vocabulary = {
      types: language.types.map(interned),
      isNamed: language.types.map((_, id) => language.nodeTypeIsNamed(id)),
      fields: language.fields.map((field) => (field === null ? undefined : interned(field))),
    };
    vocabularies.set(language, vocabulary);
  }
  return vocabulary;
}

/** The sections of a text. */
export class SyntaxTree {
  readonly root: Syntax;

  private constructor(root: Syntax) {
    this.root = root;
  }

  /** `text` is what `tree` was parsed of. Sections of the tree before it that read the same are taken over. Throws `TooDeep`. */
  static of(tree: Tree, text: string, before?: SyntaxTree): SyntaxTree {
    const vocabulary = vocabularyOf(tree.language);
    const known = before === undefined ? new Map<string, Syntax[]>() : byText(before.root.children);
    const cursor = tree.walk();
    const sections: Syntax[] = [];
    try {
      const whole = new Section(text, { line: 0, column: 0 });
      const facts = { field: undefined, start: 0, end: text.length, isMissing: false };
      const type = vocabulary.types[cursor.nodeTypeId] ?? "ERROR";
      if (cursor.gotoFirstChild()) {
        do sections.push(takenOver(cursor, text, known, vocabulary) ?? copied(cursor, text, vocabulary));
        while (cursor.gotoNextSibling());
      }
      return new SyntaxTree(new Syntax(whole, { ...facts, type, isNamed: true, children: sections }));
    } finally {
      cursor.delete();
    }
  }
}

/** Each list the last one first. */
function byText(sections: readonly Syntax[]): Map<string, Syntax[]> {
  const found = new Map<string, Syntax[]>();
  for (const each of sections.toReversed()) {
    const same = found.get(each.section.text);
    if (same === undefined) found.set(each.section.text, [each]);
    else same.push(each);
  }
  return found;
}

/** The section at a cursor's place, out of those that are known, and moved there. Faults aside, the same text parses to the same. */
function takenOver(
  cursor: TreeCursor,
  text: string,
  known: ReadonlyMap<string, Syntax[]>,
  { types }: Vocabulary,
): Syntax | undefined {
  const same = known.get(text.slice(cursor.startIndex, cursor.endIndex));
  const found = same?.at(-1);
  if (found === undefined || found.hasError || found.type !== types[cursor.nodeTypeId]) return undefined;
  const { row, column } = cursor.startPosition;
  if (column !== found.section.column || cursor.currentNode.hasError) return undefined;
  same?.pop();
  found.section.line = row;
  return found;
}

function copied(cursor: TreeCursor, text: string, vocabulary: Vocabulary): Syntax {
  const { startIndex: begin, endIndex, startPosition } = cursor;
  const place = { line: startPosition.row, column: startPosition.column };
  const section = new Section(text.slice(begin, endIndex), place);
  return copyNode(0);

  function copyNode(depth: number): Syntax {
    if (depth > deepest) throw new TooDeep();
    const { nodeTypeId, currentFieldId, startIndex, endIndex: last } = cursor;
    const isEmpty = startIndex === last;
    const isMissing = isEmpty && cursor.nodeIsMissing;
    let children = none;
    if (cursor.gotoFirstChild()) {
      const found: Syntax[] = [];
      do found.push(copyNode(depth + 1));
      while (cursor.gotoNextSibling());
      cursor.gotoParent();
      children = found;
    }
    return new Syntax(section, {
      type: vocabulary.types[nodeTypeId] ?? "ERROR",
      isNamed: vocabulary.isNamed[nodeTypeId] ?? true,
      field: vocabulary.fields[currentFieldId],
      start: startIndex - begin,
      end: last - begin,
      children,
      isMissing,
    });
  }
}
