import type { Copies } from "./copies.ts";
import {
  currentEngine,
  showsKernels,
  type Engine,
  type GradientEvaluation,
  type Tensor,
  type Variable,
} from "./engine.ts";
import type { EngineListener } from "./engineHook.ts";
import { PendingEvaluations, type Evaluation } from "./evaluation.ts";
import type { Journal } from "./journal.ts";
import type { FitArguments, Layer, LayersListener, LayersModel } from "./layersHook.ts";
import type { MemoryGuard } from "./memoryGuard.ts";
import { nothingPlanned, type MeasurementPlan, type Plan } from "./measurementPlan.ts";
import { namedGradients, type Optimizer, type OptimizerListener, type VariableGradients } from "./optimizerHook.ts";
import { callerSite } from "./sourceSites.ts";
import type { StepRecorder, StepUnderWay } from "./stepRecorder.ts";
import { recordTrace, type Recording } from "./trace/recordTrace.ts";
import type { TrainingFacts } from "./trainingFacts.ts";
import { UsualDuration } from "./usualDuration.ts";

/** What a session works with. */
export interface SessionParts {
  readonly journal: Journal;
  readonly facts: TrainingFacts;
  readonly plan: MeasurementPlan;
  readonly recorder: StepRecorder;
  readonly memory: MemoryGuard;
  /** Called before the first evaluation, when the script has settled on its backend. */
  begins(engine: Engine): void;
  /** Called between steps. */
  betweenSteps(): void;
}

/**
 * Watches the script train: which gradient evaluations become steps, and of which optimizer. What goes wrong in here is said in
 * a note and does not reach the script.
 */
export class Session implements EngineListener, OptimizerListener, LayersListener {
  readonly #parts: SessionParts;
  readonly #pending = new PendingEvaluations();
  readonly #stepped = new WeakSet<Optimizer>();
  #first: WeakRef<Optimizer> | undefined;
  #copies: Copies | undefined;
  #engine: Engine | undefined;
  #backend: string | undefined;
  #optimizerWithinReach = false;
  #applying = 0;
  #trainingBatch: number | undefined;
  /** Of the evaluations that are not recorded. */
  readonly #plainEvaluation = new UsualDuration();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Hooks copies of TensorFlow.js whenever one may have loaded. */
  hook(copies: Copies): void {
    this.#copies = copies;
  }

  loaded(): void {
    this.#guard(() => this.#copies?.look());
  }

  layerCreated(layer: Layer): void {
    this.#guard(() => {
      this.#parts.facts.created(layer, callerSite());
    });
  }

  optimizerCreated(optimizer: Optimizer): void {
    this.#optimizerWithinReach = true;
    this.#guard(() => {
      this.#parts.facts.created(optimizer, callerSite());
    });
  }

  compiled(model: LayersModel): void {
    this.#guard(() => {
      this.#parts.facts.compiled(model);
    });
  }

  training(model: LayersModel, way: "fit" | "fitDataset" | "trainOnBatch", args: readonly unknown[]): void {
    this.#guard(() => {
      const engine = currentEngine();
      if (engine !== undefined) this.#begin(engine);
      if (way === "fit") this.#parts.facts.fitting(model, args[0], args[2] as FitArguments | undefined);
      this.#noteTrainingCall(way);
    });
  }

  trainStep<T>(_model: LayersModel, tensors: readonly Tensor[], run: () => T): T {
    this.#trainingBatch = tensors[0]?.shape[0];
    try {
      return run();
    } finally {
      this.#trainingBatch = undefined;
    }
  }

  validated({ optimizer }: LayersModel, [loss]: readonly Tensor[], examples: number | undefined): void {
    this.#guard(() => {
      const { journal } = this.#parts;
      const engine = this.#engine;
      // A run's loss is the first optimizer's.
      const isOfRun = optimizer !== undefined && this.#first?.deref() === optimizer;
      if (engine === undefined || !isOfRun || loss?.size !== 1) return;
      const { result = NaN, seconds } = journal.clock.measure(() => engine.readSync(loss.dataId)[0]);
      journal.write({
        t: "measure",
        step: journal.step,
        values: { "loss/validation": result },
        cost: seconds,
        method: "the script's own validation, by fit",
        ...(examples !== undefined && { sample: examples }),
      });
    });
  }

  evaluate(engine: Engine, variables: readonly Variable[], run: () => GradientEvaluation): GradientEvaluation {
    this.#guard(() => {
      this.#begin(engine);
      this.#parts.recorder.evaluationBegins();
    });
    const { clock } = this.#parts.journal;
    const begun = clock.time;
    const plan = this.#guard(() => this.#withinMemory(engine, this.#planFor(engine, variables))) ?? nothingPlanned;
    const start = clock.time;
    const recording = plan.record ? recordTrace(engine, run, variables) : { evaluation: run() };
    this.#guard(() => {
      this.#keep(engine, variables, plan, recording, { begun, start, end: clock.time });
    });
    return recording.evaluation;
  }

  apply(optimizer: Optimizer, gradients: VariableGradients, run: () => void): void {
    this.#optimizerWithinReach = true;
    if (this.#applying > 0) {
      run();
      return;
    }
    const underWay = this.#guard(() => this.#beginStep(optimizer, gradients));
    this.#applying++;
    try {
      run();
    } catch (error) {
      underWay?.evaluation.trace?.dispose();
      throw error;
    } finally {
      this.#applying--;
    }
    this.#completeStep(underWay);
  }

  assigning(variable: Variable): void {
    if (this.#optimizerWithinReach || this.#applying > 0) return;
    const underWay = this.#guard(() => {
      const evaluation = this.#pending.takeFor(variable);
      if (evaluation === undefined) return undefined;
      const named = evaluation.variables.map(({ name }, index) => ({ name, tensor: evaluation.gradients[index] }));
      return this.#parts.recorder.begin(evaluation, undefined, named);
    });
    this.#completeStep(underWay);
  }

  #withinMemory(engine: Engine, plan: Plan): Plan {
    return plan.record && !this.#parts.memory.admits(engine) ? { ...plan, record: false } : plan;
  }

  #begin(engine: Engine): void {
    if (this.#engine === undefined) {
      this.#engine = engine;
      this.#copies?.look();
      this.#backend = engine.backendName;
      this.#parts.begins(engine);
      this.#parts.betweenSteps();
    } else if (this.#backend !== engine.backendName) {
      const text = `Training goes on on the backend ${engine.backendName}, which the script has changed to from ${this.#backend ?? "none"}.`;
      this.#backend = engine.backendName;
      this.#parts.journal.note("information", "backend-changed", text);
    }
  }

  #planFor(engine: Engine, variables: readonly Variable[]): Plan {
    if (!showsKernels(engine)) return this.#parts.plan.next(variables);
    this.#parts.journal.noteOnce(
      "information",
      "kernels-shown",
      "Nothing is measured while the script profiles kernels or runs in debug mode: it would be shown those of measurements as well.",
    );
    return nothingPlanned;
  }

  #keep(
    engine: Engine,
    variables: readonly Variable[],
    plan: Plan,
    recording: Recording,
    { begun, start, end }: { readonly begun: number; readonly start: number; readonly end: number },
  ): void {
    const { evaluation, trace, failure } = recording;
    const { journal } = this.#parts;
    const seconds = end - start;
    // What recording adds is known only against evaluations without; before there are some, it is taken for half of it.
    const added = plan.record ? Math.max(0, this.#plainEvaluation.excess(seconds) ?? seconds / 2) : 0;
    const choosing = plan.due.size > 0 ? start - begun : 0;
    journal.clock.addMeasuring(choosing + added);
    if (!plan.record) this.#plainEvaluation.add(seconds);
    if (trace !== undefined) this.#parts.memory.recorded(trace.bytesHeld);
    if (failure !== undefined) {
      journal.noteOnce("warning", "recording-failed", `A step could not be recorded: ${failure.message}`);
    }
    if (evaluation.value.size !== 1) {
      trace?.dispose();
      return;
    }
    const trained = variables.flatMap((variable, index) => {
      const gradient = evaluation.grads[index];
      return gradient === null || gradient === undefined ? [] : [{ variable, gradient }];
    });
    this.#pending.add({
      engine,
      loss: engine.readSync(evaluation.value.dataId)[0],
      variables: trained.map(({ variable }) => variable),
      gradients: trained.map(({ gradient }) => gradient),
      batch: this.#trainingBatch,
      begun,
      trace,
      due: plan.due,
      isUnlimited: plan.isUnlimited,
      choosing,
      recording: added,
    });
  }

  #beginStep(optimizer: Optimizer, gradients: VariableGradients): StepUnderWay | undefined {
    const { journal, recorder } = this.#parts;
    if (this.#trainingBatch === undefined && !this.#stepped.has(optimizer)) this.#noteTrainingCall("optimizer");
    this.#stepped.add(optimizer);
    this.#first ??= new WeakRef(optimizer);
    const taken = this.#pending.take(gradients);
    const evaluation = taken?.evaluation ?? this.#withoutEvaluation(gradients);
    if (evaluation === undefined) return undefined;
    if (taken?.isOfSeveral === true) {
      journal.noteOnce(
        "warning",
        "several-evaluations",
        "The optimizer is given gradients made of several evaluations of the loss, as where they are accumulated: the loss of such a step is that of the last evaluation.",
      );
    }
    if (evaluation.loss === undefined) {
      journal.noteOnce(
        "warning",
        "loss-unknown",
        "The optimizer is given gradients that were not computed from a scalar loss of the trained variables, so that the loss is not known.",
      );
    }
    return recorder.begin(evaluation, optimizer, gradients);
  }

  /** A step whose gradients came about in a way that was not seen. */
  #withoutEvaluation(given: VariableGradients): Evaluation | undefined {
    const engine = this.#engine;
    if (engine === undefined) return undefined;
    const gradients = [...namedGradients(given)].flatMap(([name, gradient]) => {
      const variable = engine.registeredVariables[name];
      return variable === undefined ? [] : [{ variable, gradient }];
    });
    return {
      engine,
      loss: undefined,
      variables: gradients.map(({ variable }) => variable),
      gradients: gradients.map(({ gradient }) => gradient),
      batch: undefined,
      begun: undefined,
      trace: undefined,
      due: new Set(),
      isUnlimited: false,
      choosing: 0,
      recording: 0,
    };
  }

  #completeStep(underWay: StepUnderWay | undefined): void {
    if (underWay === undefined) return;
    this.#guard(() => {
      this.#parts.recorder.complete(underWay);
      this.#parts.plan.stepped(underWay.optimizer, underWay.evaluation.variables);
    });
    this.#guard(() => {
      this.#parts.betweenSteps();
    });
  }

  #noteTrainingCall(way: string): void {
    const { journal } = this.#parts;
    const source = callerSite();
    if (source === undefined) return;
    const code = way === "optimizer" ? "optimizer step" : `model.${way}`;
    journal.noteOnce(
      "information",
      "training-call",
      `Training: ${code} at line ${source.line}, column ${source.column}.`,
      source,
    );
  }

  /** Runs what is ours; if it fails, says so and gives undefined. */
  #guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.journal.noteOnce("warning", "probe-failed", `Orrery could not look at something: ${reason}`);
      return undefined;
    }
  }
}
