/** The arguments of a call. */
import type { SourcePosition, SourceRange } from "../places.ts";
import { isNothing, unknown, type Value } from "./value.ts";

interface GivenArguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  /** Why there may be arguments that are not here: `**settings`, or code that does not parse. Undefined where there are none. */
  readonly open: string | undefined;
  /** Of the whole call. */
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  /** The variable that its result is assigned to, where there is one. */
  readonly assignedTo: string | undefined;
}

export const noNames: ReadonlyMap<string, Value> = new Map();

export class Given {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  readonly open: string | undefined;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly assignedTo: string | undefined;

  constructor(given: GivenArguments) {
    this.positional = given.positional;
    this.named = given.named;
    this.open = given.open;
    this.range = given.range;
    this.statement = given.statement;
    this.assignedTo = given.assignedTo;
  }

  /** The argument of a place or a name; undefined where it is not given, unknown where it may be. Places count from 0. */
  get(place: number, name: string): Value | undefined {
    const found = this.named.get(name) ?? this.positional[place];
    if (found !== undefined) return isNothing(found) ? undefined : found;
    return this.open === undefined ? undefined : unknown(this.open, this.range);
  }

  /** The argument of a name alone. */
  by(name: string): Value | undefined {
    return this.get(Number.MAX_SAFE_INTEGER, name);
  }

  /** Every value that is handed over. */
  get all(): readonly Value[] {
    return [...this.positional, ...this.named.values()];
  }

  /** The same call with other arguments in the same places. */
  withPositional(positional: readonly Value[]): Given {
    return new Given({ ...this.parts(), positional });
  }

  /** The same call with no arguments but these. */
  withOnly(positional: readonly Value[]): Given {
    return new Given({ ...this.parts(), positional, named: noNames, open: undefined });
  }

  parts(): GivenArguments {
    const { positional, named, open, range, statement, assignedTo } = this;
    return { positional, named, open, range, statement, assignedTo };
  }
}
