import type { Attributes } from "../engine.ts";

/**
 * One recorded kernel call. Values are named by ids, as a rule those of the tensors: `Trace.valueId` gives a tensor's, which is
 * another's for a copy. Copies are not recorded as operations.
 */
export interface Operation {
  readonly kernelName: string;
  /** Ids of the inputs by name; a list of inputs is named "0", "1", … */
  readonly inputs: Readonly<Record<string, number>>;
  readonly takesList: boolean;
  readonly attributes: Attributes;
  readonly outputs: readonly number[];
  /** Whether it was run while the loss was computed, or while gradients were propagated back. */
  readonly pass: "forward" | "backward";
}

/** A weight that the loss depends on. */
export interface TracedVariable {
  readonly id: number;
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Ids of its values: one, or several if it was reassigned in mid-evaluation. */
  readonly values: readonly number[];
  /** Id of the loss's gradient with respect to it. */
  readonly gradient: number;
}
