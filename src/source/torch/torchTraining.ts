/** How scripts train with PyTorch: optimizers, batches of data, and the steps of a loop. */
import { Instance } from "../interpret/classObject.ts";
import { builtin, Closure } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import { batchesPerPass, batchSizeOf } from "../interpret/batches.ts";
import type { FlowStep } from "../interpret/flow.ts";
import type { FoundOptimizer, FoundTraining } from "../interpret/found.ts";
import type { Given } from "../interpret/given.ts";
import { loseHyperparameters, moveRate } from "../interpret/movedOptimizer.ts";
import type { Loop, Reading } from "../interpret/reading.ts";
import { itemsOf, nothing, numberOf, tuple, unknown, type ObjectValue, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { LoopData } from "../python/pythonLibrary.ts";
import { derived, unstated, written, type Known } from "../sketch/known.ts";
import type { Hyperparameters, ParameterGroupSketch } from "../sketch/trainingSketch.ts";
import { AskedGradients, LossValue } from "./lossValue.ts";
import { Modes } from "./modes.ts";
import { findModel } from "./torchModels.ts";
import { Parameters } from "./torchModules.ts";
import { groupFacts, optimizerFacts } from "./torchOptimizers.ts";
import type { TorchTensors } from "./torchTensors.ts";
import { LayerObject } from "../interpret/layerObject.ts";

/** Batches of data: a loader, or one whose batches are numbered. */
export class Loader implements ObjectValue {
  readonly kind = "object";
  readonly data: LoopData;

  constructor(data: LoopData) {
    this.data = data;
  }

  member(_name: string, range: SourceRange): Value {
    return unknown("a member of a loader", range);
  }
}

export class TorchOptimizer implements ObjectValue {
  readonly kind = "object";
  readonly found: FoundOptimizer;
  readonly #step: (optimizer: TorchOptimizer, given: Given) => Value;

  constructor(
    found: Omit<FoundOptimizer, "value" | "schedules">,
    step: (optimizer: TorchOptimizer, given: Given) => Value,
  ) {
    this.found = { ...found, value: this, schedules: [] };
    this.#step = step;
  }

  member(name: string, range: SourceRange): Value {
    if (name === "step") return builtin((given) => this.#step(this, given));
    if (name === "param_groups") return new ParameterGroups(this.found, range);
    if (name === "load_state_dict") {
      return builtin((given) => {
        moveRate(this.found, name, given.range, "other");
        return nothing;
      });
    }
    if (name === "add_param_group") {
      return builtin((given) => {
        const all = Object.keys(this.found.hyperparameters) as (keyof Hyperparameters)[];
        loseHyperparameters(this.found, all, "a group of parameters is added later", given.range);
        return nothing;
      });
    }
    return builtin(() => nothing);
  }

  handedOn(to: string, range: SourceRange): void {
    moveRate(this.found, to, range, "other");
  }
}

/** `optimizer.param_groups`, and each of the groups: settings of them that a script may assign to. */
export class ParameterGroups implements ObjectValue {
  readonly kind = "object";
  readonly #found: FoundOptimizer;
  readonly #range: SourceRange;

  constructor(found: FoundOptimizer, range: SourceRange) {
    this.#found = found;
    this.#range = range;
  }

  items(): readonly Value[] {
    return [this];
  }

  member(name: string, range: SourceRange): Value {
    if (name !== "update") return unknown("a setting of a group", range);
    return builtin((given) => {
      const [settings] = given.positional;
      const isOpen = given.open !== undefined || (settings !== undefined && !(settings instanceof Entries));
      const named = settings instanceof Entries ? settings.all.map(([key]) => key) : [];
      for (const each of isOpen ? Object.keys(settable) : [...given.named.keys(), ...named]) this.assign(each);
      return nothing;
    });
  }

  assign(name: string): void {
    if (name === "lr") moveRate(this.#found, "param_groups", this.#range, "assigned");
    const what = Object.hasOwn(settable, name) ? settable[name] : undefined;
    if (what !== undefined) loseHyperparameters(this.#found, what, "it is assigned to later", this.#range);
  }
}

/** Settings of a group besides its learning rate. */
const settable: Readonly<Record<string, readonly (keyof Hyperparameters)[]>> = {
  lr: [],
  momentum: ["momentum"],
  dampening: ["dampening"],
  nesterov: ["nesterov"],
  betas: ["beta1", "beta2"],
  alpha: ["rho"],
  rho: ["rho"],
  centered: ["centered"],
  eps: ["epsilon"],
  weight_decay: ["weightDecay"],
};

export class TorchTraining {
  readonly modes: Modes;
  readonly #reading: Reading;
  #lastBatch: Known<number> | undefined;
  #lastSquare: Known<number> | undefined;
  /** The round in which a model was computed last, and whether a step was taken since. */
  #round: Loop | undefined;
  #stepped = false;
  readonly #asked = new AskedGradients();
  /** What was followed when it was. */
  #unit = 0;
  /** Why a step may see several batches; in the script itself, all that is followed alone aside. */
  #gathers: string | undefined;
  #gathersFirst: { readonly reason: string | undefined } | undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.modes = new Modes(reading);
    reading.groupBegins.push(() => {
      this.#gathersFirst ??= { reason: this.#gathers };
      this.#gathers = this.#gathersFirst.reason;
      this.#asked.clear();
    });
  }

  get gathers(): string | undefined {
    return this.#gathers;
  }

  /** A model is computed on data, of a shape that is known or not. */
  computedOn(input: FlowStep | undefined): void {
    const size = input?.dims?.[0] ?? unstated("the shape of the data is not known");
    this.#unit = this.#reading.unit;
    const round = this.#reading.loops.at(-1);
    const first = this.#lastBatch === undefined || this.#stepped || round !== this.#round;
    this.#lastBatch = first || sameExtent(this.#lastBatch, size) ? size : unstated("a step sees several batches");
    this.#lastSquare = input?.square;
    this.#round = round;
    this.#stepped = false;
  }

  lossValue(loss: SourceRange): Value {
    return new LossValue(loss, (of, given) => this.backward(of, given));
  }

  /** A gradient is asked for, of a value where it is known which. */
  backward(of: Value | undefined, given: Given): Value {
    this.#reading.backwardLoops = [...this.#reading.loops];
    this.#asked.add(of, given.range);
    return nothing;
  }

  optimizer(name: string, given: Given, tensors: TorchTensors): Value {
    const facts = optimizerFacts(name, given);
    const parameters = given.get(0, "params");
    const groups = groupsOf(name, parameters, given);
    const model = modelOf(parameters);
    if (model instanceof LayerObject) findModel(this.#reading, tensors, model, given);
    const optimizer = new TorchOptimizer(
      {
        range: given.range,
        statement: given.statement,
        sketch: {
          kind: facts.kind,
          call: name,
          weightDecayForm: facts.weightDecayForm,
          groups,
          ...(parameters instanceof Parameters && { parameters: parameters.range }),
        },
        hyperparameters: facts.hyperparameters,
        model,
      },
      (of, inputs) => this.step(of, inputs),
    );
    this.#reading.optimizers.push(optimizer.found);
    return optimizer;
  }

  step(optimizer: TorchOptimizer, given: Given): Value {
    return this.#record(optimizer, given);
  }

  #record(optimizer: TorchOptimizer | undefined, given: Given): Value {
    const { loops } = this.#reading;
    const none = unstated("the text does not say");
    const data = loops.findLast((loop) => loop.overData);
    const sometimes =
      this.#reading.memory.uncertainty > (loops.at(-1)?.uncertainty ?? 0) ? "not every round takes a step" : undefined;
    const gathered =
      (this.#reading.backwardLoops?.length ?? 0) > loops.length ? "gradients of several batches are added" : undefined;
    const reason = this.#gathers ?? sometimes ?? gathered;
    const last = this.#unit === this.#reading.unit ? this.#lastBatch : undefined;
    const { batches } = data ?? {};
    const whole: Known<number> =
      batches === undefined ? ((data === undefined ? last : undefined) ?? none) : batchSizeOf(batches);
    this.#stepped = true;
    const { epochs, steps } = counts(loops, data);
    const evaluated = this.modes.of(optimizer?.found.model);
    this.#reading.trainings.push({
      ...(evaluated && { evaluates: written(true, evaluated) }),
      call: "step",
      range: given.range,
      statement: given.statement,
      model: optimizer?.found.model,
      optimizer,
      loss: this.#asked.take(reason !== undefined),
      batchSize: reason === undefined ? whole : unstated(reason),
      batchLimit: reason === undefined ? (batches?.limit ?? whole) : unstated(reason),
      epochs,
      steps: reason === undefined ? steps : unstated(reason),
      examples: batches?.examples ?? none,
      inputSquare: (this.#unit === this.#reading.unit ? this.#lastSquare : undefined) ?? none,
    });
    return nothing;
  }

  /** A step of what may be an optimizer: it is one where a gradient was asked for in the same loops. */
  stepOfUnknown(given: Given): Value | undefined {
    const { loops, backwardLoops } = this.#reading;
    if (
      loops.length === 0 ||
      backwardLoops?.length !== loops.length ||
      loops.some(({ range }, index) => range !== backwardLoops[index]?.range)
    ) {
      return undefined;
    }
    return this.#record(undefined, given);
  }

  /** `accelerate.Accelerator(…)`. */
  accelerator(made: Given): Value {
    const adds = made.by("gradient_accumulation_steps") !== undefined;
    if (adds) this.#gathers = "gradients of several batches are added";
    return {
      kind: "object",
      member: (name) =>
        builtin((given) => {
          if (name === "prepare")
            return given.positional.length === 1 ? (given.positional[0] ?? nothing) : tuple(given.positional);
          return name === "backward" ? this.backward(given.positional[0], given) : nothing;
        }),
    };
  }

  /** A trainer of Lightning. */
  trainer(made: Given): Value {
    const early = limits.find((each) => made.by(each) !== undefined);
    const epochs = early === undefined ? numberOf(made.by("max_epochs")) : unstated(`${early} may end it sooner`);
    const fit = (given: Given): Value => {
      const model = given.get(0, "model");
      const loader = given.get(1, "train_dataloaders");
      const data = loader instanceof Loader ? loader.data : undefined;
      const none = unstated("the text does not say");
      const adds = made.by("accumulate_grad_batches") !== undefined;
      const gathered = unstated("gradients of several batches are added");
      const batches = data?.batches;
      const perPass = batches === undefined ? none : batchesPerPass(batches);
      this.#reading.trainings.push({
        call: "fit",
        range: given.range,
        statement: given.statement,
        model: model?.kind === "object" ? model : undefined,
        optimizer: undefined,
        loss: lossOfTrainingStep(model, given.range),
        batchSize: adds ? gathered : batches === undefined ? none : batchSizeOf(batches),
        batchLimit: adds ? gathered : (batches?.limit ?? none),
        epochs,
        steps: adds ? gathered : derived([perPass, epochs], ([each = 0, times = 0]) => each * times),
        examples: batches?.examples ?? none,
        inputSquare: none,
      });
      return nothing;
    };
    return {
      kind: "object",
      member: (name, range) => (name === "fit" ? builtin(fit) : unknown(`${name} of a trainer`, range)),
    };
  }
}

/** What a module of Lightning gives its trainer to step on: a loss, or a dictionary with one. */
function lossOfTrainingStep(module: Value | undefined, range: SourceRange): FoundTraining["loss"] {
  const step = module instanceof Instance ? module.member("training_step", range) : undefined;
  if (!(step instanceof Closure)) return undefined;
  const given = step.followAlone();
  const loss = given instanceof Entries ? given.get("loss") : given;
  return loss instanceof LossValue && !loss.isShare ? loss.loss : "another";
}

/** What a trainer of Lightning may be given that ends training before its epochs are over, or leaves batches out. */
const limits: readonly string[] = [
  "max_steps",
  "max_time",
  "limit_train_batches",
  "overfit_batches",
  "fast_dev_run",
  "callbacks",
];

function sameExtent(one: Known<number> | undefined, other: Known<number> | undefined): boolean {
  return one === other || (one?.known === true && other?.known === true && one.value === other.value);
}

function counts(loops: readonly Loop[], data: Loop | undefined): { epochs: Known<number>; steps: Known<number> } {
  const none = unstated("the text does not say");
  const [first, ...inner] = loops;
  if (first === undefined) return { epochs: none, steps: unstated("no loop that is followed") };
  if (data === undefined)
    return { epochs: none, steps: inner.length === 0 ? first.count : unstated("it trains in loops within loops") };
  const outer = loops.slice(0, loops.indexOf(data));
  const [only, ...others] = outer;
  const epochs: Known<number> = only === undefined || others.length > 0 ? none : only.count;
  if (loops.at(-1) !== data) return { epochs, steps: unstated("a batch is stepped on several times") };
  return { epochs, steps: derived([data.count, epochs], ([batches = 0, times = 0]) => batches * times) };
}

function groupsOf(name: string, parameters: Value | undefined, given: Given): readonly ParameterGroupSketch[] {
  if (parameters === undefined || parameters.kind === "object") return [];
  const items = itemsOf(parameters) ?? [];
  return items.flatMap((each) => {
    if (!(each instanceof Entries)) return [];
    const entry = (keyword: string) => {
      const value = each.get(keyword, given.range);
      return value.kind === "unbound" ? undefined : value;
    };
    return [{ range: given.range, hyperparameters: groupFacts(name, entry) }];
  });
}

/** The one model whose parameters are handed over. */
function modelOf(parameters: Value | undefined): ObjectValue | undefined {
  if (parameters instanceof Parameters) return parameters.of;
  if (parameters === undefined || parameters.kind === "object") return undefined;
  const owners = (itemsOf(parameters) ?? []).map((each) => {
    const inner = each instanceof Entries ? each.get("params") : each;
    return inner instanceof Parameters ? inner.of : undefined;
  });
  const [first] = owners;
  return owners.length > 0 && owners.every((each) => each === first) ? first : undefined;
}
