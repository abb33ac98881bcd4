/** From lists of numbers to what is drawn of them. Pure. */
import type { RunOverview, VectorRow } from "../src/editor/messages.ts";
import { boundText, valueText } from "./numberText.ts";
import { readName } from "./observableName.ts";

/** One list: its values over their ranks from 1, or over the places that another list gives. */
export interface VectorCurve {
  readonly name: string;
  /** The layer; empty where it is of the whole. */
  readonly where: string;
  readonly step: number;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  /** By how much each value may be off, where that was recorded. */
  readonly errors?: readonly number[];
  /** Between which a random matrix of this size and variance has its values (Marchenko and Pastur 1967). */
  readonly bulk?: { readonly lower: number; readonly upper: number };
}

/** Lists that go with another: where its values lie, or how far off they may be. */
const belonging = /\/(at|residual)$/;

/** Whether a list has a chart of its own. Whose neighbours are whose is for comparing runs, and no curve. */
export function isCharted(name: string): boolean {
  return !belonging.test(name) && !name.startsWith("representation/");
}

/** Series that belong to a list: the edges of the bulk that the spectrum of random weights would have. */
const edges: Readonly<Record<string, readonly [lower: string, upper: string]>> = {
  "weight/spectrum": ["weight/bulkLower", "weight/bulkUpper"],
};

/** All that a chart of the lists of a base name is drawn of. */
export function drawnOf(base: string, { vectors, observables }: RunOverview): readonly string[] {
  const lists = vectors.map(({ name }) => name).filter((name) => readName(name.replace(belonging, "")).base === base);
  const series = observables.map(({ name }) => name).filter((name) => edges[base]?.includes(readName(name).base));
  return [...lists, ...series];
}

/** Base names of the lists of a run that have a chart of their own. */
export function vectorBases(overview: RunOverview): readonly string[] {
  const names = overview.vectors.map(({ name }) => name).filter(isCharted);
  return [...new Set(names.map((name) => readName(name).base))];
}

/** The lists of one base name, in the order given. */
export function vectorCurves(base: string, rows: readonly VectorRow[]): readonly VectorCurve[] {
  const own = rows.filter(({ name }) => isCharted(name) && readName(name).base === base);
  return own.map(({ name, step, values }) => {
    const beside = (other: string) => {
      const found = rows.find((row) => row.name === other && row.step === step)?.values;
      return found?.length === values.length ? [...found] : undefined;
    };
    const { where } = readName(name);
    const [lower, upper] = (edges[base] ?? []).map(
      (edge) => rows.find((row) => row.name === `${edge}@${where}` && row.step === step)?.values[0],
    );
    const ys = [...values];
    const errors = beside(`${name}/residual`);
    return {
      ...{ name, where, step, ys },
      xs: beside(`${name}/at`) ?? ys.map((_value, index) => index + 1),
      ...(errors !== undefined && { errors }),
      ...(lower !== undefined && upper !== undefined && { bulk: { lower, upper } }),
    };
  });
}

/** A value with its error, where it has one. */
export function valueWithError({ ys, errors }: VectorCurve, index: number): string {
  const [value, error] = [ys[index] ?? NaN, errors?.[index] ?? NaN];
  return Number.isFinite(error) ? `${valueText(value)} ± ${boundText(error)}` : valueText(value);
}

/** Whether the values lie over ranks rather than over places of their own. */
export function isRanked({ xs }: VectorCurve): boolean {
  return xs.every((x, index) => x === index + 1);
}
