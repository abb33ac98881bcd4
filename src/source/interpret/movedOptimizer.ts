/** What a script does to an optimizer after it has made it. */
import type { SourceRange } from "../places.ts";
import { unstated } from "../sketch/known.ts";
import type { Hyperparameters } from "../sketch/trainingSketch.ts";
import type { FoundOptimizer } from "./found.ts";

/** Its learning rate moves, or may move; `call` is the script's own word for what moves it. */
export function moveRate(found: FoundOptimizer, call: string, range: SourceRange, kind: "assigned" | "other"): void {
  if (found.schedules.some((each) => each.range === range)) return;
  found.schedules.push({ kind, call, range, parameters: {} });
}

/** Hyperparameters of it get other values than those that it was made with, and it is not known when. */
export function loseHyperparameters(
  found: FoundOptimizer,
  names: readonly (keyof Hyperparameters)[],
  reason: string,
  range: SourceRange,
): void {
  const own = names.filter((name) => found.hyperparameters[name] !== undefined);
  const lost = Object.fromEntries(own.map((name) => [name, unstated(reason, range)]));
  found.hyperparameters = { ...found.hyperparameters, ...lost };
}
