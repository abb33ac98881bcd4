/** Values under names: an object literal, a dictionary, the attributes of an instance. */
import type { SourceRange } from "../places.ts";
import type { Memory } from "./memory.ts";
import { Cell, nothing, unbound, unknown, type ObjectValue, type Value } from "./value.ts";
import type { Names } from "./watch.ts";

/** What is named so is whether there may be others. */
const openness = "";

/** Names which entries there are. */
export const everything = "*";

export class Entries implements ObjectValue {
  readonly kind = "object";
  readonly #memory: Memory;
  readonly #cells = new Map<string, Cell>();
  /** Holds `nothing` while all entries are here, else why there may be others. */
  readonly #open = new Cell(nothing);
  readonly #names: Names | undefined;

  /** `names` are those of its cells, where they are members of a class of the file's. */
  constructor(memory: Memory, entries: Iterable<readonly [string, Value]> = [], names?: Names) {
    this.#memory = memory;
    this.#names = names;
    names?.give(openness, this.#open);
    for (const [name, value] of entries) this.#add(name, new Cell(value));
  }

  #add(name: string, cell: Cell): void {
    this.#cells.set(name, cell);
    this.#names?.give(name, cell);
  }

  /** Unbound where there is none of the name; unknown where there may be. */
  get(name: string, range?: SourceRange): Value {
    if (this.#names !== undefined) Cell.watch?.read(this.#names.prefix + name);
    const found = this.#cells.get(name)?.value;
    if (found !== undefined && found.kind !== "unbound") return found;
    const open = this.#open.value;
    return open.kind === "unknown" ? unknown(open.reason, range) : unbound;
  }

  /** Whether there is one of the name, whatever others there may be. */
  has(name: string): boolean {
    return (this.#cells.get(name)?.value ?? unbound).kind !== "unbound";
  }

  member(name: string, range: SourceRange): Value {
    const found = this.get(name, range);
    return found.kind === "unbound" ? nothing : found;
  }

  assign(name: string, value: Value): void {
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = new Cell(unbound, this.#open);
      this.#add(name, cell);
      this.#memory.touch(this.#open);
    }
    this.#memory.write(cell, value);
  }

  /** Takes over all entries of another value; where they are not known, nothing is known of its own either. */
  takeOver(from: Value): void {
    if (!(from instanceof Entries) || from.openness !== undefined) this.lose("entries that are not known are put in");
    else for (const [name, value] of from.all) this.assign(name, value);
  }

  /** There may be others, or other values, from now on. */
  lose(reason: string): void {
    for (const cell of this.#cells.values()) this.#memory.write(cell, unknown(reason));
    this.open(reason);
  }

  /** There may be others from now on. */
  open(reason: string): void {
    this.#memory.write(this.#open, unknown(reason));
  }

  get openness(): string | undefined {
    return this.#open.value.kind === "unknown" ? this.#open.value.reason : undefined;
  }

  escape(to: string): void {
    this.lose(`handed to ${to}`);
  }

  /** Names with their values, in the order in which they were first given. */
  get all(): readonly (readonly [string, Value])[] {
    if (this.#names !== undefined) Cell.watch?.read(this.#names.prefix + everything);
    return [...this.#cells].flatMap(([name, { value }]) => (value.kind === "unbound" ? [] : [[name, value] as const]));
  }
}
