/**
 * A node of a syntax tree that remembers what it was asked. A function's body is followed as often as it is called, and asking the
 * parser each time would take most of the time that reading takes.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import { rangeOf, type SourceRange } from "../places.ts";

export class Syntax {
  readonly parent: Syntax | undefined;
  readonly #node: Node;
  #type: string | undefined;
  #text: string | undefined;
  #range: SourceRange | undefined;
  #children: readonly Syntax[] | undefined;
  #namedChildren: readonly Syntax[] | undefined;
  #hasError: boolean | undefined;
  readonly #fields = new Map<string, Syntax | undefined>();

  constructor(node: Node, parent?: Syntax) {
    this.#node = node;
    this.parent = parent;
  }

  get id(): number {
    return this.#node.id;
  }

  get type(): string {
    return (this.#type ??= this.#node.type);
  }

  get text(): string {
    return (this.#text ??= this.#node.text);
  }

  get range(): SourceRange {
    return (this.#range ??= rangeOf(this.#node));
  }

  get children(): readonly Syntax[] {
    return (this.#children ??= this.#node.children.flatMap((child) =>
      child === null ? [] : [new Syntax(child, this)],
    ));
  }

  get namedChildren(): readonly Syntax[] {
    return (this.#namedChildren ??= this.children.filter((child) => child.#node.isNamed));
  }

  get isNamed(): boolean {
    return this.#node.isNamed;
  }

  /** Put in by the parser where the text lacks something. */
  get isMissing(): boolean {
    return this.#node.isMissing;
  }

  /** Whether something within it does not parse. */
  get hasError(): boolean {
    return (this.#hasError ??= this.#node.hasError);
  }

  field(name: string): Syntax | undefined {
    if (!this.#fields.has(name)) {
      const id = this.#node.childForFieldName(name)?.id;
      this.#fields.set(name, id === undefined ? undefined : this.children.find((child) => child.id === id));
    }
    return this.#fields.get(name);
  }

  fields(name: string): readonly Syntax[] {
    const ids = this.#node.childrenForFieldName(name).map((child) => child?.id);
    return this.children.filter(({ id }) => ids.includes(id));
  }

  /** Whether there is a node of a type within it. */
  has(type: string): boolean {
    return this.#node.descendantsOfType(type).length > 0;
  }

  /** The text of a plain string literal of JavaScript; undefined for anything else. */
  get stringValue(): string | undefined {
    return this.type === "string" ? this.namedChildren.map(({ text }) => text).join("") : undefined;
  }
}
