import type { InlineRun } from "./inlineRun.ts";

/** A run as seen from one document. */
export interface PlacedRun {
  readonly run: InlineRun;
  /** As a person counts the runs of the script: 3 for the third. */
  readonly ordinal: number;
  /** Path of the document. */
  readonly file: string;
  /** For each line of the text that ran, where it stands in the document now; −1 where it has been changed. */
  readonly places: Int32Array;
}
