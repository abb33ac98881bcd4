/** What the packages that train with PyTorch stand for in a script. */
import { calculate } from "../interpret/arithmetic.ts";
import type { ClassObject } from "../interpret/classObject.ts";
import { Instance } from "../interpret/classObject.ts";
import { builtin, Closure } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import { Initial, Tensor, Weight, type Dims } from "../interpret/flow.ts";
import type { Given } from "../interpret/given.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import { loseHyperparameters } from "../interpret/movedOptimizer.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  booleanOf,
  itemsOf,
  madeElsewhere,
  nothing,
  numberOf,
  scalar,
  textOf,
  tuple,
  unknown,
  valueOf,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { LoopData, PythonLibrary } from "../python/pythonLibrary.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import { layerNamed } from "./attentionLayers.ts";
import { copyOf } from "./copies.ts";
import { parserOfArguments } from "./commandLine.ts";
import { LossValue } from "./lossValue.ts";
import { draw, gainOf, initialization } from "./torchInitializers.ts";
import { TorchLayerObjects } from "./torchLayerObjects.ts";
import { torchLoss } from "./torchLosses.ts";
import { moduleMember } from "./torchMembers.ts";
import { findModel } from "./torchModels.ts";
import { fullName, isModuleClass, nameIt, TorchContainer } from "./torchModules.ts";
import { isOptimizer, scheduleSketch, setsItself } from "./torchOptimizers.ts";
import { sawInput } from "./seenInputs.ts";
import { TorchTensors } from "./torchTensors.ts";
import { Loader, ParameterGroups, TorchOptimizer, TorchTraining } from "./torchTraining.ts";

const followed: readonly string[] = [
  "torch",
  "math",
  "argparse",
  "dataclasses",
  "collections",
  "lightning",
  "pytorch_lightning",
  "tqdm",
  "functools",
  "copy",
  "accelerate",
];

/** Values in front of what they wrap, which they leave what it is. */
const wrappers: readonly string[] = [
  "torch.compile",
  "torch.nn.DataParallel",
  "torch.nn.parallel.DistributedDataParallel",
  "torch.jit.script",
  "tqdm.tqdm",
  "tqdm",
  "tqdm.auto.tqdm",
];

/** Methods that change weights. */
const changing: readonly string[] = [
  "copy_",
  "normal_",
  "uniform_",
  "fill_",
  "load_state_dict",
  "trunc_normal_",
  "xavier_uniform_",
];

export class TorchLibrary implements PythonLibrary {
  readonly #reading: Reading;
  readonly #tensors: TorchTensors;
  readonly #training: TorchTraining;
  readonly #layers: TorchLayerObjects;
  readonly #open: string[] = [];
  readonly #names = new Map<string, ObjectValue>();
  /** How many modules are being computed, one within another. */
  #depth = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#tensors = new TorchTensors(reading);
    this.#training = new TorchTraining(reading);
    this.#layers = new TorchLayerObjects(reading, this.#tensors, this.#training.modes, (layer, given, run) =>
      this.#computed(layer, given, run),
    );
  }

  named(path: string, range: SourceRange): Value {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const parts = path.split(".");
    const root = parts[0] ?? "";
    if (!followed.includes(root)) return unknown(`comes from ${root}`, range);
    const members = new Map<string, Value>();
    const value: ObjectValue = {
      kind: "object",
      member: (name, at) => {
        const found = members.get(name) ?? this.#constant(`${path}.${name}`) ?? this.named(`${path}.${name}`, at);
        members.set(name, found);
        return found;
      },
      call: (given) => this.#call(path, parts, given),
    };
    this.#names.set(path, value);
    return nameIt(value, path);
  }

  provided(value: Value): string | undefined {
    return fullName(value);
  }

  get state(): string {
    return `${this.#open.join(" ")} ${this.#training.gathers ?? ""}`;
  }

  openNames(path: string): void {
    this.#open.push(path);
  }

  undefinedName(name: string, range: SourceRange): Value {
    const [from] = this.#open;
    return from === undefined
      ? unknown(`${name} is not defined in this file`, range)
      : this.named(`${from}.${name}`, range);
  }

  data(of: LoopData): Value {
    return new Loader(of);
  }

  dataOf(value: Value): LoopData | undefined {
    return value instanceof Loader ? value.data : undefined;
  }

  isInstance(value: Value, type: Value): boolean | undefined {
    const name = fullName(type)?.split(".").at(-1);
    if (name === undefined) return undefined;
    if (value instanceof LayerObject) return value.making.call === name || name === "Module";
    if (value instanceof TorchContainer) return value.form === name || name === "Module";
    if (value instanceof Instance) return name === "Module" ? isModuleClass(value.of) : false;
    return value instanceof Tensor ? name === "Tensor" || (name === "Parameter" && value instanceof Weight) : undefined;
  }

  operate(operator: string, one: Value, other: Value, range: SourceRange): Value | undefined {
    if (one instanceof LossValue && operator === "/") return one.share;
    if (!(one instanceof Tensor) && !(other instanceof Tensor)) return undefined;
    const [tensor, second] = one instanceof Tensor ? [one, other] : [other, one];
    switch (operator) {
      case "+":
        return this.#tensors.sum(one, other, range);
      case "*":
        return this.#tensors.factor("mul", tensor, second, range);
      case "/":
        return one instanceof Tensor
          ? this.#tensors.factor("div", one, other, range)
          : this.#tensors.product(one, other, range);
      case "@":
        return this.#tensors.product(one, other, range);
      default: {
        const from = [one, other]
          .filter((each) => each instanceof Tensor)
          .map((each) => this.#tensors.used(each, range));
        return this.#tensors.make(
          this.#reading.operation(operator, from, range, tensor instanceof Tensor ? tensor.dims : undefined),
        );
      }
    }
  }

  index(value: Value, index: Value | "rows", range: SourceRange): Value | undefined {
    if (value instanceof TorchContainer)
      return index === "rows" ? unknown("some of its modules", range) : value.at(index, range);
    if (value instanceof ParameterGroups) return isText(index) ? unknown("a setting of a group", range) : value;
    return value instanceof Tensor ? this.#tensors.index(value, index, range) : undefined;
  }

  instance(of: ClassObject, given: Given | undefined): Value | undefined {
    if (!isModuleClass(of)) return undefined;
    const instance = new Instance(
      of,
      this.#reading.memory,
      (self, name, range) => moduleMember(self, name, range, this.#training.modes),
      (self, inputs) => this.#forward(self, inputs),
    );
    instance.begin("__init__", given);
    findModel(this.#reading, this.#tensors, instance, given);
    return instance;
  }

  unfollowedMethod(name: string, object: Value, given: Given): Value | undefined {
    if (object instanceof Instance && object.attributes.get(name).kind === "unknown") object.strangers.add(name);
    if (name === "backward") {
      // Of the value itself, or by what it is handed to.
      return this.#training.backward(given.positional[0], given);
    }
    // A gradient scaler's, which is taken out before the step.
    if (name === "scale" && object.kind === "unknown" && given.positional[0] instanceof LossValue)
      return given.positional[0];
    if (changing.includes(name)) this.#reading.weightsChanged ??= `weights are changed by ${name}`;
    const optimizer = given.positional.find((each) => each instanceof TorchOptimizer);
    if (name === "step" && optimizer instanceof TorchOptimizer) return this.#training.step(optimizer, given);
    if (name === "unscale_") return nothing;
    if (name === "step" && object.kind === "unknown") return this.#training.stepOfUnknown(given);
    return undefined;
  }

  #constant(path: string): Value | undefined {
    if (path === "math.pi" || path === "torch.pi") return scalar(Math.PI, undefined);
    return path === "math.e" ? scalar(Math.E, undefined) : undefined;
  }

  #call(path: string, parts: readonly string[], given: Given): Value {
    const { range } = given;
    const name = parts.at(-1) ?? "";
    const [first] = given.positional;
    if (wrappers.includes(path)) return first ?? nothing;
    if (parts[0] === "math")
      return given.open === undefined ? calculate(name, given.positional, range) : unknown(given.open, range);
    if (path === "argparse.ArgumentParser") return parserOfArguments(this.#reading.memory);
    if (path === "dataclasses.field") return given.by("default") ?? unknown("the default of a field", range);
    if (path === "collections.OrderedDict") return first ?? new Entries(this.#reading.memory, given.named);
    if (parts[0] === "accelerate") return this.#training.accelerator(given);
    if (name === "Trainer" && (parts[0] === "lightning" || parts[0] === "pytorch_lightning"))
      return this.#training.trainer(given);
    if (path.startsWith("torch.nn.init.")) return this.#initialize(name, given);
    if (path.startsWith("torch.optim.lr_scheduler.")) return this.#schedule(name, given);
    if (path.startsWith("torch.optim.") && isOptimizer(path))
      return this.#training.optimizer(name, given, this.#tensors);
    if (path.startsWith("torch.utils.data.")) return this.#data(name, given);
    if (path === "copy.deepcopy") return first === undefined ? nothing : copyOf(first);
    if (path === "torch.nn.utils.weight_norm" && first instanceof LayerObject)
      first.altered ??= "the size of its weights is trained apart";
    if (path.startsWith("torch.nn.utils.") && parts.length === 4) return first ?? nothing;
    if (path.startsWith("torch.nn.functional.")) return this.#functional(name, given);
    if (path.startsWith("torch.nn.")) return this.#module(name, given);
    if (parts[0] === "torch") return this.#torch(name, given);
    return madeElsewhere(`made by ${path}`, range);
  }

  #initialize(name: string, given: Given): Value {
    const [weight] = given.positional;
    if (name === "calculate_gain")
      return valueOf(gainOf(textOf(weight), numberOf(given.get(1, "param"), ofFramework(0.01))));
    const sketch = initialization(name, given);
    if (!(weight instanceof Weight)) {
      if (weight instanceof Tensor)
        return sketch === undefined ? weight : this.#tensors.data(weight.dims, given.range, sketch);
      this.#reading.weightsChanged ??= `weights that are not followed are drawn by ${name}`;
      return unknown("a weight that is not followed", given.range);
    }
    this.#reading.memory.write(
      weight.initial,
      sketch === undefined ? unknown(`drawn by ${name}`) : new Initial(sketch),
    );
    return weight;
  }

  #schedule(name: string, given: Given): Value {
    const optimizer = given.get(0, "optimizer");
    if (optimizer instanceof TorchOptimizer) {
      optimizer.found.schedules.push(scheduleSketch(name, given));
      const own = setsItself(name, given);
      loseHyperparameters(optimizer.found, own, `${name} sets its own`, given.range);
    }
    return { kind: "object", member: () => builtin(() => nothing) };
  }

  #data(name: string, given: Given): Value {
    const { range } = given;
    if (name === "TensorDataset") return tuple(given.positional);
    if (name !== "DataLoader") return madeElsewhere(`made by ${name}`, range);
    const stated = given.get(1, "batch_size");
    const sampled = given.by("batch_sampler") !== undefined;
    const unbatched = stated === undefined && given.named.has("batch_size");
    const limit: Known<number> = sampled
      ? unstated("a sampler makes the batches")
      : unbatched
        ? unstated("the data set makes the batches")
        : numberOf(stated, ofFramework(1));
    const dataset = given.get(0, "dataset");
    const columns = dataset?.kind === "tuple" ? dataset.items.filter((each) => each instanceof Tensor) : [];
    const chosen = given.by("sampler") === undefined ? columns[0]?.dims?.[0] : unstated("a sampler chooses them");
    const examples = chosen ?? unstated("the data are not followed");
    const item =
      columns.length > 0
        ? tuple(
            columns.map((each) =>
              this.#tensors.data(each.dims === undefined ? undefined : [limit, ...each.dims.slice(1)], range),
            ),
          )
        : undefined;
    const dropsLast = booleanOf(given.get(8, "drop_last"), ofFramework(false));
    return new Loader({ batches: { limit, examples, dropsLast }, item });
  }

  #functional(name: string, given: Given): Value {
    const loss = torchLoss(name, given);
    if (loss !== undefined) {
      this.#reading.losses.push(loss);
      return this.#training.lossValue(given.range);
    }
    if (name === "linear" || name === "embedding") return this.#tensors.byHand(name, given);
    if (name === "one_hot") return unknown("one-hot vectors", given.range);
    return this.#tensors.operation(name, given.get(0, "input"), given, 1);
  }

  #module(path: string, given: Given): Value {
    const { range } = given;
    if (path === "Sequential" || path === "ModuleList" || path === "ModuleDict") {
      const container = new TorchContainer(
        path,
        given,
        this.#reading,
        (of, name, at) => moduleMember(of, name, at, this.#training.modes),
        (of, inputs) => this.#stack(of, inputs),
      );
      if (path === "Sequential") findModel(this.#reading, this.#tensors, container, given);
      return container;
    }
    if (path === "Parameter" || path === "parameter.Parameter") return this.#tensors.weight(given.positional[0], range);
    const loss = torchLoss(path, given);
    if (loss !== undefined) {
      this.#reading.losses.push(loss);
      return {
        kind: "object",
        member: () => builtin(() => nothing),
        call: () => this.#training.lossValue(given.range),
      };
    }
    return this.#layers.make(path, layerNamed(path, given), given);
  }

  #stack(container: TorchContainer, given: Given): Value {
    return this.#computed(container, given, () => this.#stacked(container, given));
  }

  #stacked(container: TorchContainer, given: Given): Value {
    const { parts } = container;
    if (parts === undefined) {
      this.#reading.missed ??= `it is not known which layers it has: ${container.lost ?? ""}`;
      return this.#tensors.make(this.#reading.lost(container.lost ?? "its layers are not known", given.range));
    }
    return parts.reduce<Value>(
      (value, [, part]) => {
        if (part.kind === "object" && part.call !== undefined) return part.call(given.withPositional([value]));
        this.#reading.missed ??= "a layer is not known";
        return this.#tensors.make(this.#reading.lost("a layer is not known", given.range));
      },
      given.positional[0] ?? unknown("no input", given.range),
    );
  }

  #forward(instance: Instance, given: Given): Value {
    const forward = instance.of.find("forward");
    if (!(forward instanceof Closure)) return unknown("it has no forward that is followed", given.range);
    return this.#computed(instance, given, () => forward.bind(instance).call(given));
  }

  /** Computes a module, and remembers what it was computed on. */
  #computed<T>(module: ObjectValue, given: Given, run: () => T): T {
    const [first] = given.positional;
    const input = first instanceof Tensor && first.step.what === "input" ? first.step : undefined;
    if (input?.dims !== undefined) sawInput(module, input.dims);
    if (this.#depth === 0) this.#training.computedOn(input);
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  #torch(name: string, given: Given): Value {
    const { range } = given;
    const [first, , third] = given.positional;
    const drawn = draw(name, range);
    if (drawn !== undefined) return this.#tensors.data(this.#dims(given), range, drawn);
    switch (name) {
      case "randint": {
        const shape = given.by("size") ?? third ?? given.positional[1];
        return this.#tensors.data(
          shape === undefined ? undefined : itemsOf(shape)?.map((each) => numberOf(each)),
          range,
        );
      }
      case "linspace":
        return this.#tensors.data([numberOf(given.get(2, "steps"))], range);
      case "arange":
        return this.#tensors.data(given.positional.length === 1 ? [numberOf(first)] : undefined, range);
      case "tensor":
      case "as_tensor":
      case "from_numpy":
      case "load":
        return this.#tensors.data(undefined, range);
      case "no_grad":
      case "inference_mode":
      case "enable_grad":
      case "autocast":
      case "manual_seed":
      case "device":
      case "save":
      case "set_default_dtype":
      case "set_float32_matmul_precision":
        return nothing;
      case "is_available":
      case "device_count":
        return unknown("depends on the machine", range);
      case "GradScaler":
        return unknown("a scaler of gradients", range);
      case "randn_like":
      case "rand_like":
      case "zeros_like":
      case "ones_like":
        return this.#tensors.data(first instanceof Tensor ? first.dims : undefined, range);
      default:
        return this.#tensors.operation(name, given.get(0, "input"), given, 1);
    }
  }

  /** The extents that a draw is given, one by one or as a tuple. */
  #dims(given: Given): Dims | undefined {
    if (given.open !== undefined) return undefined;
    const [first] = given.positional;
    const stated = given.by("size");
    const shape = itemsOf(stated ?? first ?? nothing);
    // A shape without extents is that of a number; where there is no shape at all, none is known.
    return shape === undefined && given.positional.length === 0
      ? undefined
      : (shape ?? given.positional).map((each) => numberOf(each));
  }
}

function isText(index: Value | "rows"): boolean {
  return index !== "rows" && index.kind === "scalar" && typeof index.value === "string";
}
