import type { Budget } from "./budget.ts";
import type { Variable } from "./engine.ts";
import type { Journal } from "./journal.ts";
import { createObservables } from "./observables/createObservables.ts";
import { isPaid, type Observable } from "./observables/observable.ts";
import type { Optimizer } from "./optimizerHook.ts";
import type { Optimizers } from "./optimizers.ts";
import type { TrainingFacts } from "./trainingFacts.ts";

export interface Plan {
  /** Names of the observables to measure at the step that the evaluation leads to. */
  readonly due: ReadonlySet<string>;
  /** Whether to record the evaluation. */
  readonly record: boolean;
  /** Whether everything is measured, whatever it costs. */
  readonly isUnlimited: boolean;
}

export const nothingPlanned: Plan = { due: new Set(), record: false, isUnlimited: false };

/** Decides before each gradient evaluation what to measure at its step, which is taken by the optimizer of the last such step. */
export class MeasurementPlan {
  readonly #budget: Budget;
  readonly #journal: Journal;
  readonly #facts: TrainingFacts;
  readonly #optimizers: Optimizers;
  readonly #optimizerOf = new Map<number, Optimizer | undefined>();
  readonly #all: readonly Observable[] = createObservables();

  constructor(budget: Budget, journal: Journal, facts: TrainingFacts, optimizers: Optimizers) {
    this.#budget = budget;
    this.#journal = journal;
    this.#facts = facts;
    this.#optimizers = optimizers;
  }

  next(variables: readonly Variable[]): Plan {
    const variable = variables.find(({ id }) => this.#optimizerOf.has(id));
    if (variable === undefined) {
      // Nothing is known of the optimizer before its first step.
      return this.#optimizers.count === 0 ? this.#choose(() => this.#all) : nothingPlanned;
    }
    const optimizer = this.#optimizerOf.get(variable.id);
    const { isFirst, observables } = this.#optimizers.get(optimizer);
    if (!isFirst) return nothingPlanned;
    const plan = this.#choose(() => observables.filter((each) => this.#isReady(each) && each.applies(optimizer)));
    const compares = this.#budget.fraction > 0 && this.#facts.wantsComparison(optimizer);
    return compares && !plan.record ? { ...plan, record: true } : plan;
  }

  stepped(optimizer: Optimizer | undefined, variables: readonly Variable[]): void {
    for (const { id } of variables) this.#optimizerOf.set(id, optimizer);
  }

  #isReady({ restsUntil = 0 }: Observable): boolean {
    return restsUntil <= this.#journal.step;
  }

  #choose(applicable: () => readonly Observable[]): Plan {
    let passengers: readonly Observable[] = [];
    const payers = () => {
      const all = applicable();
      passengers = all.filter((each) => !isPaid(each));
      return all.filter(isPaid);
    };
    const isUnlimited = this.#budget.takesAll;
    const due = this.#budget.choose(payers, this.#journal.clock.scriptTime);
    if (due.size === 0) return nothingPlanned;
    const record = this.#all.some(({ name, needsTrace }) => needsTrace && due.has(name));
    const all = record ? new Set([...due, ...passengers.map(({ name }) => name)]) : due;
    return { due: all, record, isUnlimited };
  }
}
