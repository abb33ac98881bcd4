import { readName, type Companion, type ObservableName } from "./observableName.ts";
import { families, otherFamily, type ObservableWords } from "./observableTable.ts";

interface Entry extends ObservableWords {
  readonly family: string;
  readonly rank: number;
}

const entries = new Map<string, Entry>(
  families
    .flatMap(({ title, observables }) =>
      Object.entries(observables).map(([base, words]) => [base, { ...words, family: title }] as const),
    )
    .map(([base, entry], rank) => [base, { ...entry, rank }]),
);

const companions: Readonly<Record<Companion, string>> = { null: "null", low: "low", high: "high" };

/** What an observable's companion is called beside its value. */
export function companionLabel(companion: Companion): string {
  return companions[companion];
}

/** A base name in words, with its unit, where there are some; else the name itself. */
export function baseLabel(base: string): string {
  const { label, unit } = entries.get(base) ?? { label: base };
  return unit === undefined ? label : `${label} (${unit})`;
}

/** An observable in words, with its layer. */
export function observableLabel(observable: string): string {
  return fullLabel(readName(observable));
}

function fullLabel({ base, where, companion }: ObservableName): string {
  const of = where === "" ? "" : ` of ${where}`;
  return `${baseLabel(base)}${of}${companion === undefined ? "" : `, ${companions[companion]}`}`;
}

/** How a curve is told from the others of its chart, which is titled. */
export function curveLabel(name: ObservableName): string {
  const { where, companion } = name;
  if (where === "" || chartKey(name.name) !== name.base) return fullLabel(name);
  return companion === undefined ? where : `${where}, ${companions[companion]}`;
}

/** Title of the family that a base name is found under. */
export function familyTitle(base: string): string {
  return entries.get(base)?.family ?? otherFamily;
}

/** Where a family stands among the others. */
export function familyPlace(title: string): number {
  const found = families.findIndex((family) => family.title === title);
  return found < 0 ? families.length : found;
}

/** Observables of one key share a chart: all losses do, and the layers of one quantity with their null values. */
export function chartKey(observable: string): string {
  const { base } = readName(observable);
  return base.startsWith("loss/") ? "loss" : base;
}

export function chartTitle(key: string): string {
  return key === "loss" ? "Loss" : baseLabel(key);
}

/** Loss, then sharpness, then the table's order, then whatever it does not know, by name. */
export function byImportance(one: string, other: string): number {
  return rankOf(one) - rankOf(other) || one.localeCompare(other);
}

function rankOf(key: string): number {
  return key === "loss" ? -1 : (entries.get(key)?.rank ?? entries.size);
}
