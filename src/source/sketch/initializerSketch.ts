/** How weights are drawn before training. */
import type { SourceRange } from "../places.ts";
import type { Basis, Known } from "./known.ts";

export type Distribution =
  "normal" | "truncatedNormal" | "uniform" | "orthogonal" | "identity" | "constant" | "sparse" | "unknown";

/** Which of a weight's extents the scale is divided by; `average` is half the sum of the two. */
export type Fan = "in" | "out" | "average";

export interface InitializerSketch {
  /** The framework's own word: `glorotNormal`, `kaiming_uniform_`; the class's name where it is the layer's own default. */
  readonly name: string;
  readonly distribution: Distribution;
  /**
   * Of the weights as drawn, truncation included (a normal cut off at two standard deviations keeps 0.8796 of its own, and
   * TensorFlow.js does not make up for it): `gain/√fan` where `fan` is given, else `gain` itself. Of an orthogonal weight it
   * is the factor before the orthogonal matrix, of a constant one its absolute value.
   */
  readonly gain: Known<number>;
  readonly fan: Fan | undefined;
  readonly mean: Known<number>;
  /** `framework` where the text asks for no initializer. */
  readonly basis: Basis;
  /** Of what asks for it in the text. */
  readonly range: SourceRange | undefined;
}
