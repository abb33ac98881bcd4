/** What reading any language comes to: expressions have values, statements follow one another, functions are called. */
import { inOrder, type Completion } from "./control.ts";
import type { Given } from "./given.ts";
import { handOver } from "./handOver.ts";
import { Reading } from "./reading.ts";
import type { Scope } from "./scope.ts";
import type { Syntax } from "./syntax.ts";
import { nothing, unknown, type Value } from "./value.ts";

/** One call of a function that is being followed. */
export interface Frame {
  readonly returned: Value[];
}

export abstract class Evaluator {
  readonly reading: Reading;

  constructor() {
    this.reading = new Reading((callee, given) => this.invoke(callee, given));
  }

  /** The value of one expression. */
  protected abstract expression(node: Syntax, scope: Scope): Value;

  /** Follows one statement. */
  protected abstract statement(node: Syntax, scope: Scope, frame: Frame): Completion;

  invoke(callee: Value, given: Given): Value {
    if (callee.kind === "object" && callee.call !== undefined) return callee.call(given);
    return unknown("a call that is not followed", given.range);
  }

  evaluate(node: Syntax | undefined, scope: Scope): Value {
    if (node === undefined) return nothing;
    this.reading.enter();
    try {
      return this.expression(node, scope);
    } finally {
      this.reading.exit();
    }
  }

  execute(statements: readonly Syntax[], scope: Scope, frame: Frame): Completion {
    return inOrder(this.reading, statements, (each) => {
      this.reading.count();
      return this.statement(each, scope, frame);
    });
  }

  /** Calls a function of the script's with values. */
  callback(callee: Value | undefined, positional: readonly Value[], at: Given): Value {
    return callee === undefined ? unknown("no function", at.range) : this.invoke(callee, at.withOnly(positional));
  }

  /** Whoever is handed a value may change it; once training has begun, that no longer matters. */
  handOver(given: Given, to: string): void {
    handOver(this.reading, given, to);
  }

  /** Of code that does not parse, names may have been assigned to. */
  protected lose(name: Syntax, scope: Scope): void {
    const cell = scope.find(name.text)?.cell ?? scope.declare(name.text);
    this.reading.memory.write(cell, unknown(unparsed, name.range));
  }
}

/** Why nothing is known of what stands among faults. */
export const unparsed = "code that does not parse";
