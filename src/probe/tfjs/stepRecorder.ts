import type { Budget, Measurable } from "./budget.ts";
import type { Tensor } from "./engine.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Journal } from "./journal.ts";
import { agreementMeasurement, agreementOf, agrees } from "./observables/agreement.ts";
import { finiteMeasurement } from "./observables/finiteMeasurement.ts";
import { isPaid, Unmeasurable, type Measurement, type Observable } from "./observables/observable.ts";
import { namedGradients, type Optimizer, type VariableGradients } from "./optimizerHook.ts";
import type { KnownOptimizer, Optimizers } from "./optimizers.ts";
import { StepCosts } from "./stepCosts.ts";
import { readFloats, StepView } from "./stepView.ts";
import { AsymmetricProductError } from "./trace/asymmetricProductError.ts";
import { NonFiniteProductError } from "./trace/krylovSpace.ts";
import type { TrainingFacts } from "./trainingFacts.ts";
import { UnseenCosts } from "./unseenCosts.ts";

/** A step that is under way: what had to be read before the weights moved. */
export interface StepUnderWay {
  readonly evaluation: Evaluation;
  readonly optimizer: Optimizer | undefined;
  readonly known: KnownOptimizer;
  readonly learningRate: number;
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly before: ReadonlyMap<string, Float32Array>;
  /** What is measured at it. */
  readonly due: readonly Observable[];
  /** What has been spent on that so far. */
  readonly costs: StepCosts;
}

const noWeights: ReadonlyMap<string, Float32Array> = new Map();
const nothingDue: readonly Observable[] = [];

/** Turns optimizer steps into records: facts first, then the step's values, then what was measured at it. */
export class StepRecorder {
  readonly #journal: Journal;
  readonly #budget: Budget;
  readonly #facts: TrainingFacts;
  readonly #optimizers: Optimizers;
  /** Of the first optimizer's steps. */
  readonly #unseen = new UnseenCosts();
  #lastScriptTime: number | undefined;
  #lossSeen: number | undefined;

  constructor(journal: Journal, budget: Budget, facts: TrainingFacts, optimizers: Optimizers) {
    this.#journal = journal;
    this.#budget = budget;
    this.#facts = facts;
    this.#optimizers = optimizers;
  }

  /** Whether the last loss was a number. */
  get lossIsFinite(): boolean {
    return this.#lossSeen === undefined || Number.isFinite(this.#lossSeen);
  }

  /** Time of steps is counted from here. */
  evaluationBegins(): void {
    this.#lastScriptTime ??= this.#journal.clock.scriptTime;
  }

  /** Reads what the step will change. */
  begin(evaluation: Evaluation, optimizer: Optimizer | undefined, given: VariableGradients): StepUnderWay {
    const { engine, variables } = evaluation;
    const known = this.#optimizers.get(optimizer);
    const gradients = namedGradients(given);
    const parameters = variables.reduce((sum, variable) => sum + variable.size, 0);
    let learningRate = Number.NaN;
    if (optimizer === undefined) this.#optimizers.describeUnknown(known, parameters);
    else learningRate = this.#optimizers.describe(engine, optimizer, known, parameters);
    const due = this.#due(evaluation, known, optimizer);
    const costs = new StepCosts();
    const payers = due.filter(isPaid);
    const traced = tracedPayers(due);
    if (due.length > 0) costs.add(payers, evaluation.choosing);
    if (evaluation.trace !== undefined) costs.add(traced, evaluation.recording);
    const describe = () => {
      this.#facts.describe(optimizer, evaluation);
    };
    if (evaluation.trace === undefined) describe();
    else this.#cost(costs, traced, describe);
    const weighing = payers.filter(({ needsWeights }) => needsWeights);
    const readWeights = () => new Map(variables.map((each) => [each.name, readFloats(engine, each)]));
    const before = weighing.length === 0 ? noWeights : this.#cost(costs, weighing, readWeights);
    return { evaluation, optimizer, known, learningRate, gradients, before, due, costs };
  }

  /** Writes the step that has just been completed, and measures at it. */
  complete(underWay: StepUnderWay): void {
    const { evaluation, due, known } = underWay;
    const { clock } = this.#journal;
    const seconds = Math.max(0, clock.scriptTime - (this.#lastScriptTime ?? clock.scriptTime));
    const view = new StepView(evaluation, underWay, { step: this.#journal.step, seconds });
    try {
      const values: Record<string, number> = this.#stepValues(underWay, seconds);
      for (const observable of due) {
        if (observable.record === "step") Object.assign(values, this.#measure(observable, view, underWay)?.values);
      }
      this.#journal.write({ t: "step", step: this.#journal.step, values });
      this.#watchLoss(evaluation.loss);
      if (known.isFirst && (evaluation.trace !== undefined || due.length > 0)) this.#measureAfter(view, underWay);
    } finally {
      evaluation.trace?.dispose();
      this.#settle(underWay);
      this.#journal.step++;
      this.#lastScriptTime = clock.scriptTime;
    }
  }

  /** Only the first optimizer's steps are measured: the run's series are about its loss. */
  #due({ due }: Evaluation, known: KnownOptimizer, optimizer: Optimizer | undefined): readonly Observable[] {
    if (!known.isFirst || due.size === 0) return nothingDue;
    return known.observables.filter((each) => due.has(each.name) && each.applies(optimizer));
  }

  /** Runs what some observables need, and counts its time as theirs. */
  #cost<T>(costs: StepCosts, causes: readonly Measurable[], run: () => T): T {
    const before = this.#journal.clock.measuring;
    try {
      return this.#journal.clock.measure(run).result;
    } finally {
      costs.add(causes, this.#journal.clock.measuring - before);
    }
  }

  /** Charges the budget for what was measured at the step, also for what nobody has timed. */
  #settle({ evaluation, known, due, costs }: StepUnderWay): void {
    if (!known.isFirst || evaluation.begun === undefined) return;
    const untimed = this.#journal.clock.time - evaluation.begun - costs.total;
    if (due.length === 0 && evaluation.trace === undefined) {
      this.#unseen.addPlain(untimed);
      return;
    }
    const unseen = this.#unseen.of(evaluation.trace === undefined ? "light" : "recorded", untimed, costs.total);
    this.#journal.clock.addMeasuring(unseen);
    costs.settle(this.#budget, unseen);
  }

  #stepValues({ evaluation, known, optimizer, learningRate }: StepUnderWay, seconds: number): Record<string, number> {
    const at = known.isFirst ? "" : `@${known.id}`;
    return {
      ...(evaluation.loss !== undefined && { [`loss/train${at}`]: evaluation.loss }),
      ...(optimizer !== undefined && { [`optimizer/learningRate${at}`]: learningRate }),
      ...(evaluation.batch !== undefined && { "batch/size": evaluation.batch }),
      "step/seconds": seconds,
    };
  }

  #measureAfter(view: StepView, underWay: StepUnderWay): void {
    const { evaluation, costs, due } = underWay;
    const check = () => this.#checkGradient(view, evaluation);
    const holds = view.trace === undefined || this.#cost(costs, tracedPayers(due), check);
    for (const observable of due) {
      // Without its trace it is paid for all the same, lest the recording be repeated at every step.
      if (observable.record === "step" || (observable.needsTrace && (view.trace === undefined || !holds))) continue;
      const measured = this.#measure(observable, view, underWay);
      if (measured === undefined) continue;
      this.#cost(costs, payersOf(observable, due), () => {
        this.#writeMeasure(measured, isPaid(observable) ? costs.of(observable) : 0, evaluation);
      });
    }
  }

  /** Whether the recorded gradient is the one that was stepped on. */
  #checkGradient(view: StepView, evaluation: Evaluation): boolean {
    if (view.optimizer === undefined) return true;
    const { result: agreement, seconds } = this.#journal.clock.measure(() => agreementOf(view));
    // At a loss that overflows there is no curvature, and the step's own note says so.
    if (agreement !== undefined && !Number.isFinite(agreement.cosine)) return false;
    if (agreement === undefined || !agrees(agreement)) {
      this.#journal.noteOnce(
        "warning",
        "gradient-differs",
        "Sharpness is left out where the optimizer steps on another gradient than that of the loss: the script changes gradients between computing and applying them.",
      );
      return false;
    }
    this.#writeMeasure(agreementMeasurement(agreement), seconds, evaluation);
    return true;
  }

  #measure(observable: Observable, view: StepView, { costs, due }: StepUnderWay): Measurement | undefined {
    try {
      const found = this.#cost(costs, payersOf(observable, due), () => observable.measure(view));
      // A step record shows a diverging run as it is; whatever else is measured is finite, or not measured.
      const measured = found && observable.record === "measure" ? finiteMeasurement(found) : found;
      for (const each of measured?.omitted ?? []) this.#explain(observable, each);
      return measured;
    } catch (error) {
      this.#explain(observable, error);
      return undefined;
    }
  }

  #explain(observable: Observable, error: unknown): void {
    if (error instanceof Unmeasurable) {
      this.#journal.noteOnce(error.severity, error.code, error.message);
    } else if (error instanceof NonFiniteProductError) {
      this.#journal.noteOnce(
        "warning",
        "curvature-not-finite",
        `Curvature is left out at some steps. ${error.message}`,
      );
    } else if (error instanceof AsymmetricProductError) {
      this.#journal.noteOnce("warning", "curvature-not-symmetric", `Curvature is left out. ${error.message}`);
    } else {
      const reason = error instanceof Error ? error.message : String(error);
      this.#journal.noteOnce("warning", "measurement-failed", `${observable.name} could not be measured: ${reason}`);
    }
  }

  #writeMeasure(measurement: Measurement, seconds: number, { batch }: Evaluation): void {
    const sample = measurement.sample ?? batch;
    for (const [name, values] of Object.entries(measurement.vectors ?? {})) {
      this.#journal.write({ t: "vector", step: this.#journal.step, name, values: [...values] });
    }
    if (Object.keys(measurement.values).length === 0) return;
    this.#journal.write({
      t: "measure",
      step: this.#journal.step,
      values: { ...measurement.values },
      cost: seconds,
      method: measurement.method,
      ...(measurement.error !== undefined && { error: { ...measurement.error } }),
      ...(sample !== undefined && { sample }),
    });
  }

  #watchLoss(loss: number | undefined): void {
    if (loss === undefined) return;
    if (!Number.isFinite(loss) && this.lossIsFinite) {
      this.#journal.note(
        "warning",
        "loss-not-finite",
        `The loss of step ${this.#journal.step} is ${loss}. Training has diverged; what follows says nothing about the model.`,
      );
    }
    this.#lossSeen = loss;
  }
}

function tracedPayers(due: readonly Observable[]): readonly Measurable[] {
  return due.filter(isPaid).filter(({ needsTrace }) => needsTrace);
}

function payersOf(observable: Observable, due: readonly Observable[]): readonly Measurable[] {
  return isPaid(observable) ? [observable] : tracedPayers(due);
}
