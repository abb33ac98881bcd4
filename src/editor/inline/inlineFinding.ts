/** What is shown beside a line of code: the one message from the threads that find it to the surfaces that show it. */
import type { SourcePosition, SourceRange } from "../../source/places.ts";

/** The law that speaks, as links name it. */
export interface LawLink {
  /** Kebab-case, as `edge-of-stability`. */
  readonly id: string;
  /** As `L18`. */
  readonly number: string;
  readonly title: string;
  readonly citation: string;
  /** Where it can be read; absent where it is only in print. */
  readonly address?: string | undefined;
}

/** One number with all that stands behind it, in words: a paragraph of a hover. */
export interface InlineFact {
  /** As "Parameters" or "Sharpness on the batch". */
  readonly what: string;
  /** As "203,530"; begins with "unknown" where theory or the recording cannot say. */
  readonly value: string;
  /** As "10 to 90 %: 2.26 to 2.35", "± 1e−3", "exact". */
  readonly uncertainty?: string | undefined;
  readonly method?: string | undefined;
  /** Optimizer steps completed when it was measured. */
  readonly step?: number | undefined;
  /** Examples that it was measured on. */
  readonly sample?: number | undefined;
  /** What chance, or knowing nothing, would give. */
  readonly nullValue?: string | undefined;
  /** One sentence each, with its status where it was checked. */
  readonly assumptions: readonly string[];
  readonly law?: LawLink | undefined;
  /** Run whose panel shows it; absent before a run. */
  readonly run?: string | undefined;
}

/** A replacement of some of the document's text. */
export interface InlineEdit {
  readonly range: SourceRange;
  readonly text: string;
}

export interface InlineFix {
  /** What is done, with the interval of the number that is written. */
  readonly title: string;
  readonly edits: readonly InlineEdit[];
}

export interface InlineDiagnostic {
  readonly severity: "warning" | "information" | "hint";
  readonly message: string;
  readonly law: LawLink;
  readonly fixes: readonly InlineFix[];
}

/** Something to say about a range of the text; the parts that are there show it, each on its surface. */
export interface InlineFinding {
  readonly range: SourceRange;
  /** Part of the lens over the statement that begins here. */
  readonly lens?: { readonly statement: SourcePosition; readonly text: string } | undefined;
  readonly hint?: { readonly at: SourcePosition; readonly text: string } | undefined;
  readonly facts: readonly InlineFact[];
  readonly diagnostic?: InlineDiagnostic | undefined;
  /** Whether a run has measured it: such findings can be cleared from the lines. */
  readonly measured: boolean;
}
