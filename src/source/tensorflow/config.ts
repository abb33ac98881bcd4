/** Settings of a layer, a model or a training call in TensorFlow.js: the entries of one object. */
import { Entries } from "../interpret/entries.ts";
import type { Given } from "../interpret/given.ts";
import { isNothing, itemsOf, numberOf, unknown, type Value } from "../interpret/value.ts";
import { jointBasis, unstated, type Basis, type Known } from "../sketch/known.ts";

export type Config = (name: string) => Value | undefined;

/** The entries of the argument at a place, from 0. */
export function configAt(given: Given, place: number): Config {
  const settings = given.get(place, "");
  return (name) => {
    if (settings === undefined) return undefined;
    if (settings.kind === "unknown") return settings;
    if (!(settings instanceof Entries)) return unknown("settings that are not followed", given.range);
    const found = settings.get(name);
    return found.kind === "unbound" || isNothing(found) ? undefined : found;
  };
}

/** A number or a list of numbers. */
export function numbersOf(value: Value | undefined, fallback?: Known<readonly number[]>): Known<readonly number[]> {
  if (value === undefined || isNothing(value)) return fallback ?? unstated("not given");
  if (value.kind === "unknown") return unstated(value.reason, value.range);
  const items = value.kind === "scalar" ? [value] : itemsOf(value);
  if (items === undefined) return unstated("items that are not known");
  const numbers: number[] = [];
  const bases: Basis[] = [];
  for (const item of items) {
    const number = numberOf(item);
    if (!number.known) return number;
    numbers.push(number.value);
    bases.push(number.basis);
  }
  const range = value.kind === "scalar" ? value.range : undefined;
  return { known: true, value: numbers, basis: jointBasis(bases), range };
}
