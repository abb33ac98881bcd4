import { quotedOfBalance } from "./balance.ts";
import { quotedOfCatapult } from "./catapult.ts";
import { quotedOfCentralFlow } from "./centralFlow.ts";
import { quotedOfCollapseNull } from "./collapseNull.ts";
import { quotedOfConvergedFeatures } from "./convergedFeatures.ts";
import { quotedOfEdgeOfStability } from "./edgeOfStability.ts";
import { quotedOfFlattestSolutions } from "./flattest.ts";
import { quotedOfKernelDrift } from "./kernelDrift.ts";
import { quotedOfKernelRidge } from "./kernelRidge.ts";
import { quotedOfLazyTraining } from "./lazyTraining.ts";
import { quotedOfLeastSquares } from "./leastSquares.ts";
import { quotedOfLinearModes } from "./linearModes.ts";
import { quotedOfLossAtInitialization } from "./lossAtInitialization.ts";
import { quotedOfNoiseFloor } from "./noiseFloor.ts";
import { quotedOfNoiseScale } from "./noiseScale.ts";
import type { QuotedNumber } from "./quotedNumber.ts";
import { quotedOfRandomMatrix } from "./randomMatrix.ts";
import { quotedOfRepresentationAgreement } from "./representationAgreement.ts";
import { quotedOfScalingLaw } from "./scalingLaw.ts";
import { quotedOfScheduleLaw } from "./scheduleLaw.ts";
import { quotedOfSignals } from "./signals.ts";
import { quotedOfStochasticEdge } from "./stochasticEdge.ts";
import { quotedOfTimeToEdge } from "./timeToEdge.ts";
import { quotedOfWeightEquilibrium } from "./weightEquilibrium.ts";
import { quotedOfWidthTransfer } from "./widthTransfer.ts";

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
  L15: quotedOfCatapult,
  L18: quotedOfEdgeOfStability,
  L19: quotedOfTimeToEdge,
  L20: quotedOfCentralFlow,
  L21: quotedOfStochasticEdge,
  L23: quotedOfScalingLaw,
  L24: quotedOfScheduleLaw,
  L26: quotedOfCollapseNull,
  L27: quotedOfConvergedFeatures,
  L30: quotedOfNoiseFloor,
  L31: quotedOfWidthTransfer,
  L33: quotedOfNoiseScale,
  L34: quotedOfWeightEquilibrium,
  L37: quotedOfRepresentationAgreement,
  L38: quotedOfRandomMatrix,
};

/** Those of real measurements by others, of which there are no numbers where the measurements are absent. */
export const ofRealData: readonly string[] = ["L23", "L24"];
