/** The state of reading one script: memory, what has been found, and how much work is left. */
import type { SourcePosition, SourceRange } from "../places.ts";
import type { Basis, Known } from "../sketch/known.ts";
import type { LossSketch } from "../sketch/trainingSketch.ts";
import type { Batches } from "./batches.ts";
import type { ClassObject } from "./classObject.ts";
import type { Closure } from "./closure.ts";
import type { Dims, FlowStep } from "./flow.ts";
import type { LayerObject } from "./layerObject.ts";
import { Memory } from "./memory.ts";
import { Names } from "./watch.ts";
import type { Flags } from "./group.ts";
import type { Section } from "./section.ts";
import type { FoundModel, FoundOptimizer, FoundTraining } from "./found.ts";
import type { Given } from "./given.ts";
import type { ObjectValue, Value } from "./value.ts";

/** Expressions and statements that are read of one script, the same one each time: more is generated code, or a loop. */
const mostSteps = 60_000;

/** Calls within calls; deeper ones are taken for recursion without end. */
export const deepestCalls = 24;

/** Expressions within expressions, those of the functions that they call among them. */
const deepestExpressions = 700;

/** A script that takes too much work to be read; nothing is said of it. */
export class TooLong extends Error {}

/** A loop that is being followed. */
export interface Loop {
  readonly range: SourceRange;
  /** How often it goes round; unknown where the text does not say. */
  readonly count: Known<number>;
  /** What it goes over, where that is batches of which something is known. */
  readonly batches: Batches | undefined;
  /** Whether it goes over batches of data. */
  readonly overData: boolean;
  readonly uncertainty: number;
  /** Whether a way out of it was followed other than that its rounds are over. */
  isLeft: boolean;
}

/** Where a call stands, in a function of the script's. */
export interface Caller {
  readonly name: string | undefined;
  readonly range: SourceRange;
  readonly statement: SourcePosition;
  readonly site: number;
  readonly section: Section;
  /** Whose method it is. */
  readonly self?: Value | undefined;
}

export class Reading {
  readonly memory = new Memory();
  /** Of the variables of the file. */
  readonly names = new Names();
  /** Counts what is followed of which it is not known who calls it, and when; 0 for what the script itself does, in its order. */
  unit = 0;
  readonly models: FoundModel[] = [];
  readonly optimizers: FoundOptimizer[] = [];
  readonly losses: LossSketch[] = [];
  readonly trainings: FoundTraining[] = [];
  readonly loops: Loop[] = [];
  /** How many of them were begun outside of the function that is being followed. */
  loopsOutside = 0;
  /** Loops in which a gradient was asked for last. */
  backwardLoops: readonly Loop[] | undefined;
  /** Steps of the model that is being followed. */
  trace: FlowStep[] = [];
  /** Why any model may have other layers than were found: something that is not followed is changed. */
  modelsChanged: string | undefined;
  /** Why the weights of any model may begin in another way: code that is not followed changes weights. */
  weightsChanged: string | undefined;
  /** The model that was computed last, while a loss was followed. */
  appliedModel: ObjectValue | undefined;
  /** Why training may end before its epochs are over: a callback stops it. */
  stopped: string | undefined;
  /** Why layers may have been missed since it was last cleared. */
  missed: string | undefined;
  /** The functions of the script, by their places, and those that were followed. */
  functions = new Map<number, Closure>();
  readonly followed = new Set<number>();
  /** Those of them that another one was seen to call. */
  readonly calledWithin = new Set<number>();
  classes: ClassObject[] = [];
  /** The functions of the script that are being followed, innermost last. */
  readonly callers: Caller[] = [];
  /** Calls a value of the script's own language. */
  invoke: (callee: Value, given: Given) => Value;
  /** `default` while what is read is read only because of a default. */
  basis: Basis = "written";
  /** Whether functions are followed of which it is not known who calls them, and when. */
  alone = false;
  /** What a framework does before a group is followed. */
  readonly groupBegins: (() => void)[] = [];
  /** Whether the script itself trains, all that is followed alone aside. */
  #trainedFirst: boolean | undefined;
  #trainingsBefore = 0;
  #rehearsals = 0;
  #steps = 0;
  #serial = 0;
  #depth = 0;

  constructor(invoke: (callee: Value, given: Given) => Value) {
    this.invoke = invoke;
  }

  /** To be called for each function that is followed, before its own frame is opened. */
  follows(site: number): void {
    this.followed.add(site);
    if (this.callers.length > 0) this.calledWithin.add(site);
  }

  /** To be called where the innermost loop is left, or all of the function that is being followed. */
  leave(what: "loop" | "function"): void {
    const left = this.loops.slice(what === "loop" ? -1 : this.loopsOutside);
    for (const each of left) each.isLeft = true;
  }

  /** To be called for each expression and each statement. */
  count(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > mostSteps) throw new TooLong();
  }

  /** How many were counted. */
  get steps(): number {
    return this.#steps;
  }

  get flags(): Flags {
    const { modelsChanged, weightsChanged, stopped } = this;
    return { modelsChanged, weightsChanged, stopped };
  }

  set flags({ modelsChanged, weightsChanged, stopped }: Flags) {
    this.modelsChanged = modelsChanged;
    this.weightsChanged = weightsChanged;
    this.stopped = stopped;
  }

  /** To be called around each expression: those that stand too deep within one another are nobody's handwriting. */
  enter(): void {
    this.count();
    if (++this.#depth > deepestExpressions) throw new TooLong();
  }

  exit(): void {
    this.#depth--;
  }

  get rehearsing(): boolean {
    return this.#rehearsals > 0;
  }

  /** What is found meanwhile is not kept: the same is read again afterwards. */
  rehearse(run: () => void): void {
    this.#rehearsals++;
    const { trace, modelsChanged, weightsChanged } = this;
    const steps = trace.length;
    const before = this.mark();
    try {
      run();
    } finally {
      this.#rehearsals--;
      trace.length = steps;
      this.returnTo(before);
      this.modelsChanged = modelsChanged;
      this.weightsChanged = weightsChanged;
    }
  }

  /** To be called before something is followed of which it is not known who calls it, and when. */
  beginUnit(): void {
    this.unit++;
    this.appliedModel = undefined;
  }

  /** To be called before what stands in one section of the text is followed so: what was found in others does not matter to it. */
  beginGroup(): void {
    this.memory.beginGroup();
    this.#trainedFirst ??= this.trainings.length > 0;
    this.#trainingsBefore = this.trainings.length;
    this.backwardLoops = undefined;
    this.missed = undefined;
    this.trace = [];
    for (const each of this.groupBegins) each();
  }

  /** Whether the script was seen to train. */
  get hasTrained(): boolean {
    return this.#trainedFirst === true || this.trainings.length > this.#trainingsBefore;
  }

  /** Whether something that is followed so has changed what it did not make itself, nor did anything else in its section. */
  get crossed(): boolean {
    return this.memory.crossed;
  }

  /** How much has been found. */
  mark(): readonly number[] {
    return this.#found.map(({ length }) => length);
  }

  returnTo(mark: readonly number[]): void {
    for (const [index, list] of this.#found.entries()) list.length = mark[index] ?? list.length;
  }

  /** Takes back what was found between two marks; later ones are to be taken back first. */
  forget(from: readonly number[], to: readonly number[]): void {
    for (const [index, list] of this.#found.entries()) {
      const start = from[index] ?? list.length;
      list.splice(start, (to[index] ?? start) - start);
    }
  }

  get #found(): unknown[][] {
    return [this.models, this.optimizers, this.losses, this.trainings];
  }

  /** One more step of the model that is being followed. */
  step(parts: Omit<FlowStep, "serial">): FlowStep {
    const step = { ...parts, serial: this.#serial++ };
    this.trace.push(step);
    return step;
  }

  /** Applies a layer, and says what comes out. */
  apply(layer: LayerObject, from: readonly FlowStep[], range: SourceRange): FlowStep {
    const output = layer.describe(from.map((each) => each.dims)).output;
    return this.step({
      what: "layer",
      layer,
      from,
      range,
      name: layer.making.call,
      dims: output,
      within: [...this.callers],
    });
  }

  input(dims: Dims | undefined, range: SourceRange, square?: Known<number>): FlowStep {
    return this.step({ what: "input", from: [], name: "input", range, dims, ...(square && { square }) });
  }

  operation(name: string, from: readonly FlowStep[], range: SourceRange, dims?: Dims): FlowStep {
    return this.step({ what: "operation", name, from, range, dims });
  }

  lost(reason: string, range: SourceRange): FlowStep {
    return this.step({ what: "lost", name: reason, from: [], range, dims: undefined });
  }

  /** Follows `run` with a trace of its own, and says which steps it took. */
  traced<T>(run: () => T): { result: T; trace: readonly FlowStep[]; missed: string | undefined } {
    const { trace: outer, missed: outerMissed } = this;
    this.trace = [];
    this.missed = undefined;
    try {
      const result = run();
      return { result, trace: this.trace, missed: this.missed };
    } finally {
      this.trace = outer;
      this.missed = outerMissed;
    }
  }
}
