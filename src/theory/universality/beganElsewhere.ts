import type { RunView } from "../runView.ts";

/** Relative: norms of independent weights differ by more, those of the same weights by rounding alone. */
const rounding = 1e-6;

/**
 * Whether two runs began at other weights, by the norms of their layers' before the first step; unknown where none was measured then in both. Of one
 * seed they are the same, and what agrees was never apart.
 */
export function beganElsewhere(one: RunView, other: RunView): boolean | "unknown" {
  let holds: boolean | "unknown" = "unknown";
  for (const name of one.observables()) {
    if (!name.startsWith("weight/norm@")) continue;
    const [now, then] = [one.series(name), other.series(name)];
    if (now.length === 0 || then.length === 0 || now.stepAt(0) > 0 || then.stepAt(0) > 0) continue;
    if (Math.abs(now.valueAt(0) / then.valueAt(0) - 1) > rounding) return true;
    holds = false;
  }
  return holds;
}
