import type { SourcePosition, SourceRange } from "./places.ts";

/** Where a script trains, or where it defines its model. */
export interface CodeSite {
  readonly kind: "training" | "model";
  /** What is called, or the class that is defined, in the framework's own word: `fit`, `sequential`, `backward`, `Module`. */
  readonly call: string;
  readonly range: SourceRange;
  /** Where the statement that it belongs to begins. */
  readonly statement: SourcePosition;
}
