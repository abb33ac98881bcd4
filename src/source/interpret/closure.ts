/** Functions: the script's own, and those of a language or a framework that are followed. */
import type { SourcePosition, SourceRange } from "../places.ts";
import { Given, noNames } from "./given.ts";
import type { Section } from "./section.ts";
import { madeElsewhere, nothing, type ObjectValue, type Value } from "./value.ts";

interface ClosureMaking {
  readonly name: string | undefined;
  /** Whether to name it is to call it. */
  readonly isGetter?: boolean;
  /** Tells the functions of a text apart. */
  readonly site: number;
  readonly section: Section;
  /** Whether it sees no variables but those of the file and its class. */
  readonly isOuter: boolean;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  /** Follows it; without arguments, nothing is known of its parameters but their defaults. */
  run(given: Given | undefined, self: Value | undefined): Value;
}

export class Closure implements ObjectValue {
  readonly kind = "object";
  readonly making: ClosureMaking;
  readonly self: Value | undefined;

  constructor(making: ClosureMaking, self?: Value) {
    this.making = making;
    this.self = self;
  }

  call(given: Given): Value {
    return this.making.run(given, this.self);
  }

  /** Follows it although it is not known who calls it. */
  followAlone(): Value {
    return this.making.run(undefined, this.self);
  }

  /** What its name stands for as a member of a value. */
  memberOf(self: Value, range: SourceRange): Value {
    return this.making.isGetter === true ? this.memberCalled(self, range) : this.bind(self);
  }

  /** Calls it as a member of a value, with no arguments. */
  memberCalled(self: Value, range = this.making.range): Value {
    const { statement } = this.making;
    const none = { positional: [], named: noNames, open: undefined, assignedTo: undefined };
    return this.making.run(new Given({ ...none, range, statement }), self);
  }

  bind(self: Value): Closure {
    return new Closure(this.making, self);
  }

  member(_name: string, range: SourceRange): Value {
    return madeElsewhere("a member of a function", range);
  }
}

/** A function of a language or a framework. */
class Builtin implements ObjectValue {
  readonly kind = "object";
  readonly #run: (given: Given) => Value;

  constructor(run: (given: Given) => Value) {
    this.#run = run;
  }

  call(given: Given): Value {
    return this.#run(given);
  }

  member(): Value {
    return nothing;
  }
}

export function builtin(run: (given: Given) => Value): ObjectValue {
  return new Builtin(run);
}
