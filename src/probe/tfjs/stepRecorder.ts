import type { Budget } from "./budget.ts";
import type { Tensor } from "./engine.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Journal } from "./journal.ts";
import { agreementMeasurement, agreementOf, agrees } from "./observables/agreement.ts";
import { Unmeasurable, type Measurement, type Observable } from "./observables/observable.ts";
import { namedGradients, type Optimizer, type VariableGradients } from "./optimizerHook.ts";
import type { KnownOptimizer, Optimizers } from "./optimizers.ts";
import { readFloats, StepView } from "./stepView.ts";
import type { TrainingFacts } from "./trainingFacts.ts";

/** A step that is under way: what had to be read before the weights moved. */
export interface StepUnderWay {
  readonly evaluation: Evaluation;
  readonly optimizer: Optimizer | undefined;
  readonly known: KnownOptimizer;
  readonly learningRate: number;
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly before: ReadonlyMap<string, Float32Array>;
  /** Seconds that reading `before` took. */
  readonly reading: number;
}

/** Turns optimizer steps into records: facts first, then the step's values, then what was measured at it. */
export class StepRecorder {
  readonly #journal: Journal;
  readonly #budget: Budget;
  readonly #facts: TrainingFacts;
  readonly #optimizers: Optimizers;
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
    this.#facts.describe(optimizer, evaluation);
    const needsWeights = this.#due(evaluation, known, optimizer).some((observable) => observable.needsWeights);
    const { result: before, seconds: reading } = needsWeights
      ? this.#journal.clock.measure(() => new Map(variables.map((each) => [each.name, readFloats(engine, each)])))
      : { result: new Map<string, Float32Array>(), seconds: 0 };
    return { evaluation, optimizer, known, learningRate, gradients, before, reading };
  }

  /** Writes the step that has just been completed, and measures at it. */
  complete(underWay: StepUnderWay): void {
    const { evaluation, known, optimizer } = underWay;
    const due = this.#due(evaluation, known, optimizer);
    const scriptTime = this.#journal.clock.scriptTime;
    const seconds = Math.max(0, scriptTime - (this.#lastScriptTime ?? scriptTime));
    const view = new StepView(evaluation, underWay, { step: this.#journal.step, seconds });
    const weighing = due.filter((observable) => observable.needsWeights).length;
    const shareOf = (observable: Observable) => (observable.needsWeights ? underWay.reading / weighing : 0);
    try {
      const values: Record<string, number> = this.#stepValues(underWay, seconds);
      for (const observable of due.filter(({ record }) => record === "step")) {
        Object.assign(values, this.#measure(observable, view, shareOf(observable))?.measurement.values);
      }
      this.#journal.write({ t: "step", step: this.#journal.step, values });
      this.#watchLoss(evaluation.loss);
      this.#measureAfter(
        due.filter(({ record }) => record === "measure"),
        view,
        evaluation,
        shareOf,
      );
    } finally {
      evaluation.trace?.dispose();
      this.#journal.step++;
      this.#lastScriptTime = this.#journal.clock.scriptTime;
    }
  }

  /** Only the first optimizer's steps are measured: the run's series are about its loss. */
  #due({ due }: Evaluation, known: KnownOptimizer, optimizer: Optimizer | undefined): readonly Observable[] {
    return known.observables.filter((each) => known.isFirst && due.has(each.name) && each.applies(optimizer));
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

  #measureAfter(
    due: readonly Observable[],
    view: StepView,
    evaluation: Evaluation,
    shareOf: (observable: Observable) => number,
  ): void {
    const traced = due.filter(({ needsTrace }) => needsTrace).length;
    const start = this.#journal.clock.measuring;
    const curvatureHolds = view.trace === undefined || this.#checkGradient(view, evaluation);
    const shared = evaluation.recording + this.#journal.clock.measuring - start;
    if (traced === 0) this.#budget.spend("sharpness/batch", shared);
    for (const observable of due) {
      if (observable.needsTrace && (view.trace === undefined || !curvatureHolds)) {
        // Paid for all the same, lest the recording be repeated at every step.
        this.#budget.spend(observable.name, shared / traced);
        continue;
      }
      const extra = shareOf(observable) + (observable.needsTrace ? shared / traced : 0);
      const measured = this.#measure(observable, view, extra);
      if (measured !== undefined) this.#writeMeasure(measured.measurement, measured.seconds, evaluation);
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

  #measure(
    observable: Observable,
    view: StepView,
    extraSeconds: number,
  ): { measurement: Measurement; seconds: number } | undefined {
    const start = this.#journal.clock.measuring;
    try {
      const { result } = this.#journal.clock.measure(() => observable.measure(view));
      for (const each of result?.omitted ?? []) this.#explain(observable, each);
      const seconds = this.#journal.clock.measuring - start + extraSeconds;
      return result === undefined ? undefined : { measurement: result, seconds };
    } catch (error) {
      this.#explain(observable, error);
      return undefined;
    } finally {
      this.#budget.spend(observable.name, this.#journal.clock.measuring - start + extraSeconds);
    }
  }

  #explain(observable: Observable, error: unknown): void {
    if (error instanceof Unmeasurable) {
      this.#journal.noteOnce(error.severity, error.code, error.message);
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
