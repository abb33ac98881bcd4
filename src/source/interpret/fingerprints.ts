/** Tells whether a value that is known by its name is the same as when the text was read before. */
import type { SourcePosition, SourceRange } from "../places.ts";
import { ClassObject } from "./classObject.ts";
import { Closure } from "./closure.ts";
import { everything } from "./entries.ts";
import type { Reading } from "./reading.ts";
import { lastBegun, type Section } from "./section.ts";
import type { Syntax } from "./syntax.ts";
import type { Value } from "./value.ts";

/** The same for two values of which nothing can be read off that differs, wherever edits have moved them. */
interface Fingerprint {
  readonly text: string;
  /** Where the functions and classes are written that it stands for. */
  readonly sections: readonly Section[];
}

export class Fingerprints {
  readonly #reading: Reading;
  readonly #sections: readonly Section[];
  /** The full name of what a framework provides; undefined for all else. */
  readonly #provided: (value: Value) => string | undefined;
  /** Classes of which the script itself has made instances. */
  readonly #instantiated: ReadonlySet<ClassObject>;
  readonly #known = new Map<string, Fingerprint | undefined>();

  /** To be made when the script itself was followed. */
  constructor(reading: Reading, root: Syntax, provided: (value: Value) => string | undefined) {
    this.#reading = reading;
    this.#sections = root.children.map(({ section }) => section);
    this.#provided = provided;
    this.#instantiated = new Set(reading.classes.filter(({ instantiated }) => instantiated));
  }

  /** Of what has a name; undefined where it may differ in more than can be told. */
  of(name: string): Fingerprint | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#named(name));
    return this.#known.get(name);
  }

  #named(name: string): Fingerprint | undefined {
    const { cells } = this.#reading.names;
    if (name.endsWith(` ${everything}`)) {
      const prefix = name.slice(0, -everything.length);
      return { text: [...cells.keys()].filter((each) => each.startsWith(prefix)).join("\n"), sections: [] };
    }
    const cell = cells.get(name);
    if (cell === undefined) return { text: "absent", sections: [] };
    const sections: Section[] = [];
    const text = this.#value(cell.value, sections);
    return text === undefined ? undefined : { text: `${text}${cell.ambiguous ? " ambiguous" : ""}`, sections };
  }

  #value(value: Value, sections: Section[]): string | undefined {
    switch (value.kind) {
      case "unbound":
        return "unbound";
      case "scalar":
        return `${value.basis} ${JSON.stringify(value.value)}${this.#range(value.range)}`;
      case "unknown":
        return `unknown${value.made ? " made" : ""} ${value.reason}${this.#range(value.range)}`;
      case "tuple": {
        const items = value.items.map((each) => this.#value(each, sections));
        return items.includes(undefined) ? undefined : `(${items.join(", ")})`;
      }
      case "list":
        return undefined;
      case "object":
        if (value instanceof Closure) return this.#closure(value, sections);
        if (value instanceof ClassObject) return this.#class(value, sections);
        return this.#provided(value);
    }
  }

  #closure({ making, self }: Closure, sections: Section[]): string | undefined {
    if (self !== undefined || !making.isOuter) return undefined;
    sections.push(making.section);
    return `function ${making.site}`;
  }

  #class(value: ClassObject, sections: Section[]): string | undefined {
    if (this.#instantiated.has(value)) return undefined;
    sections.push(value.making.section);
    const bases = value.making.bases.map((each) => this.#value(each, sections));
    return bases.includes(undefined) ? undefined : `class ${value.making.site} (${bases.join(", ")})`;
  }

  #range(range: SourceRange | undefined): string {
    return range === undefined ? "" : ` at ${this.#position(range.start)} to ${this.#position(range.end)}`;
  }

  #position({ line, column }: SourcePosition): string {
    const section = lastBegun(this.#sections, line);
    return section === undefined ? "nowhere" : `${section.id}:${line - section.line}:${column}`;
  }
}
