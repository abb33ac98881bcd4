/** What changes while a script is read, so that it can be undone where two ways part, and joined where they meet. */
import { Cell, join, joinMembers, unknown, type Value } from "./value.ts";

export class Memory {
  /** For each way that is being followed, innermost last: what cells held before it. */
  readonly #trails: Map<Cell, Value>[] = [];
  /** The first cell that belongs to the group that is followed without its callers; undefined before any is. */
  #firstOfGroup: number | undefined;
  #crossed = false;

  /** To be called before a group is followed of which it is not known who calls it, and when. */
  beginGroup(): void {
    this.#firstOfGroup = Cell.next;
  }

  /** Whether something that is followed so has changed what it did not make itself. */
  get crossed(): boolean {
    return this.#crossed;
  }

  /** To be called for what changes otherwise than by being written to. */
  touch(cell: Cell): void {
    if (this.#firstOfGroup !== undefined && cell.serial < this.#firstOfGroup) this.#crossed = true;
  }

  write(cell: Cell, value: Value): void {
    this.touch(cell);
    const trail = this.#trails.at(-1);
    if (trail !== undefined && !trail.has(cell)) trail.set(cell, cell.value);
    cell.value = value;
  }

  /** How many ways are being followed of which it is not known whether the script takes them. */
  get uncertainty(): number {
    return this.#trails.length;
  }

  /**
   * Follows several ways from the state that there is now; it is not known which the script takes. Where they differ in what
   * they leave, the cell is unknown. A way that returns false never ends, and leaves nothing. What is made on a way is there only if the
   * script takes it, and stays as it was left.
   */
  fork(ways: readonly (() => boolean)[]): void {
    const first = Cell.next;
    const left: { readonly ends: boolean; readonly after: ReadonlyMap<Cell, Value> }[] = [];
    for (const way of ways) {
      const ends: { value: boolean } = { value: false };
      const { after } = this.#follow(() => {
        ends.value = way();
      });
      left.push({ ends: ends.value, after });
    }
    const ended = left.some(({ ends }) => ends) ? left.filter(({ ends }) => ends) : left;
    for (const cell of new Set(ended.flatMap(({ after }) => [...after.keys()]))) {
      if (cell.since >= first) continue;
      const joinValues = cell.since < cell.serial ? joinMembers : join;
      const values = ended.map(({ after }) => after.get(cell) ?? cell.value);
      this.write(
        cell,
        values.reduce((one, other) => joinValues(one, other)),
      );
    }
    for (const { after } of left) this.#keepMade(after, first);
  }

  /**
   * Follows what is repeated an unknown number of times, with the cells that it changes unknown, as on the second time round. What is made
   * in a round stays as it was left by it.
   */
  repeat(reason: string, changed: Iterable<Cell>, body: () => void): void {
    for (const cell of changed) this.write(cell, unknown(reason));
    const first = Cell.next;
    const { after } = this.#follow(body);
    const others = [...after.keys()].filter(({ since }) => since < first);
    for (const cell of new Set([...changed, ...others])) this.write(cell, unknown(reason));
    this.#keepMade(after, first);
  }

  #keepMade(after: ReadonlyMap<Cell, Value>, first: number): void {
    for (const [cell, value] of after) if (cell.since >= first) this.write(cell, value);
  }

  /** Follows a way, leaves everything as it was, and says which cells it changed. */
  tryOut(way: () => void): readonly Cell[] {
    return [...this.#follow(way).after.keys()];
  }

  #follow(way: () => void): { after: ReadonlyMap<Cell, Value> } {
    const trail = new Map<Cell, Value>();
    const after = new Map<Cell, Value>();
    this.#trails.push(trail);
    try {
      way();
    } finally {
      this.#trails.pop();
      for (const [cell, before] of trail) {
        after.set(cell, cell.value);
        cell.value = before;
      }
    }
    return { after };
  }
}
