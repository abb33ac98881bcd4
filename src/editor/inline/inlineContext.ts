/** What is known of a text when it is looked at: its sketch, what theory makes of that, and the run that speaks of it. */
import { beforeRun, type BeforeRun } from "../../analyses/beforeRun/beforeRun.ts";
import type { OptimizerRecord } from "../../probe/record.ts";
import type { SourcePosition, SourceRange } from "../../source/places.ts";
import type { Known, Stated } from "../../source/sketch/known.ts";
import type { SourceSketch } from "../../source/sketch/sourceSketch.ts";
import type { OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import type { InlineRun } from "./inlineRun.ts";
import { PlacedSites } from "./placedSites.ts";
import type { PlacedRun } from "./placedRun.ts";

/** A run whose places are looked up in the text. */
export interface SpeakingRun {
  readonly placed: PlacedRun;
  readonly run: InlineRun;
  /** As "run 3". */
  readonly name: string;
  readonly sites: PlacedSites;
}

export interface InlineContext {
  readonly sketch: SourceSketch;
  readonly predictions: BeforeRun;
  readonly lines: readonly string[];
  readonly speaking: SpeakingRun | undefined;
}

export function inlineContext(sketch: SourceSketch, text: string, placed: PlacedRun | undefined): InlineContext {
  return {
    sketch,
    predictions: beforeRun(sketch),
    lines: text.split(/\r\n|\r|\n/),
    speaking: placed && {
      placed,
      run: placed.run,
      name: `run ${placed.ordinal}`,
      sites: new PlacedSites(placed),
    },
  };
}

/** The rest of the line that a position is on. */
export function restOfLine({ lines }: InlineContext, start: SourcePosition): SourceRange {
  return { start, end: { line: start.line, column: Math.max(start.column, lines[start.line]?.trimEnd().length ?? 0) } };
}

/** What the run recorded of an optimizer, where it recorded one only, and its code and the literals that set it read as they did. */
export function recordedOptimizer(speaking: SpeakingRun, optimizer: OptimizerSketch): OptimizerRecord | undefined {
  const [record, ...others] = speaking.run.optimizers;
  if (record === undefined || others.length > 0) return undefined;
  const values: readonly Known<unknown>[] = Object.values({ ...optimizer.hyperparameters });
  const literals = values.flatMap((value) => literalOf(value) ?? []);
  const isAsItRan = literals.every(({ range }) => speaking.sites.isUnchanged(range));
  return isAsItRan && speaking.sites.among(record.source, [optimizer]) !== undefined ? record : undefined;
}

/** A value that a literal of the text determines. */
export interface Literal<T> extends Stated<T> {
  readonly range: SourceRange;
}

export function literalOf<T>(value: Known<T> | undefined): Literal<T> | undefined {
  return value?.known === true && value.range !== undefined ? { ...value, range: value.range } : undefined;
}
