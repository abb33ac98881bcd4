/** What a run that has ended says of the lines of its script. Survives a structured clone. */
import type { DataRecord, NoteRecord, ObjectiveRecord, OptimizerRecord, SourceSite } from "../../probe/record.ts";
import type { RunStatus } from "../../run/runRows.ts";
import type { Verdict } from "../../theory/law.ts";
import type { StabilityThreshold } from "../../theory/empirical/stabilityThreshold.ts";

/** A number that the run measured. */
export interface InlineReading {
  readonly observable: string;
  readonly step: number;
  readonly value: number;
  /** The method's own bound on the absolute error; NaN where it has none. */
  readonly error: number;
  readonly method?: string | undefined;
  /** Examples that it was measured on. */
  readonly sample?: number | undefined;
  /** What chance would give, where that is known. */
  readonly nullValue?: number | undefined;
}

export interface InlineModule {
  readonly path: string;
  readonly kind: string;
  readonly parameters: number;
  /** Outputs of a dense layer, channels of a convolution; absent for other kinds. */
  readonly units?: number | undefined;
  readonly source?: SourceSite | undefined;
  /** The last of each of its observables, by base name, as `activation/effectiveRank`. */
  readonly readings: Readonly<Record<string, InlineReading>>;
}

export interface InlineModel {
  readonly name: string;
  readonly parameters: number;
  readonly source?: SourceSite | undefined;
  readonly modules: readonly InlineModule[];
}

/** A forecast that came to a verdict. */
export interface InlineVerdict {
  readonly law: string;
  readonly statement: string;
  readonly low: number;
  readonly central: number;
  readonly high: number;
  readonly assumptions: readonly string[];
  readonly verdict: Verdict;
}

export interface InlineRun {
  readonly directory: string;
  readonly status: RunStatus;
  readonly error: string;
  readonly step: number;
  /**
   * SHA-256 of the texts that the lines of its sites are of, hexadecimal, by file; a file that has changed since the run began, or
   * may have, is not here.
   */
  readonly texts: Readonly<Record<string, string>>;
  readonly models: readonly InlineModel[];
  readonly objective?: ObjectiveRecord | undefined;
  /** The newest record of each optimizer. */
  readonly optimizers: readonly OptimizerRecord[];
  readonly data?: DataRecord | undefined;
  /** For the learning rate of the last step. */
  readonly threshold?: StabilityThreshold | undefined;
  /** The sharpness that the threshold is of, when it was first and last measured. */
  readonly firstSharpness?: InlineReading | undefined;
  readonly lastSharpness?: InlineReading | undefined;
  /** tr Σ/|G|², in examples. */
  readonly noiseScale?: InlineReading | undefined;
  readonly firstLoss?: InlineReading | undefined;
  readonly lastLoss?: InlineReading | undefined;
  readonly verdicts: readonly InlineVerdict[];
  /** That steps were taken in evaluation mode, as the probe has noted it. */
  readonly evaluation?: NoteRecord | undefined;
}
