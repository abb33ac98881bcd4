/** Modules of PyTorch and what belongs to them: layers, containers, instances of the script's own classes. */
import type { ClassObject } from "../interpret/classObject.ts";
import { Instance } from "../interpret/classObject.ts";
import { builtin } from "../interpret/closure.ts";
import { Weight, type Tensor } from "../interpret/flow.ts";
import type { Given } from "../interpret/given.ts";
import { LayerObject } from "../interpret/layerObject.ts";
import type { Reading } from "../interpret/reading.ts";
import {
  Cell,
  itemsOf,
  listOf,
  nothing,
  numberOf,
  scalar,
  tuple,
  unknown,
  type ObjectValue,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { Entries } from "../interpret/entries.ts";

/** What makes a class of the script's a module. */
const moduleClasses: readonly string[] = [
  "torch.nn.Module",
  "torch.nn.modules.module.Module",
  "lightning.LightningModule",
  "lightning.pytorch.LightningModule",
  "pytorch_lightning.LightningModule",
];

export type Part = readonly [name: string, value: Value];

/** `nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict`: its cell holds a tuple of pairs of a name and a module. */
export class TorchContainer implements ObjectValue {
  readonly kind = "object";
  readonly form: "Sequential" | "ModuleList" | "ModuleDict";
  readonly given: Given;
  readonly content: Cell;
  readonly #reading: Reading;
  readonly #inherited: (of: ObjectValue, name: string, range: SourceRange) => Value;
  readonly #apply: (container: TorchContainer, given: Given) => Value;
  handedOver: string | undefined;
  /** Its modules, as long as its cell holds the same. */
  #known: { readonly items: readonly Value[]; readonly parts: readonly Part[] } | undefined;
  /** Computes it; for a stack alone. */
  readonly call?: (given: Given) => Value;

  constructor(
    form: TorchContainer["form"],
    given: Given,
    reading: Reading,
    inherited: (of: ObjectValue, name: string, range: SourceRange) => Value,
    apply: (container: TorchContainer, given: Given) => Value,
  ) {
    this.form = form;
    this.given = given;
    this.#reading = reading;
    this.#inherited = inherited;
    this.#apply = apply;
    this.content = new Cell(given.open === undefined ? this.#initial(given) : unknown(given.open));
    if (form === "Sequential") this.call = (inputs) => apply(this, inputs);
  }

  /** Another one with copies of its modules. */
  copied(copy: (value: Value) => Value): TorchContainer {
    const other = new TorchContainer(this.form, this.given, this.#reading, this.#inherited, this.#apply);
    const parts = this.parts?.map(([name, value]): Part => [name, copy(value)]);
    other.content.value = parts === undefined ? this.content.value : named(parts);
    other.handedOver = this.handedOver;
    return other;
  }

  #initial(given: Given): Value {
    const [first] = given.positional;
    if (first instanceof Entries) return first.openness === undefined ? named(first.all) : unknown(first.openness);
    if (this.form === "Sequential" && !isPairs(first)) return numbered(given.positional);
    if (first === undefined) return tuple([]);
    const items = itemsOf(first);
    if (items === undefined) return unknown(first.kind === "unknown" ? first.reason : "its modules are not known");
    return this.form === "ModuleList" ? numbered(items) : named(pairsOf(items));
  }

  /** Its modules by name; undefined where they are not known. */
  get parts(): readonly Part[] | undefined {
    const items = itemsOf(this.content.value);
    if (items === undefined) return undefined;
    if (this.#known?.items !== items) this.#known = { items, parts: pairsOf(items) };
    return this.#known.parts;
  }

  /** Why its modules are not known. */
  get lost(): string | undefined {
    return this.content.value.kind === "unknown" ? this.content.value.reason : undefined;
  }

  items(): readonly Value[] | undefined {
    const { parts } = this;
    if (this.form === "ModuleDict") return parts?.map(([name]) => scalar(name, undefined));
    return parts?.map(([, value]) => value);
  }

  /** `container[place]`. */
  at(index: Value, range: SourceRange): Value {
    const { parts } = this;
    if (parts === undefined || index.kind !== "scalar")
      return unknown(this.lost ?? "which of its modules is not known", range);
    const place =
      typeof index.value === "number" ? parts.at(index.value) : parts.find(([name]) => name === index.value);
    return place?.[1] ?? unknown("there is no such module", range);
  }

  member(name: string, range: SourceRange): Value {
    if (name === "append" || name === "add_module" || name === "extend" || name === "insert") {
      return builtin((given) => this.#grow(name, given));
    }
    const part = this.parts?.find(([each]) => each === name);
    if (part !== undefined) return part[1];
    if (this.form === "ModuleDict" && name === "items") {
      return builtin(() => listOf((this.parts ?? []).map(([key, value]) => tuple([scalar(key, undefined), value]))));
    }
    if (this.form === "ModuleDict" && name === "values")
      return builtin(() => listOf((this.parts ?? []).map(([, value]) => value)));
    return this.#inherited(this, name, range);
  }

  assign(name: string, value: Value): void {
    const { parts } = this;
    this.#reading.memory.write(
      this.content,
      parts === undefined ? unknown("its modules are not known") : named(replaced(parts, name, value)),
    );
  }

  #grow(how: string, given: Given): Value {
    const [first, second] = given.positional;
    const { parts } = this;
    const more = how === "extend" && first !== undefined ? itemsOf(first) : undefined;
    let grown: readonly Part[] | undefined;
    if (parts !== undefined && how === "append" && first !== undefined)
      grown = [...parts, [String(parts.length), first]];
    else if (parts !== undefined && more !== undefined) {
      grown = [...parts, ...more.map((each, index): Part => [String(parts.length + index), each])];
    } else if (parts !== undefined && how === "add_module" && first?.kind === "scalar" && second !== undefined) {
      grown = [...parts, [String(first.value), second]];
    }
    this.#reading.memory.write(
      this.content,
      grown === undefined ? unknown("modules that are not known are put in") : named(grown),
    );
    return nothing;
  }

  escape(to: string): void {
    this.handedOver ??= `it is handed to ${to}, which may change its weights`;
  }
}

function replaced(parts: readonly Part[], name: string, value: Value): readonly Part[] {
  const place = parts.findIndex(([each]) => each === name);
  return place < 0 ? [...parts, [name, value]] : parts.with(place, [name, value]);
}

function isPairs(first: Value | undefined): boolean {
  const items = first === undefined || first.kind === "object" ? undefined : itemsOf(first);
  return items?.every((each) => each.kind === "tuple" && each.items.length === 2) === true && items.length > 0;
}

function pairsOf(items: readonly Value[]): Part[] {
  return items.flatMap((each): Part[] => {
    const [name, value] = itemsOf(each) ?? [];
    return name?.kind === "scalar" && value !== undefined ? [[String(name.value), value]] : [];
  });
}

function named(parts: readonly Part[]): Value {
  return tuple(parts.map(([name, value]) => tuple([scalar(name, undefined), value])));
}

function numbered(items: readonly Value[]): Value {
  return named(items.map((each, index): Part => [String(index), each]));
}

export function isModule(value: Value | undefined): value is LayerObject | TorchContainer | Instance {
  return (
    value instanceof LayerObject ||
    value instanceof TorchContainer ||
    (value instanceof Instance && isModuleClass(value.of))
  );
}

const frameworkNames = new WeakMap<ObjectValue, string>();

/** Remembers the full name of what is imported. */
export function nameIt(value: ObjectValue, path: string): ObjectValue {
  frameworkNames.set(value, path);
  return value;
}

export function fullName(value: Value): string | undefined {
  return value.kind === "object" ? frameworkNames.get(value) : undefined;
}

export function isModuleClass(of: ClassObject): boolean {
  return of.foreignBases.some((base) => {
    const name = fullName(base);
    return name !== undefined && (name.startsWith("torch.nn.") || moduleClasses.includes(name));
  });
}

/** Modules and weights that a module has for its own, in the order in which they were given to it. */
export function partsOf(module: Value): readonly Part[] {
  if (module instanceof TorchContainer) return module.parts ?? [];
  if (module instanceof LayerObject) return module.making.parts ?? [];
  if (!(module instanceof Instance)) return [];
  return module.attributes.all.filter(([, value]) => isModule(value) || value instanceof Weight);
}

interface PlacedModule {
  readonly path: string;
  readonly module: Value;
}

/** Itself and all modules within it, each once, with its path. */
export function modulesOf(module: Value): readonly PlacedModule[] {
  const found = new Map<Value, PlacedModule>();
  const add = (each: Value, path: string) => {
    if (found.has(each)) return;
    found.set(each, { path, module: each });
    for (const [name, value] of partsOf(each)) if (isModule(value)) add(value, path === "" ? name : `${path}.${name}`);
  };
  add(module, "");
  return [...found.values()];
}

/** Why modules within a module may be missing. */
export function missingFrom(module: Value): string | undefined {
  for (const { path, module: each } of modulesOf(module)) {
    const where = path === "" ? "it" : path;
    if (each instanceof TorchContainer) {
      if (each.lost !== undefined) return `it is not known which modules ${where} has: ${each.lost}`;
      const odd = each.parts?.find(([, value]) => value.kind === "unknown");
      if (odd !== undefined) return `a module of ${where} is not known`;
    }
    if (each instanceof Instance) {
      if (each.attributes.openness !== undefined) return each.attributes.openness;
      const odd = each.attributes.all.find(
        ([name, value]) => value.kind === "unknown" && (value.made || each.strangers.has(name)),
      );
      if (odd !== undefined)
        return `${odd[0]} of ${where} may have weights: ${odd[1].kind === "unknown" ? odd[1].reason : ""}`;
      const stranger = each.attributes.all.find(([, value]) => value instanceof Instance && mayBeModule(value));
      if (stranger !== undefined) return `${stranger[0]} of ${where} may have weights`;
      const foreign = each.of.foreignBases.find((base) => !moduleClasses.includes(fullName(base) ?? ""));
      if (foreign !== undefined) return `${each.of.making.name} derives from a class that is not followed`;
    }
  }
  return undefined;
}

/** Whether an instance that is no module of PyTorch's derives from what may be one. */
function mayBeModule(instance: Instance): boolean {
  return !isModuleClass(instance.of) && instance.of.foreignBases.some((base) => base.kind === "unknown");
}

/** All weights of a module, by name. */
export function weightsOf(module: Value): readonly (readonly [string, Weight])[] {
  return modulesOf(module).flatMap(({ path, module: each }) => {
    const prefix = path === "" ? "" : `${path}.`;
    const own =
      each instanceof LayerObject
        ? layerWeights(each)
        : partsOf(each).flatMap(([name, value]) => (value instanceof Weight ? [[name, value] as const] : []));
    return own.map(([name, weight]) => [`${prefix}${name}`, weight] as const);
  });
}

/** The weights of a layer by PyTorch's own names. */
export function layerWeights(layer: LayerObject): readonly (readonly [string, Weight])[] {
  const { own } = layer.describe([undefined]);
  const names: Readonly<Record<string, string>> =
    own.kind === "recurrent"
      ? { kernel: "weight_ih_l0", recurrent: "weight_hh_l0", bias: "bias_ih_l0" }
      : own.kind === "attention"
        ? { kernel: "in_proj_weight", bias: "in_proj_bias" }
        : { kernel: "weight", bias: "bias", gain: "weight", shift: "bias" };
  const without = "bias" in own && own.kind !== "recurrent" && own.bias.known && !own.bias.value;
  // Those of what is behind the heads are that layer's.
  return [...layer.making.weights]
    .filter(([role]) => !(without && role === "bias") && role !== "output" && role !== "outputBias")
    .map(([role, weight]) => [names[role] ?? role, weight] as const);
}

/** `parameters()` of a module: what an optimizer is given. */
export class Parameters implements ObjectValue {
  readonly kind = "object";
  readonly of: ObjectValue;
  /** Of the call that asks for them. */
  readonly range: SourceRange;

  constructor(of: ObjectValue, range: SourceRange) {
    this.of = of;
    this.range = range;
  }

  member(): Value {
    return nothing;
  }

  items(): readonly Value[] | undefined {
    const modules = modulesOf(this.of).map(({ module }) => module);
    // The weights of layers that are not taken apart are nowhere.
    const whole = modules.every(
      (each) =>
        !(each instanceof LayerObject) ||
        each.making.compute !== undefined ||
        each.describe([undefined]).own.kind !== "other",
    );
    return whole && missingFrom(this.of) === undefined ? weightsOf(this.of).map(([, weight]) => weight) : undefined;
  }
}

/** Number of axes of a tensor. */
export function axesOf({ dims }: Tensor, range: SourceRange): Value {
  return dims === undefined ? unknown("its shape is not known", range) : scalar(dims.length, undefined);
}

/** An extent by its place. */
export function placeOf(value: Value | undefined): number | undefined {
  const place = numberOf(value);
  return place.known ? place.value : undefined;
}
