/** A layer of a framework while a script is read. */
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import type { Basis } from "../sketch/known.ts";
import type { LayerSketch } from "../sketch/layerSketch.ts";
import { initialOf, type Dims, type Tensor, type Weight } from "./flow.ts";
import type { Given } from "./given.ts";
import { unknown, type ObjectValue, type Value } from "./value.ts";

type Placed = "name" | "call" | "range" | "inputShape" | "outputShape" | "sharedWith" | "used";
type Own<Sketch> = Sketch extends LayerSketch ? Omit<Sketch, Placed> : never;

/** What a layer is, whatever its place in a model. */
export type LayerOwn = Own<LayerSketch>;

export type WeightRole = "kernel" | "bias" | "recurrent" | "gain" | "shift" | "output" | "outputBias";

export interface LayerDraft {
  readonly own: LayerOwn;
  readonly output: Dims | undefined;
}

interface LayerMaking {
  readonly call: string;
  readonly range: SourceRange;
  readonly name?: string | undefined;
  /** `default` where whether it is made at all rests on a default. */
  readonly basis: Basis;
  readonly weights: ReadonlyMap<WeightRole, Weight>;
  /** Layers that it is made of, which have some of its weights for their own. */
  readonly parts?: readonly (readonly [name: string, part: LayerObject])[];
  /** What it is, and what comes out, for the extents of what goes in. */
  describe(inputs: readonly (Dims | undefined)[], initial: (role: WeightRole) => InitializerSketch): LayerDraft;
  /** What comes out, where it is nothing but its parts: a model has these in its place. */
  readonly compute?: (layer: LayerObject, input: Tensor, range: SourceRange) => Tensor;
  readonly behaviour: LayerBehaviour;
}

/** How the layers of a framework answer to their members, and to being called. */
export interface LayerBehaviour {
  member(layer: LayerObject, name: string, range: SourceRange): Value;
  call?(layer: LayerObject, given: Given): Value;
  assign?(layer: LayerObject, name: string, value: Value): void;
}

export class LayerObject implements ObjectValue {
  readonly kind = "object";
  readonly making: LayerMaking;
  /** Why its weights may begin otherwise than its initializers say. */
  handedOver: string | undefined;
  /** Why it may have other weights than its kind has. */
  altered: string | undefined;
  /** The weight of another layer that it has for its own. */
  tiedTo: Weight | undefined;

  constructor(making: LayerMaking) {
    this.making = making;
  }

  describe(inputs: readonly (Dims | undefined)[]): LayerDraft {
    return this.making.describe(inputs, (role) => {
      const weight = role === "kernel" && this.tiedTo !== undefined ? this.tiedTo : this.making.weights.get(role);
      if (weight === undefined) throw new Error(`a ${this.making.call} has no ${role}`);
      return initialOf(weight.initial);
    });
  }

  member(name: string, range: SourceRange): Value {
    return this.making.behaviour.member(this, name, range);
  }

  assign(name: string, value: Value): void {
    this.making.behaviour.assign?.(this, name, value);
  }

  call(given: Given): Value {
    return this.making.behaviour.call?.(this, given) ?? unknown("a layer that cannot be called", given.range);
  }

  escape(to: string): void {
    this.handedOver ??= `it is handed to ${to}, which may change its weights`;
  }
}
