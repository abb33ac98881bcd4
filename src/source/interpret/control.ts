/** How one statement follows another: conditions and loops of which it may not be known which way they go. */
import type { SourceRange } from "../places.ts";
import { unstated, type Known } from "../sketch/known.ts";
import type { Batches } from "./batches.ts";
import type { Loop, Reading } from "./reading.ts";
import type { Value } from "./value.ts";

/** What comes after a statement. `may leave`: the rest of its block, or not. `fails`: nothing at all. */
export type Completion = "goes on" | "returns" | "breaks" | "continues" | "fails" | "may leave";

/** Follows statements in order; those after one that may leave are not certain to be reached. */
export function inOrder<T>(
  reading: Reading,
  statements: readonly T[],
  follow: (statement: T) => Completion,
): Completion {
  for (let index = 0; index < statements.length; index++) {
    const completion = follow(statements[index] as T);
    if (completion === "goes on") continue;
    if (completion !== "may leave") return completion;
    const rest = statements.slice(index + 1);
    if (rest.length === 0) return "may leave";
    const after = forked(reading, [() => "goes on", () => inOrder(reading, rest, follow)])[1] ?? "goes on";
    return after === "goes on" || after === "fails" ? "may leave" : after === "returns" ? "returns" : "may leave";
  }
  return "goes on";
}

/** Follows one way, or both where it is not known whether the condition holds. */
export function choose(
  reading: Reading,
  condition: boolean | undefined,
  yes: () => Completion,
  no: () => Completion,
): Completion {
  if (condition !== undefined) return condition ? yes() : no();
  return either(forked(reading, [yes, no]));
}

/** Follows several ways of which it is not known which is taken. */
export function oneOf(reading: Reading, ways: readonly (() => Completion)[]): Completion {
  return either(forked(reading, ways));
}

function either(completions: readonly Completion[]): Completion {
  const ending = completions.filter((each) => each !== "fails");
  const [first = "fails", ...others] = ending;
  return others.every((each) => each === first) ? first : "may leave";
}

function forked(reading: Reading, ways: readonly (() => Completion)[]): Completion[] {
  const completions: Completion[] = [];
  reading.memory.fork(
    ways.map((way) => () => {
      const completion = way();
      completions.push(completion);
      return completion !== "fails";
    }),
  );
  return completions;
}

/** Loops over more than this are not followed round by round. */
const mostRounds = 256;

interface LoopPlan {
  readonly range: SourceRange;
  /** What each round gets; undefined where that is not known. */
  readonly items: readonly Value[] | undefined;
  readonly count: Known<number>;
  readonly batches?: Batches | undefined;
  readonly overData?: boolean;
  /** What stands for any item, where the rounds are not followed one by one. */
  readonly anyItem: Value;
}

/**
 * Follows a loop round by round where the items are known and few; a loop that trains, and any other, once for all rounds, with
 * all that it changes unknown.
 */
export function loop(reading: Reading, plan: LoopPlan, body: (item: Value) => Completion): Completion {
  const { items } = plan;
  if (items?.length === 0) return "goes on";
  const { range, count, batches, overData = false } = plan;
  let around: Loop = { range, count, batches, overData, uncertainty: 0, isLeft: false };
  let completion: Completion = "goes on";
  const round = () => {
    completion = within(reading, around, () => body(plan.anyItem));
  };
  const tried = { trained: false };
  const changed = reading.memory.tryOut(() => {
    reading.rehearse(() => {
      const before = reading.trainings.length;
      round();
      tried.trained = reading.trainings.length > before;
    });
  });
  if (around.isLeft) around = { ...around, count: unstated("the loop may be left before its rounds are over") };
  if (items === undefined || items.length > mostRounds || tried.trained) {
    reading.memory.repeat("assigned in a loop", changed, round);
    return afterLoop(completion);
  }
  return rounds(reading, around, items, body, plan.count.known && plan.count.basis === "default");
}

function rounds(
  reading: Reading,
  around: Loop,
  items: readonly Value[],
  body: (item: Value) => Completion,
  byDefault: boolean,
): Completion {
  const outer = reading.basis;
  if (byDefault) reading.basis = "default";
  try {
    let left = false;
    return inOrder(reading, items, (item) => {
      const completion = left ? "breaks" : within(reading, around, () => body(item));
      if (completion === "breaks") left = true;
      return completion === "continues" || completion === "breaks" ? "goes on" : completion;
    });
  } finally {
    reading.basis = outer;
  }
}

function afterLoop(completion: Completion): Completion {
  return completion === "returns" || completion === "may leave" ? "may leave" : "goes on";
}

function within(reading: Reading, around: Loop, run: () => Completion): Completion {
  const loop = { ...around, uncertainty: reading.memory.uncertainty };
  reading.loops.push(loop);
  try {
    return run();
  } finally {
    reading.loops.pop();
    around.isLeft ||= loop.isLeft;
  }
}

/** How often a loop goes round that says nothing of it. */
export const untold = unstated("how often the loop goes round is not known");
