import { balance } from "./balance.ts";
import { gradientNorm } from "./gradientNorm.ts";
import type { Observable } from "./observable.ts";
import { batchSharpness, preconditionedSharpness } from "./sharpness.ts";
import { updateNorm } from "./updateNorm.ts";

/** Everything that is measured at the budget's expense, for one optimizer of a run. */
export function createObservables(): readonly Observable[] {
  return [gradientNorm, updateNorm, balance(), batchSharpness(), preconditionedSharpness()];
}
