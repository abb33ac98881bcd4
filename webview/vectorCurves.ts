/** From lists of numbers to what is drawn of them. Pure. */
import type { RunOverview, VectorRow } from "../src/editor/messages.ts";
import { readName } from "./observableName.ts";

/** One list: its values over their ranks from 1, or over the places that another list gives. */
export interface VectorCurve {
  readonly name: string;
  /** The layer; empty where it is of the whole. */
  readonly where: string;
  readonly step: number;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

/** Lists that go with another: where its values lie, or how far off they may be. */
const belonging = /\/(at|residual)$/;

export function isBelonging(name: string): boolean {
  return belonging.test(name);
}

/** Base names of the lists of a run that have a chart of their own. */
export function vectorBases(overview: RunOverview): readonly string[] {
  const names = overview.vectors.map(({ name }) => name).filter((name) => !isBelonging(name));
  return [...new Set(names.map((name) => readName(name).base))];
}

/** The lists of one base name, in the order given. */
export function vectorCurves(base: string, rows: readonly VectorRow[]): readonly VectorCurve[] {
  const own = rows.filter(({ name }) => !isBelonging(name) && readName(name).base === base);
  return own.map(({ name, step, values }) => {
    const places = rows.find((row) => row.name === `${name}/at` && row.step === step)?.values;
    const ys = [...values];
    const xs = places?.length === values.length ? [...places] : ys.map((_value, index) => index + 1);
    return { name, where: readName(name).where, step, xs, ys };
  });
}

/** Whether the values lie over ranks rather than over places of their own. */
export function isRanked({ xs }: VectorCurve): boolean {
  return xs.every((x, index) => x === index + 1);
}
