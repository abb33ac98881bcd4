/** How values flow through a model, followed by computing with tensors of which only shapes and origins are known. */
import type { SourceRange } from "../places.ts";
import { unstated, type Known } from "../sketch/known.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import type { Shape } from "../sketch/layerSketch.ts";
import type { LayerObject } from "./layerObject.ts";
import type { Caller } from "./reading.ts";
import { Cell, type ObjectValue, type Value } from "./value.ts";

/** Extents with the batch first; each may be unknown. */
export type Dims = readonly Known<number>[];

export interface FlowStep {
  /** Steps are numbered in the order in which they are computed. */
  readonly serial: number;
  readonly from: readonly FlowStep[];
  /** `lost`: it is not known what it came from. `operation`: known by name, and otherwise not followed. */
  readonly what: "input" | "layer" | "add" | "scale" | "operation" | "lost";
  readonly name: string;
  readonly range: SourceRange;
  readonly dims: Dims | undefined;
  /** Mean square of its numbers, of data; known where the text draws them or states them. */
  readonly square?: Known<number>;
  readonly layer?: LayerObject;
  /** The functions of the script that it is computed in, outermost first. */
  readonly within?: readonly Caller[];
  readonly factor?: Known<number>;
}

/** The extents of one example, where all are known. */
export function shapeOf(dims: Dims | undefined): Known<Shape> {
  if (dims === undefined) return unstated("its shape is not known");
  const extents: number[] = [];
  let basis: "written" | "default" = "written";
  for (const each of dims.slice(1)) {
    if (!each.known) return each;
    if (each.basis === "default") basis = "default";
    extents.push(each.value);
  }
  return { known: true, value: extents, basis, range: undefined };
}

export const batchExtent = unstated("the size of a batch");

/** How the tensors of a framework answer to their methods. */
export interface TensorMethods {
  member(tensor: Tensor, name: string, range: SourceRange): Value;
}

export class Tensor implements ObjectValue {
  readonly kind = "object";
  readonly step: FlowStep;
  readonly methods: TensorMethods;
  /** How its numbers are drawn, where it is made of nothing but random numbers or constants. */
  readonly drawn: InitializerSketch | undefined;

  constructor(step: FlowStep, methods: TensorMethods, drawn?: InitializerSketch) {
    this.step = step;
    this.methods = methods;
    this.drawn = drawn;
  }

  get dims(): Dims | undefined {
    return this.step.dims;
  }

  member(name: string, range: SourceRange): Value {
    return this.methods.member(this, name, range);
  }

  /** Data of one shape are the same data. */
  standsFor(other: ObjectValue): boolean {
    return other instanceof Tensor && isData(this) && isData(other) && sameDims(this.dims, other.dims);
  }
}

/** Whether a tensor holds nothing that is trained, and comes from nothing that is. */
export function isData(tensor: Tensor): boolean {
  return tensor.step.what === "input" && !(tensor instanceof Weight);
}

function sameDims(one: Dims | undefined, other: Dims | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.length === other.length &&
    one.every((extent, axis) => {
      const theirs = other[axis];
      return extent === theirs || (extent.known && theirs?.known === true && extent.value === theirs.value);
    })
  );
}

/** How a weight begins, as what a cell may hold. */
export class Initial implements ObjectValue {
  readonly kind = "object";
  readonly sketch: InitializerSketch;

  constructor(sketch: InitializerSketch) {
    this.sketch = sketch;
  }

  member(): Value {
    return { kind: "unbound" };
  }
}

/** A tensor that is trained. All of its extents are its own: it has no batch. */
export class Weight extends Tensor {
  readonly initial: Cell;
  /** The layer that it was found to be the kernel of, and the bias of which it is. */
  layer: LayerObject | undefined;
  /** Why it may not be trained. */
  untrained: string | undefined;
  readonly #copied: { readonly from: Weight; readonly initial: Value } | undefined;

  constructor(step: FlowStep, methods: TensorMethods, initial: InitializerSketch, copiedFrom?: Weight) {
    super(step, methods);
    const begins = new Initial(initial);
    this.initial = new Cell(begins);
    this.#copied = copiedFrom && { from: copiedFrom.drawnAs, initial: begins };
  }

  /** The weight that begins with the same numbers: the one that it was copied from, as long as nothing was written to it, or itself. */
  get drawnAs(): Weight {
    return this.#copied?.initial === this.initial.value ? this.#copied.from : this;
  }

  assign(name: string, value: Value): void {
    if (name === "requires_grad" && !(value.kind === "scalar" && value.value === true)) this.freeze();
  }

  freeze(): void {
    this.untrained = frozen;
    if (this.layer !== undefined) this.layer.altered ??= frozen;
  }
}

/** Why a layer may have fewer trained weights than its kind has. */
export const frozen = "some of its weights may not be trained";

/** What is known of how a weight begins. */
export function initialOf(cell: Cell): InitializerSketch {
  const value = cell.value;
  if (value instanceof Initial) return value.sketch;
  return unknownInitializer(value.kind === "unknown" ? value.reason : "it is not known how it begins");
}

export function unknownInitializer(reason: string, range?: SourceRange): InitializerSketch {
  return {
    name: "unknown",
    distribution: "unknown",
    gain: unstated(reason, range),
    fan: undefined,
    mean: unstated(reason, range),
    basis: "written",
    range,
  };
}
