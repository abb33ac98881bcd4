/** What theory expects of a script that has not run, read off its text alone. */
import type { Law } from "../../theory/law.ts";

type LawReference = Pick<Law, "id" | "number" | "title" | "references">;

/** A number that follows from the text; `low` and `high` are its 10 % and 90 % quantiles, and equal it where there is no interval. */
interface Predicted {
  readonly known: true;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly certainty: "exact" | "interval" | "ruleOfThumb";
  /** The formula, with its numbers: "2/η". */
  readonly how: string;
  /** One sentence each. */
  readonly assumptions: readonly string[];
  readonly law: LawReference | undefined;
}

/** Theory does not say, or the text does not say enough. */
interface NotPredicted {
  readonly known: false;
  /** As the second half of a sentence: "its input's shape is not in the text". */
  readonly reason: string;
  readonly law: LawReference | undefined;
}

export type Prediction = Predicted | NotPredicted;

/** What the literature names a rule of thumb, without an interval. */
export function roughly(value: number, how: string, assumptions: readonly string[], law: LawReference): Predicted {
  return { ...exactly(value, how, assumptions, law), certainty: "ruleOfThumb" };
}

export function exactly(
  value: number,
  how: string,
  assumptions: readonly string[] = [],
  law?: LawReference,
): Predicted {
  return { known: true, value, low: value, high: value, certainty: "exact", how, assumptions, law };
}

export function notPredicted(reason: string, law?: LawReference): NotPredicted {
  return { known: false, reason, law };
}
