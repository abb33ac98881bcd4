/** What the source thread does for the extension host. */
import type { CodeSite } from "../source/codeSite.ts";
import type { SourceLanguage } from "../source/grammar.ts";
import type { SourceEdit } from "../source/sourceFile.ts";
import type { InlineFinding } from "./inline/inlineFinding.ts";
import type { NamedLiteral } from "./inline/namedLiterals.ts";
import type { PlacedRun } from "./inline/placedRun.ts";

/** What led to one version of a document from the one before. */
export interface SourceChange {
  /** Of the document after the edits. */
  readonly version: number;
  readonly edits: readonly SourceEdit[];
}

/**
 * One version of a document. The text alone decides the answer; the changes only spare the thread from parsing what it knows.
 * A request may be cancelled, so the thread may have seen fewer versions than were asked for.
 */
export interface SourceRequest {
  /** Tells documents apart for as long as they are open. */
  readonly key: string;
  readonly language: SourceLanguage;
  readonly version: number;
  readonly text: string;
  /** A version up to `version`; `changes` has every change after it. */
  readonly since: number;
  readonly changes: readonly SourceChange[];
}

export interface SourceService {
  sites(request: SourceRequest): Promise<readonly CodeSite[]>;
  /** What there is to say beside the lines, given the run that speaks of them. */
  findings(request: SourceRequest, run: PlacedRun | undefined): Promise<readonly InlineFinding[]>;
  /** The numbers that decide what is predicted. */
  literals(request: SourceRequest): Promise<readonly NamedLiteral[]>;
  /** Forgets a document that is no longer open. */
  close(key: string): void;
}
