import { quotedOfBalance } from "./balance.ts";
import { quotedOfFlattestSolutions } from "./flattest.ts";
import { quotedOfKernelDrift } from "./kernelDrift.ts";
import { quotedOfKernelRidge } from "./kernelRidge.ts";
import { quotedOfLazyTraining } from "./lazyTraining.ts";
import { quotedOfLeastSquares } from "./leastSquares.ts";
import { quotedOfLinearModes } from "./linearModes.ts";
import { quotedOfLossAtInitialization } from "./lossAtInitialization.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { quotedOfSignals } from "./signals.ts";

/** By the law's number, what is quoted for it, found again when asked. */
export const quotedNumbers: Readonly<Record<string, () => readonly QuotedNumber[]>> = {
  L01: quotedOfLinearModes,
  L03: quotedOfBalance,
  L04: quotedOfFlattestSolutions,
  L05: quotedOfKernelRidge,
  L07: quotedOfLeastSquares,
  L09: quotedOfLossAtInitialization,
  L10: quotedOfLazyTraining,
  L11: quotedOfKernelDrift,
  L13: quotedOfSignals,
};
