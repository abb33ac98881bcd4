/** Notes what is read of all that was there before, so that what follows from it need not be found again while it stays the same. */
import type { Section } from "./section.ts";
import type { Cell } from "./value.ts";

export class Watch {
  /** Number of the first cell that is no longer watched. */
  readonly before: number;
  readonly names = new Set<string>();
  /** Where functions and classes are written that were followed. */
  readonly sections = new Set<Section>();
  /** Whether anything was read that has no name: whether it stays the same cannot be told. */
  isOdd = false;

  constructor(before: number) {
    this.before = before;
  }

  read(name: string | undefined): void {
    if (name === undefined) this.isOdd = true;
    else this.names.add(name);
  }
}

/** Names for the variables of a file, and for the members of its classes, that are the same when it is read again. */
export class Names {
  readonly prefix: string;
  readonly cells: Map<string, Cell>;
  readonly #prefixes: Set<string>;

  constructor(prefix = "", cells = new Map<string, Cell>(), prefixes = new Set<string>()) {
    this.prefix = prefix;
    this.cells = cells;
    this.#prefixes = prefixes;
  }

  give(name: string, cell: Cell): void {
    cell.name = this.prefix + name;
    this.cells.set(cell.name, cell);
  }

  /** Names of what belongs to one node of the syntax tree; undefined where they were given before, to what was made of it then. */
  within(node: number, what: string): Names | undefined {
    const prefix = `${node} ${what} `;
    if (this.#prefixes.has(prefix)) return undefined;
    this.#prefixes.add(prefix);
    return new Names(prefix, this.cells, this.#prefixes);
  }
}
