/** Predictions and measurements as the facts of a hover. */
import type { Prediction } from "../../analyses/beforeRun/prediction.ts";
import type { Law } from "../../theory/law.ts";
import type { InlineFact } from "./inlineFinding.ts";
import type { InlineReading } from "./inlineRun.ts";
import { lawLink } from "./lawLink.ts";
import type { PlacedRun } from "./placedRun.ts";
import { digits, errorText } from "./runTexts.ts";

const certainties = {
  exact: "exact, read off the text",
  interval: "10 to 90 %, read off the text",
  ruleOfThumb: "a rule of thumb, read off the text",
} as const;

/** A prediction made from the text; `text` writes its number with its unit. */
export function predictedFact(what: string, prediction: Prediction, text: (value: number) => string): InlineFact {
  const law = prediction.law && lawLink(prediction.law);
  if (!prediction.known) return { what, value: `unknown: ${prediction.reason}`, assumptions: [], law };
  const { value, low, high, certainty, how, assumptions } = prediction;
  return {
    what,
    value: certainty === "interval" ? `${text(low)} to ${text(high)}` : text(value),
    uncertainty: certainties[certainty],
    method: how,
    assumptions,
    law,
  };
}

interface MeasuredWords {
  readonly what: string;
  readonly value: string;
  /** One sentence each. */
  readonly assumptions?: readonly string[];
  readonly law?: Law;
}

/** What a run measured, in the words given. */
export function measuredFact({ run, ordinal }: PlacedRun, reading: InlineReading, words: MeasuredWords): InlineFact {
  const { what, value, assumptions = [], law } = words;
  const { step, sample, method, nullValue } = reading;
  return {
    what,
    value: `${value} in run ${ordinal}`,
    uncertainty: errorText(reading),
    method,
    step,
    sample,
    nullValue: nullValue === undefined ? undefined : digits(nullValue),
    assumptions,
    law: law && lawLink(law),
    run: run.directory,
  };
}
