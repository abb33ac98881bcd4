/** What earlier runs of other input dimensions, trained alike, tell of how long a search lasts. */
import { partnersOf, type Partner } from "../hyperparameters/sameCurve.ts";
import { learningRateOf } from "../plainDescent.ts";
import type { RunView } from "../runView.ts";
import { inputGrowth, type InputGrowth } from "./inputDimension.ts";
import { carriedOn, informationExponentOf, meanOver, searchOf, type SizedSearch } from "./searchTime.ts";

/**
 * Standard deviation, between seeds, of the logarithm of the squared overlap that a search begins with, in units of 1/√units: those whose readouts are largest
 * decide, and they are few.
 */
const scatterOfSeeds = 7;

export interface Searched {
  readonly partner: Partner<InputGrowth>;
  readonly search: SizedSearch;
}

/** Earlier runs of other input dimensions, trained alike, whose search ended; the newest first. */
export function searches(view: RunView): readonly Searched[] {
  return [...partnersOf(view, alike)].flatMap((partner) => {
    const search = searchOf(partner.view);
    return search === undefined ? [] : [{ partner, search: { ...search, inputs: partner.growth.others } }];
  });
}

function alike(one: RunView, other: RunView): InputGrowth | undefined {
  return learningRateOf(one) === learningRateOf(other) && momentumOf(one) === momentumOf(other)
    ? inputGrowth(one, other)
    : undefined;
}

function momentumOf({ optimizer }: RunView): number {
  return optimizer?.groups[0]?.momentum ?? 0;
}

/** What earlier runs say together. */
export interface Said {
  readonly all: readonly SizedSearch[];
  readonly inputs: number;
  readonly units: number;
  /** k as measured, and its standard error. */
  readonly measured: number;
  readonly error: number;
  /** Standard deviation of a search's end between seeds, in units of ln d: as if the dimension were another. */
  readonly scatter: number;
  /** The whole number next to it. */
  readonly exponent: number;
  readonly height: number;
  readonly deficit: number;
  /** Step at which the search ends in this run. */
  readonly end: number;
}

export function saidBy(runs: readonly Searched[]): Said | undefined {
  const [first] = runs;
  if (first === undefined) return undefined;
  const all = runs.map(({ search }) => search);
  const { inputs, units } = first.partner.growth;
  const scatter = scatterOfSeeds / Math.sqrt(units);
  const { value: measured, error } = informationExponentOf(all, scatter);
  const exponent = Math.round(measured);
  const deficit = meanOver(all, (search) => search.deficit);
  const end = meanOver(all, (each) => carriedOn(each.end, deficit, exponent, Math.log(inputs / each.inputs)));
  const height = meanOver(all, (each) => each.height);
  return { all, inputs, units, measured, error, scatter, exponent, height, deficit, end };
}

/** Factor between the least and the most inputs of earlier runs. */
export function spanOf(runs: readonly Searched[]): number {
  const inputs = runs.map(({ search }) => search.inputs);
  return Math.max(...inputs) / Math.min(...inputs);
}
