import type { Engine, Tensor, Variable } from "./engine.ts";
import { namedGradients, type VariableGradients } from "./optimizerHook.ts";
import type { Trace } from "./trace/trace.ts";

/** A gradient evaluation that may become an optimizer step. */
export interface Evaluation {
  readonly engine: Engine;
  /** Undefined where gradients came about in some other way. */
  readonly loss: number | undefined;
  /** Variables that got a gradient, and their gradients. */
  readonly variables: readonly Variable[];
  readonly gradients: readonly Tensor[];
  readonly batch: number | undefined;
  /** When it began, in the run's seconds; undefined where it was not seen. */
  readonly begun: number | undefined;
  readonly trace: Trace | undefined;
  /** Names of the observables to measure at the step. */
  readonly due: ReadonlySet<string>;
  /** Whether these are all, whatever they cost. */
  readonly isUnlimited: boolean;
  /** Seconds that it took to choose them, and to record the trace. */
  readonly choosing: number;
  readonly recording: number;
}

/** The evaluation that a step came of. */
export interface TakenEvaluation {
  readonly evaluation: Evaluation;
  /** Whether the step's gradients were made of those of several evaluations, as far as can be told. */
  readonly isOfSeveral: boolean;
}

/** More than any script keeps waiting; the oldest is given up then. */
const mostPending = 8;

/** Gradient evaluations that no optimizer step has used yet. */
export class PendingEvaluations {
  #pending: Evaluation[] = [];

  add(evaluation: Evaluation): void {
    this.#pending.push(evaluation);
    if (this.#pending.length > mostPending) this.#pending.shift()?.trace?.dispose();
  }

  /**
   * Takes out the evaluation that produced these gradients: by the gradients themselves, else, where the script has changed
   * them, the last one with the same variables. Those before it with the same variables are used up as well.
   */
  take(gradients: VariableGradients): TakenEvaluation | undefined {
    const named = namedGradients(gradients);
    const ids = new Set([...named.values()].map((tensor) => tensor.id));
    const unchanged = this.#pending.findLast((each) => each.gradients.some(({ id }) => ids.has(id)));
    if (unchanged !== undefined) return { evaluation: this.#use(unchanged), isOfSeveral: false };
    const changed = this.#pending.filter((each) => each.variables.some(({ name }) => named.has(name)));
    const last = changed.at(-1);
    return last === undefined ? undefined : { evaluation: this.#use(last), isOfSeveral: changed.length > 1 };
  }

  /** Takes out the last evaluation that has a gradient for a variable. */
  takeFor(variable: Variable): Evaluation | undefined {
    const found = this.#pending.findLast((each) => each.variables.some(({ id }) => id === variable.id));
    return found === undefined ? undefined : this.#use(found);
  }

  #use(used: Evaluation): Evaluation {
    const names = new Set(used.variables.map(({ name }) => name));
    const isSuperseded = (each: Evaluation) => each.variables.some(({ name }) => names.has(name));
    for (const each of this.#pending) if (each !== used && isSuperseded(each)) each.trace?.dispose();
    this.#pending = this.#pending.filter((each) => !isSuperseded(each));
    return used;
  }
}
