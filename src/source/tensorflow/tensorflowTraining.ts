/** Calls that train in TensorFlow.js. */
import { batchesPerPass, batchSizeOf, type Batches } from "../interpret/batches.ts";
import { Closure, builtin } from "../interpret/closure.ts";
import { Tensor, type FlowStep } from "../interpret/flow.ts";
import { Entries } from "../interpret/entries.ts";
import type { Given } from "../interpret/given.ts";
import type { FoundTraining } from "../interpret/found.ts";
import { sketchOf } from "../interpret/modelSketching.ts";
import type { Caller, Reading } from "../interpret/reading.ts";
import {
  booleanOf,
  isNothing,
  itemsOf,
  nothing,
  numberOf,
  unknown,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";
import { configAt, type Config } from "./config.ts";
import { lossNamed } from "./tensorflowLosses.ts";
import type { ModelMember, TensorFlowModel } from "./tensorflowModel.ts";
import { optimizerNamed, TensorFlowOptimizer } from "./tensorflowOptimizers.ts";

/** A data set of `tf.data`, of which the size of its batches is followed. */
export class Dataset implements ObjectValue {
  readonly kind = "object";
  readonly batches: Batches;
  /** Whether it never runs out. */
  readonly isEndless: boolean;

  constructor(batches: Batches, isEndless = false) {
    this.batches = batches;
    this.isEndless = isEndless;
  }

  member(name: string): Value {
    return builtin((given) => {
      if (name === "batch") return new Dataset(batched(given), this.isEndless);
      if (name === "repeat") return new Dataset(this.batches, given.get(0, "") === undefined);
      return name === "take" ? new Dataset(this.batches) : this;
    });
  }
}

/** `dataset.batch(size, smallRemainder)` */
function batched(given: Given): Batches {
  const keepsLast = booleanOf(given.get(1, ""), ofFramework(true));
  return {
    limit: numberOf(given.get(0, "")),
    examples: unstated("the data are not followed"),
    dropsLast: keepsLast.known ? { ...keepsLast, value: !keepsLast.value } : keepsLast,
  };
}

const notFollowed = unstated("the data are not followed");

/** What a loss is computed on. */
interface LossInput {
  readonly batch: Known<number>;
  /** Mean square of its numbers. */
  readonly square: Known<number>;
  /** Whether the weights to be moved are named. */
  readonly ofSome?: boolean;
}

const noInput: LossInput = { batch: unstated("the batch is not followed"), square: notFollowed };

export class TensorFlowTraining {
  readonly #reading: Reading;
  /** Where the loss was computed last, and of what. */
  predicted: { readonly loss: SourceRange; readonly prediction: Tensor | undefined } | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
    reading.groupBegins.push(() => {
      this.predicted = undefined;
      this.#gradients = 0;
      this.#gradientInput = undefined;
    });
  }

  readonly modelMember: ModelMember = (model, name) => {
    switch (name) {
      case "compile":
        return builtin((given) => this.#compile(model, given));
      case "fit":
      case "fitDataset":
      case "trainOnBatch":
        return builtin((given) => this.#fit(model, name, given));
      default:
        return undefined;
    }
  };

  readonly optimizerMember = (optimizer: TensorFlowOptimizer, name: string, range: SourceRange): Value => {
    switch (name) {
      case "minimize":
        return builtin((given) => {
          this.#steps("minimize", optimizer, given, given.get(0, "f"));
          return unknown("the value of a loss", given.range);
        });
      case "applyGradients":
        return builtin((given) => {
          const added = this.#gradients > 1 ? unstated("gradients of several batches are added") : undefined;
          this.#gradients = 0;
          this.#record("applyGradients", optimizer, given, this.#gradientInput, added);
          return nothing;
        });
      case "setLearningRate":
        return builtin((given) => {
          optimizer.moved(name, given.range);
          return nothing;
        });
      default:
        return unknown(`${name} of an optimizer`, range);
    }
  };

  /** How many gradients were asked for since some were applied. */
  #gradients = 0;
  /** What the latest of them were of. */
  #gradientInput: LossInput | undefined;

  #compile(model: TensorFlowModel | undefined, given: Given): Value {
    const config = configAt(given, 0);
    const optimizer = config("optimizer");
    const made = this.#compiledOptimizer(optimizer, given);
    if (made !== undefined) made.found.model = model;
    const loss = config("loss");
    const name = loss?.kind === "scalar" ? loss.value : loss instanceof NamedLoss ? loss.name : undefined;
    const stated = loss?.kind === "scalar" ? loss.range : loss instanceof NamedLoss ? loss.range : undefined;
    const range = typeof name === "string" ? (stated ?? given.range) : undefined;
    if (typeof name === "string" && range !== undefined) this.#reading.losses.push(lossNamed(name, range));
    model?.compile(made, range);
    return nothing;
  }

  #compiledOptimizer(optimizer: Value | undefined, given: Given): TensorFlowOptimizer | undefined {
    if (optimizer instanceof TensorFlowOptimizer) return optimizer;
    if (optimizer?.kind !== "scalar" || typeof optimizer.value !== "string") return undefined;
    const { value, range } = optimizer;
    return optimizerNamed(value, range ?? given.range, given.statement, this.#reading, this.optimizerMember);
  }

  /** A method that only a data set or a model of TensorFlow.js has, of an object that is not known; undefined for any other. */
  ofUnknown(name: string, given: Given): Value | undefined {
    const [first, , settings] = given.positional;
    if (name === "batch" && first !== undefined) return new Dataset(batched(given));
    if (name === "compile" && first instanceof Entries && first.get("loss").kind !== "unbound")
      return this.#compile(undefined, given);
    if (name === "fitDataset" || name === "trainOnBatch") return this.#fit(undefined, name, given);
    const trains =
      settings instanceof Entries && ["epochs", "batchSize"].some((each) => settings.get(each).kind !== "unbound");
    return name === "fit" && trains ? this.#fit(undefined, name, given) : undefined;
  }

  #fit(model: TensorFlowModel | undefined, call: "fit" | "fitDataset" | "trainOnBatch", given: Given): Value {
    const config = configAt(given, call === "fit" ? 2 : 1);
    const data = given.get(0, "x");
    const rows: Known<number> =
      data instanceof Tensor ? (data.dims?.[0] ?? unstated("the shape of the data is not known")) : notFollowed;
    const inputSquare = (data instanceof Tensor ? data.step.square : undefined) ?? notFollowed;
    const none = unstated("the text does not say");
    if (call === "trainOnBatch") {
      this.#push(call, given, {
        model,
        optimizer: model?.optimizer,
        loss: model?.loss,
        batchSize: rows,
        batchLimit: rows,
        epochs: none,
        steps: this.#stepsOfLoop(),
        examples: none,
        inputSquare,
      });
      return unknown("the value of a loss", given.range);
    }
    const dataset = data instanceof Dataset ? data : undefined;
    const batches: Batches | undefined = call === "fit" ? batchesOfFit(rows, config) : dataset?.batches;
    const epochs = endsSooner(config("callbacks")) ?? numberOf(config("epochs"), ofFramework(1));
    const perEpoch: Known<number> =
      call === "fit" && batches !== undefined
        ? batchesPerPass(batches)
        : dataset?.isEndless === true
          ? numberOf(config("batchesPerEpoch"))
          : unstated("the data may run out");
    const steps =
      this.#reading.loops.length > 0
        ? unstated("it trains in a loop")
        : derived([perEpoch, epochs], ([batches = 0, times = 0]) => batches * times);
    this.#push(call, given, {
      model,
      optimizer: model?.optimizer,
      loss: model?.loss,
      batchSize: batches === undefined ? none : batchSizeOf(batches),
      batchLimit: batches?.limit ?? none,
      epochs,
      steps,
      examples: batches?.examples ?? none,
      inputSquare,
      stoppable: true,
    });
    return unknown("a history", given.range);
  }

  /** Follows a function that computes a loss; what it computes by hand is a model of its own. */
  #follow(loss: Value | undefined, given: Given): LossInput {
    const depth = this.#reading.callers.length;
    this.predicted = undefined;
    this.#reading.appliedModel = undefined;
    const { trace, missed } = this.#reading.traced(() => {
      if (loss instanceof Closure) loss.call(given.withOnly([]));
    });
    const steps = trace.filter(({ what }) => what === "layer");
    const prediction = this.#seenPrediction();
    // What is computed may have been put into other rows since: the examples are those of the data.
    const input = firstInput(prediction?.step);
    if (this.#appliedModel === undefined && steps.some(({ layer }) => layer !== undefined))
      this.#byHand(steps, depth, given, prediction, missed, loss);
    return { batch: input?.dims?.[0] ?? noBatch, square: input?.square ?? notFollowed };
  }

  get #appliedModel(): ObjectValue | undefined {
    return this.#reading.appliedModel;
  }

  #seenPrediction(): Tensor | undefined {
    return this.predicted?.prediction;
  }

  #byHand(
    steps: readonly FlowStep[],
    depth: number,
    given: Given,
    prediction: Tensor | undefined,
    missed: string | undefined,
    loss: Value | undefined,
  ): void {
    const trace = prediction === undefined ? steps : before(prediction.step);
    const inside = trace.flatMap(({ within }) => within ?? []).length > 0 ? common(trace, depth) : undefined;
    const closure = loss instanceof Closure ? loss.making : undefined;
    const place = inside ?? (closure === undefined ? undefined : { ...closure, name: undefined });
    const input = firstInput(prediction?.step);
    const value: ObjectValue = { kind: "object", member: () => nothing };
    this.#reading.appliedModel = value;
    const sketch = () =>
      sketchOf({
        name: place?.name,
        form: "core",
        range: place?.range ?? given.range,
        statement: place?.statement ?? given.statement,
        inputDims: input?.dims,
        trace,
        output: prediction?.step ?? "it is not known which tensor is the model's output",
        owned: trace.flatMap(({ layer }) =>
          layer?.making.name === undefined ? [] : [{ layer, path: layer.making.name }],
        ),
        missed: missed ?? (prediction === undefined ? "it is not known which tensor is the model's output" : undefined),
        changed: undefined,
      });
    this.#reading.models.push({ value, sketch });
  }

  #steps(call: string, optimizer: TensorFlowOptimizer, given: Given, loss: Value | undefined): void {
    this.#record(call, optimizer, given, { ...this.#follow(loss, given), ofSome: !isNothing(given.get(2, "varList")) });
  }

  /** @param added why a step may see several batches */
  #record(
    call: string,
    optimizer: TensorFlowOptimizer,
    given: Given,
    { batch, square, ofSome = false } = noInput,
    added?: Known<number>,
  ): void {
    const batchSize = added ?? batch;
    const model = this.#reading.appliedModel;
    if (!this.#reading.rehearsing) optimizer.found.model ??= model;
    const none = unstated("the text does not say");
    this.#push(call, given, {
      model,
      optimizer,
      loss: this.predicted?.loss,
      batchSize,
      batchLimit: batchSize,
      epochs: none,
      steps: this.#stepsOfLoop(),
      examples: none,
      inputSquare: square,
      ...(ofSome && { someWeights: true }),
    });
  }

  /** Computes gradients of a loss, to be applied later. */
  gradients(given: Given): Value {
    this.#gradientInput = { ...this.#follow(given.get(0, "f"), given), ofSome: !isNothing(given.get(1, "varList")) };
    this.#gradients++;
    const entries = new Entries(this.#reading.memory);
    entries.open("gradients");
    return entries;
  }

  #stepsOfLoop(): Known<number> {
    const [only, ...more] = this.#reading.loops;
    if (only === undefined) return unstated("no loop that is followed");
    if (more.length > 0) return unstated("it trains in loops within loops");
    if (this.#reading.memory.uncertainty > only.uncertainty) return unstated("not every round takes a step");
    return only.count;
  }

  #push(call: string, given: Given, rest: Omit<FoundTraining, "call" | "range" | "statement">): void {
    this.#reading.trainings.push({ call, range: given.range, statement: given.statement, ...rest });
  }
}

/** `fit` of tensors, of which `rows` are the first extent. */
function batchesOfFit(rows: Known<number>, config: Config): Batches {
  const split = numberOf(config("validationSplit"), ofFramework(0));
  const examples: Known<number> =
    split.known && split.value === 0
      ? rows
      : derived([rows, split], ([all = 0, part = 0]) => Math.floor(all * (1 - part)));
  return { limit: numberOf(config("batchSize"), ofFramework(32)), examples, dropsLast: ofFramework(false) };
}

/** Why callbacks may end training before its epochs are over; those of the script's own are followed besides. */
function endsSooner(callbacks: Value | undefined): Known<number> | undefined {
  if (callbacks === undefined) return undefined;
  const all = callbacks.kind === "object" ? [callbacks] : itemsOf(callbacks);
  return all?.every(isFollowed) === true ? undefined : unstated("a callback may end it sooner");
}

function isFollowed(callback: Value): boolean {
  if (callback instanceof OnlyShown) return true;
  if (!(callback instanceof Entries) || callback.openness !== undefined) return false;
  return callback.all.every(([, value]) => value.kind !== "unknown");
}

/** Callbacks that draw what happens, and stop nothing. */
export class OnlyShown implements ObjectValue {
  readonly kind = "object";

  member(_name: string, range: SourceRange): Value {
    return unknown("what is shown", range);
  }
}

const noBatch = unstated("the shape of the data is not known");

/** A function of `tf.losses` or `tf.metrics` that is handed on by its name. */
export class NamedLoss implements ObjectValue {
  readonly kind = "object";
  readonly name: string;
  readonly range: SourceRange;
  readonly #called: (given: Given) => Value;

  constructor(name: string, range: SourceRange, called: (given: Given) => Value) {
    this.name = name;
    this.range = range;
    this.#called = called;
  }

  call(given: Given): Value {
    return this.#called(given);
  }

  member(): Value {
    return nothing;
  }
}

/** The function in which all that has weights is computed. */
function common(trace: readonly FlowStep[], depth: number): Caller | undefined {
  const callers = trace.filter(({ layer }) => layer !== undefined).map(({ within }) => within?.[depth + 1]);
  const [first] = callers;
  return callers.every((each) => each?.site === first?.site) ? first : undefined;
}

function firstInput(step: FlowStep | undefined): FlowStep | undefined {
  return step === undefined ? undefined : before(step).find(({ what, name }) => what === "input" && name === "input");
}

function before(step: FlowStep): FlowStep[] {
  const found = new Set<FlowStep>([step]);
  for (const each of found) for (const from of each.from) found.add(from);
  return [...found].sort((one, other) => one.serial - other.serial);
}
