import { quotedOfBalance } from "./balance.ts";
import { quotedOfCentralFlow } from "./centralFlow.ts";
import { quotedOfEdgeOfStability } from "./edgeOfStability.ts";
import { quotedOfFlattestSolutions } from "./flattest.ts";
import { quotedOfKernelDrift } from "./kernelDrift.ts";
import { quotedOfKernelRidge } from "./kernelRidge.ts";
import { quotedOfLazyTraining } from "./lazyTraining.ts";
import { quotedOfLeastSquares } from "./leastSquares.ts";
import { quotedOfLinearModes } from "./linearModes.ts";
import { quotedOfLossAtInitialization } from "./lossAtInitialization.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { quotedOfScalingLaw } from "./scalingLaw.ts";
import { quotedOfScheduleLaw } from "./scheduleLaw.ts";
import { quotedOfSignals } from "./signals.ts";
import { quotedOfStochasticEdge } from "./stochasticEdge.ts";
import { quotedOfTimeToEdge } from "./timeToEdge.ts";

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
  L18: quotedOfEdgeOfStability,
  L19: quotedOfTimeToEdge,
  L20: quotedOfCentralFlow,
  L21: quotedOfStochasticEdge,
  L23: quotedOfScalingLaw,
  L24: quotedOfScheduleLaw,
};

/** Those of real measurements by others, of which there are no numbers where the measurements are absent. */
export const ofRealData: readonly string[] = ["L23", "L24"];
