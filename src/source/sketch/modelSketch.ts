/** One model, as read off the text. */
import type { SourcePosition, SourceRange } from "../places.ts";
import type { Known } from "./known.ts";
import type { LayerSketch, Shape } from "./layerSketch.ts";

/**
 * `sequential`: a stack. `functional`: layers applied to symbolic tensors. `module`: a class with a `forward`. `core`: weights
 * and operations by hand.
 */
export type ModelForm = "sequential" | "functional" | "module" | "core";

/**
 * How values flow through the layers. `chain`: each layer takes what the one before it gives. `residual`: the same, with
 * skip connections besides, all of them in `residuals`.
 */
export type Flow = "chain" | "residual";

/** What goes into layer `first` is added to what comes out of layer `last`. */
export interface ResidualSketch {
  readonly first: number;
  readonly last: number;
  /** What the branch is multiplied by before it is added. */
  readonly scale: Known<number>;
  /** `projection` where the skip has layers of its own; they are in `skip`, and not between `first` and `last`. */
  readonly kind: "identity" | "projection";
  readonly skip: readonly number[];
  /** Of the addition. */
  readonly range: SourceRange;
}

export interface ModelSketch {
  /** Of the variable or the class. */
  readonly name: string | undefined;
  readonly form: ModelForm;
  /** Of the call that makes it, of the class, or of the function that computes its output by hand. */
  readonly range: SourceRange;
  /** Where the statement that it belongs to begins. */
  readonly statement: SourcePosition;
  readonly inputShape: Known<Shape>;
  /**
   * In the order in which the model computes them, those that it only makes at the end. A layer that is used twice is here
   * twice. Layers made in a loop stand here one by one where the number is known.
   */
  readonly layers: readonly LayerSketch[];
  /** Whether `layers` has all that has weights; unknown, with the reason, where some may be missing. */
  readonly complete: Known<true>;
  /** Unknown, with the reason, where values flow in another way, or in one that could not be followed. */
  readonly flow: Known<Flow>;
  readonly residuals: readonly ResidualSketch[];
  /**
   * Whether its weights begin as the layers' initializers say; unknown, with the reason, where they are loaded, or where the
   * model is handed to code that may change them.
   */
  readonly fresh: Known<true>;
}
