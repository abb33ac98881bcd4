import type { Law } from "./law.ts";
import { centralFlow } from "./empirical/centralFlow.ts";
import { edgeOfStability } from "./empirical/edgeOfStability.ts";
import { finalLossLaw } from "./empirical/finalLoss.ts";
import { featuresAtConvergence } from "./empirical/featuresAtConvergence.ts";
import { hessianOutliers } from "./empirical/hessianOutliers.ts";
import { learningRateDrop } from "./empirical/learningRateDrop.ts";
import { scaleSymmetry } from "./empirical/scaleSymmetry.ts";
import { scalingExponent } from "./empirical/scalingExponent.ts";
import { scalingLaw } from "./empirical/scalingLaw.ts";
import { scheduleLaw } from "./empirical/scheduleLaw.ts";
import { stochasticEdge } from "./empirical/stochasticEdge.ts";
import { timeToEdge } from "./empirical/timeToEdge.ts";
import { batchTransferLaw } from "./hyperparameters/batchTransferLaw.ts";
import { depthTransferLaw } from "./hyperparameters/depthTransferLaw.ts";
import { firstLearningRate } from "./hyperparameters/firstLearningRate.ts";
import { noiseScale } from "./hyperparameters/noiseScale.ts";
import { powerLines } from "./hyperparameters/powerLines.ts";
import { weightEquilibrium } from "./hyperparameters/weightEquilibrium.ts";
import { widthTransferLaw } from "./hyperparameters/widthTransferLaw.ts";
import { catapult } from "./limits/catapult.ts";
import { grokkingDelay } from "./limits/grokkingDelay.ts";
import { lazyDynamics } from "./limits/lazyDynamics.ts";
import { lazyOrRich } from "./limits/lazyOrRich.ts";
import { richRate } from "./limits/richRate.ts";
import { richness } from "./limits/richness.ts";
import { signalAtInitialization } from "./limits/signalAtInitialization.ts";
import { stepSize } from "./limits/stepSize.ts";
import { streamGrowth } from "./limits/streamGrowth.ts";
import { widthConvergence } from "./limits/widthConvergence.ts";
import { balancedness } from "./solvable/balancedness.ts";
import { deepLinearModes } from "./solvable/deepLinearModes.ts";
import { earlyStopping } from "./solvable/earlyStopping.ts";
import { flattestSolution } from "./solvable/flattestSolution.ts";
import { informationExponent } from "./solvable/informationExponent.ts";
import { kernelRegression } from "./solvable/kernelRegression.ts";
import { learningCoefficientLaw } from "./solvable/learningCoefficientLaw.ts";
import { plateauEscape } from "./solvable/plateauEscape.ts";
import { stepZeroLoss } from "./solvable/stepZeroLoss.ts";
import { deadUnits } from "./universality/deadUnits.ts";
import { linearConnectivity } from "./universality/linearConnectivity.ts";
import { lowRankUpdates } from "./universality/lowRankUpdates.ts";
import { neuralCollapse } from "./universality/neuralCollapse.ts";
import { randomMatrixSpectrum } from "./universality/randomMatrixSpectrum.ts";
import { representationAgreement } from "./universality/representationAgreement.ts";

/** Every law that the ledger asks, in the order in which people see them. */
export const catalog: readonly Law[] = [
  edgeOfStability,
  timeToEdge,
  centralFlow,
  stepZeroLoss,
  balancedness,
  deepLinearModes,
  plateauEscape,
  informationExponent,
  flattestSolution,
  kernelRegression,
  earlyStopping,
  lazyDynamics,
  lazyOrRich,
  grokkingDelay,
  richness,
  richRate,
  signalAtInitialization,
  streamGrowth,
  catapult,
  stepSize,
  widthConvergence,
  stochasticEdge,
  firstLearningRate,
  learningRateDrop,
  noiseScale,
  weightEquilibrium,
  powerLines,
  featuresAtConvergence,
  hessianOutliers,
  widthTransferLaw,
  depthTransferLaw,
  batchTransferLaw,
  scalingLaw,
  scalingExponent,
  randomMatrixSpectrum,
  scheduleLaw,
  neuralCollapse,
  scaleSymmetry,
  lowRankUpdates,
  representationAgreement,
  linearConnectivity,
  deadUnits,
  finalLossLaw,
  learningCoefficientLaw,
];
