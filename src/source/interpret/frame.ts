/** Functions of the script's own, while they are read. */
import type { Completion } from "./control.ts";
import type { Scope } from "./scope.ts";
import type { Value } from "./value.ts";
import type { Syntax } from "./syntax.ts";
import type { Reading } from "./reading.ts";

/** One call of a function that is being followed. */
export interface Frame {
  readonly returned: Value[];
}

/** What the parts that read a language's expressions and statements need of one another. */
export interface Evaluator {
  readonly reading: Reading;
  evaluate(node: Syntax | undefined, scope: Scope): Value;
  execute(statements: readonly Syntax[], scope: Scope, frame: Frame): Completion;
}
