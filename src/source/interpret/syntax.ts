/** A node of the syntax of a text. One object stands for it, made when it is first asked for. */
import type { SourceRange } from "../places.ts";
import type { Section } from "./section.ts";

const assignments: readonly string[] = [
  "assignment_expression",
  "augmented_assignment_expression",
  "update_expression",
];

const none: readonly Syntax[] = [];

export class Syntax {
  parent: Syntax | undefined;
  readonly section: Section;
  readonly type: string;
  /** Its place among the nodes of its section. */
  readonly #place: number;
  /** Those of its section that were asked for, by their places. */
  readonly #made: (Syntax | undefined)[];
  #text: string | undefined;
  #range: SourceRange | undefined;
  /** Where its section began when its range was looked up. */
  #rangeLine = -1;
  #children: readonly Syntax[] | undefined;
  #namedChildren: readonly Syntax[] | undefined;

  /** Whether what is within it is in sections of its own. */
  readonly #isRoot: boolean;

  private constructor(
    section: Section,
    place: number,
    parent: Syntax | undefined,
    made: (Syntax | undefined)[],
    statements?: readonly Syntax[],
  ) {
    this.section = section;
    this.parent = parent;
    this.#children = statements;
    this.#isRoot = statements !== undefined;
    this.type = section.nodes.type(place);
    this.#place = place;
    this.#made = made;
  }

  /** The statement that a section is. */
  static statement(section: Section): Syntax {
    return new Syntax(section, 0, undefined, new Array<Syntax | undefined>(section.nodes.count));
  }

  /** What all statements of a file stand in. */
  static root(section: Section, statements: readonly Syntax[]): Syntax {
    const root = new Syntax(section, 0, undefined, [], statements);
    for (const each of statements) each.parent = root;
    return root;
  }

  /** Tells nodes apart. */
  get id(): number {
    return this.section.firstNode + this.#place;
  }

  get isNamed(): boolean {
    return this.section.nodes.isNamed(this.#place);
  }

  /** Put in by the parser where the text lacks something. */
  get isMissing(): boolean {
    return this.section.nodes.isMissing(this.#place);
  }

  /** Whether something within it does not parse. */
  get hasError(): boolean {
    return this.section.nodes.hasError(this.#place);
  }

  get text(): string {
    const { text, nodes } = this.section;
    return (this.#text ??= text.slice(nodes.start(this.#place), nodes.end(this.#place)));
  }

  get range(): SourceRange {
    const { section } = this;
    if (this.#range === undefined || this.#rangeLine !== section.line) {
      const start = section.positionOf(section.nodes.start(this.#place));
      this.#range = { start, end: section.positionOf(section.nodes.end(this.#place)) };
      this.#rangeLine = section.line;
    }
    return this.#range;
  }

  /** Brackets, commas and the like are left out, but in a section in which something does not parse. */
  get children(): readonly Syntax[] {
    return (this.#children ??= this.#those(() => true));
  }

  get namedChildren(): readonly Syntax[] {
    const { nodes } = this.section;
    return (this.#namedChildren ??=
      this.#children?.filter(({ isNamed }) => isNamed) ?? this.#those((place) => nodes.isNamed(place)));
  }

  #those(which: (place: number) => boolean): readonly Syntax[] {
    const { nodes } = this.section;
    const after = nodes.after(this.#place);
    let count = 0;
    for (let place = this.#place + 1; place < after; place = nodes.after(place)) if (which(place)) count++;
    if (count === 0) return none;
    // Made as long as it is going to be: a list that grows takes room for many more.
    const found = new Array<Syntax>(count);
    let index = 0;
    for (let place = this.#place + 1; place < after; place = nodes.after(place))
      if (which(place)) found[index++] = this.#at(place);
    return found;
  }

  #at(place: number): Syntax {
    return (this.#made[place] ??= new Syntax(this.section, place, this, this.#made));
  }

  get #field(): string | undefined {
    return this.section.nodes.field(this.#place);
  }

  field(name: string): Syntax | undefined {
    if (this.#isRoot) return this.children.find((child) => child.#field === name);
    const place = this.section.nodes.childOf(this.#place, name);
    return place === undefined ? undefined : this.#at(place);
  }

  fields(name: string): readonly Syntax[] {
    return this.children.filter((child) => child.#field === name);
  }

  /** Whether one of the nodes right within it is of a type. */
  isMadeOf(type: string): boolean {
    const { nodes } = this.section;
    const after = nodes.after(this.#place);
    for (let place = this.#place + 1; place < after; place = nodes.after(place))
      if (nodes.type(place) === type) return true;
    return false;
  }

  /** Whether what it ends in, a closing bracket, is missing. */
  get isOpen(): boolean {
    return this.hasError && this.children.at(-1)?.isMissing === true;
  }

  /** Whether there is a node of a type within it. */
  has(type: string): boolean {
    const { nodes } = this.section;
    const after = nodes.after(this.#place);
    for (let place = this.#place; place < after; place++) if (nodes.type(place) === type) return true;
    return false;
  }

  /** Whether something within it assigns to a name, in JavaScript. */
  assigns(name: string): boolean {
    const { nodes, text } = this.section;
    const after = nodes.after(this.#place);
    for (let place = this.#place; place < after; place++) {
      if (!assignments.includes(nodes.type(place))) continue;
      const target = nodes.childOf(place, "left") ?? nodes.childOf(place, "argument");
      if (target !== undefined && text.slice(nodes.start(target), nodes.end(target)) === name) return true;
    }
    return false;
  }

  /** The text of a plain string literal of JavaScript; undefined for anything else. */
  get stringValue(): string | undefined {
    return this.type === "string" ? this.namedChildren.map(({ text }) => text).join("") : undefined;
  }
}
