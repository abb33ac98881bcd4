/**
 * A node of a syntax tree that remembers what it was asked. A function's body is followed as often as it is called, and asking the
 * parser each time would take most of the time that reading takes.
 */
import type { Language, Node, Tree } from "@vscode/tree-sitter-wasm";
import { rangeOf, type SourceRange } from "../places.ts";

/** What all nodes of a language have in common, looked up once. */
class Vocabulary {
  readonly types: readonly string[];
  readonly isNamed: readonly boolean[];
  readonly #fields: ReadonlyMap<string, number>;

  constructor(language: Language) {
    // As a key of an object, a text is one that the engine compares by its address.
    this.types = language.types.map((type) => Object.keys({ [type]: true })[0] ?? type);
    this.isNamed = this.types.map((_, id) => language.nodeTypeIsNamed(id));
    this.#fields = new Map(language.fields.flatMap((field, id) => (field === null ? [] : [[field, id]])));
  }

  field(name: string): number | undefined {
    return this.#fields.get(name);
  }
}

const vocabularies = new WeakMap<Language, Vocabulary>();

function vocabularyOf(language: Language): Vocabulary {
  let vocabulary = vocabularies.get(language);
  if (vocabulary === undefined) {
    vocabulary = new Vocabulary(language);
    vocabularies.set(language, vocabulary);
  }
  return vocabulary;
}

const assignments = ["assignment_expression", "augmented_assignment_expression", "update_expression"];

/** What all nodes of a text have in common. */
interface Whole {
  readonly text: string;
  readonly vocabulary: Vocabulary;
}

export class Syntax {
  readonly parent: Syntax | undefined;
  readonly type: string;
  readonly isNamed: boolean;
  readonly #node: Node;
  readonly #whole: Whole;
  #text: string | undefined;
  #range: SourceRange | undefined;
  #children: readonly Syntax[] | undefined;
  #namedChildren: readonly Syntax[] | undefined;
  #hasError: boolean | undefined;
  #isMissing: boolean | undefined;
  #fields: Map<string, Syntax | undefined> | undefined;

  private constructor(node: Node, parent: Syntax | undefined, whole: Whole) {
    const { typeId } = node;
    this.#node = node;
    this.#whole = whole;
    this.parent = parent;
    this.type = whole.vocabulary.types[typeId] ?? "ERROR";
    this.isNamed = whole.vocabulary.isNamed[typeId] ?? true;
  }

  static ofTree(tree: Tree, text: string): Syntax {
    return new Syntax(tree.rootNode, undefined, { text, vocabulary: vocabularyOf(tree.language) });
  }

  get id(): number {
    return this.#node.id;
  }

  get text(): string {
    return (this.#text ??= this.#whole.text.slice(this.#node.startIndex, this.#node.endIndex));
  }

  get range(): SourceRange {
    return (this.#range ??= rangeOf(this.#node));
  }

  get children(): readonly Syntax[] {
    return (this.#children ??= this.#node.children.flatMap((child) =>
      child === null ? [] : [new Syntax(child, this, this.#whole)],
    ));
  }

  get namedChildren(): readonly Syntax[] {
    return (this.#namedChildren ??= this.children.filter(({ isNamed }) => isNamed));
  }

  /** Put in by the parser where the text lacks something. */
  get isMissing(): boolean {
    return (this.#isMissing ??= this.#node.isMissing);
  }

  /** Whether something within it does not parse. */
  get hasError(): boolean {
    return (this.#hasError ??= this.#node.hasError);
  }

  field(name: string): Syntax | undefined {
    this.#fields ??= new Map();
    if (this.#fields.has(name)) return this.#fields.get(name);
    const field = this.#whole.vocabulary.field(name);
    const id = field === undefined ? undefined : this.#node.childForFieldId(field)?.id;
    const found = id === undefined ? undefined : this.children.find((child) => child.id === id);
    this.#fields.set(name, found);
    return found;
  }

  fields(name: string): readonly Syntax[] {
    const ids = this.#node.childrenForFieldName(name).map((child) => child?.id);
    return this.children.filter(({ id }) => ids.includes(id));
  }

  /** Whether there is a node of a type within it. */
  has(type: string): boolean {
    return this.#node.descendantsOfType(type).length > 0;
  }

  /** Whether something within it assigns to a name, in JavaScript. */
  assigns(name: string): boolean {
    return this.#node.descendantsOfType(assignments).some((each) => {
      const target = each?.childForFieldName("left") ?? each?.childForFieldName("argument");
      return target?.text === name;
    });
  }

  /** The text of a plain string literal of JavaScript; undefined for anything else. */
  get stringValue(): string | undefined {
    return this.type === "string" ? this.namedChildren.map(({ text }) => text).join("") : undefined;
  }
}
