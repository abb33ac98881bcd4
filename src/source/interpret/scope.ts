/** The names of a function, a block or a file, while it is read. */
import { Cell, unbound, type Value } from "./value.ts";
import type { Names } from "./watch.ts";

export class Scope {
  readonly parent: Scope | undefined;
  /** Whether it is that of a function or a file, and not of a block within one. */
  readonly ofFunction: boolean;
  readonly #self: Value | undefined;
  readonly #cells = new Map<string, Cell>();
  /** What names its variables, where they are those of the file itself or of one of its classes. */
  readonly names: Names | undefined;

  /** `self` is what `this` is, where the function has one of its own. */
  constructor(parent: Scope | undefined, ofFunction: boolean, self?: Value, names?: Names) {
    this.parent = parent;
    this.ofFunction = ofFunction;
    this.#self = self;
    this.names = names;
  }

  /** A new variable of this scope, or the one that there is. */
  declare(name: string): Cell {
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = new Cell(unbound);
      this.#cells.set(name, cell);
      this.names?.give(name, cell);
    }
    return cell;
  }

  /** A name that is one of an outer scope, although it is assigned to here (`global`, `nonlocal`). */
  share(name: string): void {
    const cell = this.parent?.find(name)?.cell;
    if (cell !== undefined) this.#cells.set(name, cell);
  }

  /** What an assignment writes to in a language where every assignment in a function declares a variable of its own. */
  assignable(name: string): Cell {
    return this.function.declare(name);
  }

  own(name: string): Cell | undefined {
    return this.#cells.get(name);
  }

  find(name: string): { readonly cell: Cell; readonly scope: Scope } | undefined {
    const cell = this.#cells.get(name);
    if (this.names !== undefined) Cell.watch?.read(this.names.prefix + name);
    return cell === undefined ? this.parent?.find(name) : { cell, scope: this };
  }

  /** The names of this scope itself, with their values. */
  get all(): readonly (readonly [string, Value])[] {
    return [...this.#cells].flatMap(([name, { value }]) => (value.kind === "unbound" ? [] : [[name, value] as const]));
  }

  get function(): Scope {
    return this.ofFunction || this.parent === undefined ? this : this.parent.function;
  }

  get self(): Value | undefined {
    return this.#self ?? this.parent?.self;
  }
}
