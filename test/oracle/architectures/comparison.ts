import { at } from "../reference/scalarTape.ts";
import type { Architecture } from "./architecture.ts";
import { curvatureExpectations, densityMoments } from "./curvatureExpectations.ts";
import type { ExactExpectation, Expectation, RandomExpectation } from "./expectation.ts";
import { gradientExpectations } from "./gradientExpectations.ts";
import { type Findings, listIn, type ObservedTraining } from "./observedTraining.ts";
import { representationExpectations } from "./representationExpectations.ts";
import { weightExpectations } from "./weightExpectations.ts";

/** What came of one observable on one network and backend. */
export type Cell =
  /** Its relative error. */
  | { readonly kind: "exact"; readonly error: number }
  /** Standard deviations between an estimate and the truth. */
  | { readonly kind: "estimate"; readonly deviations: number }
  | { readonly kind: "refused"; readonly reason: string };

export interface Comparison {
  /** By name of what is measured. What has no cell is not defined on this network. */
  readonly cells: ReadonlyMap<string, Cell>;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

/** Of the largest of several moments, which are skewed. */
const mostDeviations = 5;

/** Numbers that no reference here can give, and why that is no gap. */
const heldElsewhere: readonly RegExp[] = [
  // Counted by the system and by the engine.
  /^memory\//,
  // Drawn at random: held to their distributions by the tests of representations, kernel, features, activations and weights.
  /^(activation\/(effectiveRank|dormantFraction)|agreement\/cka|(weight|update)\/stableRank|feature\/nfa(Linear)?)@.*\/null$/,
  /^(collapse\/\w+|kernel\/alignment)\/null$/,
  // Compared together with what they belong to.
  /^hessian\/(eigenvalues\/residual|spectrum\/at)$/,
];

/** Everything that was measured against its definition, evaluated on the reference. */
export function compare(architecture: Architecture, training: ObservedTraining): Comparison {
  const expectations = new Map([
    ...gradientExpectations(architecture, training),
    ...curvatureExpectations(architecture, training),
    ...representationExpectations(architecture, training),
    ...weightExpectations(architecture, training),
  ]);
  const { values, errors, notes } = together(training);
  const cells = new Map<string, Cell>();
  const problems: string[] = [];
  for (const { names, reason, note } of architecture.refusals) {
    const isSaid = notes.some((each) => note.test(each));
    if (!isSaid) problems.push(`No note says that ${names.join(", ")} is refused because of ${reason}.`);
    for (const name of names) {
      if (values.has(name)) problems.push(`${name} is measured, although it ought to be refused.`);
      else cells.set(name, { kind: "refused", reason });
    }
  }
  for (const [name, expectation] of expectations) {
    const value = values.get(name);
    if (cells.has(name)) continue;
    if (value === undefined) {
      problems.push(`${name} is not measured; the reference says ${String(expectation.value)}.`);
      continue;
    }
    const measured = asList(value);
    const { cell, isRight } =
      "deviation" in expectation ? estimate(measured, expectation) : exact(measured, expectation);
    cells.set(name, cell);
    if (!isRight) problems.push(`${name} is ${String(value)}; the reference says ${String(expectation.value)}.`);
    const stated = errors.get(name);
    if (stated !== undefined && !holds(measured, expectation, asList(stated)))
      problems.push(
        `${name} is ${String(value)} ± ${String(stated)}; the reference says ${String(expectation.value)}.`,
      );
  }
  for (const name of values.keys()) {
    if (!expectations.has(name) && !heldElsewhere.some((each) => each.test(name)))
      problems.push(`${name} is measured, but has no reference.`);
  }
  return { cells, problems };
}

function together({ whole, parts, adam }: ObservedTraining) {
  const ofParts = (name: string) => /^gradient\/(noise|signal)|@microBatch$/.test(name);
  const ofAdam = (name: string) => name === "sharpness/preconditioned";
  const pick = <T>(of: (found: Findings) => ReadonlyMap<string, T>) =>
    new Map<string, T>([
      ...[...of(whole.found)].filter(([name]) => !ofParts(name)),
      ...[...of(parts.found)].filter(([name]) => ofParts(name)),
      ...[...of(adam.found)].filter(([name]) => ofAdam(name)),
    ]);
  const values = pick(({ values }) => values);
  const errors = new Map<string, number | readonly number[]>(pick(({ errors }) => errors));
  errors.set("hessian/eigenvalues", listIn(values, "hessian/eigenvalues/residual"));
  const density = listIn(values, "hessian/spectrum");
  if (density.length > 0)
    values.set("hessian/spectrum", densityMoments(density, listIn(values, "hessian/spectrum/at")));
  const notes = [whole, parts, adam].flatMap(({ found }) => found.notes);
  return { values, errors, notes };
}

function exact(measured: readonly number[], { value, scale, tolerance }: ExactExpectation) {
  const expected = asList(value);
  const size = scale ?? Math.max(...expected.map(Math.abs));
  const error = largest(measured, expected, () => size);
  return { cell: { kind: "exact", error } as const, isRight: error <= tolerance };
}

function estimate(measured: readonly number[], { value, deviation }: RandomExpectation) {
  const spread = asList(deviation);
  const deviations = largest(measured, asList(value), (index) => at(spread, index));
  return { cell: { kind: "estimate", deviations } as const, isRight: deviations <= mostDeviations };
}

/** NaN where there are more or fewer numbers than expected, so that no comparison holds. */
function largest(measured: readonly number[], expected: readonly number[], unit: (index: number) => number): number {
  if (measured.length !== expected.length) return Number.NaN;
  return Math.max(
    ...measured.map((each, index) => {
      const difference = Math.abs(each - at(expected, index));
      return difference === 0 ? 0 : difference / unit(index);
    }),
  );
}

/** Whether an error that was stated is a bound; of an estimate it is one standard error, estimated itself. */
function holds(measured: readonly number[], expectation: Expectation, stated: readonly number[]): boolean {
  const expected = asList(expectation.value);
  const [factor, slack] = "deviation" in expectation ? [2 * mostDeviations, 0] : [1, expectation.slack ?? 0];
  return measured.every((each, index) => {
    const exactValue = at(expected, index);
    return Math.abs(each - exactValue) <= factor * at(stated, index) + slack * Math.abs(exactValue);
  });
}

function asList(value: number | readonly number[]): readonly number[] {
  return typeof value === "number" ? [value] : value;
}
