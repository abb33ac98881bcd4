import type { WeightsFolder } from "../keptWeights.ts";
import { ProbeSet, type ProbeSetLimits } from "../probeSet.ts";
import { activationMoments } from "./activationMoments.ts";
import { activationRanks } from "./activationRanks.ts";
import { balance } from "./balance.ts";
import { blockSharpness } from "./blockSharpness.ts";
import { connectivity } from "./connectivity.ts";
import { directionalSharpness } from "./directionalSharpness.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { gradientAlongWeights } from "./gradientAlongWeights.ts";
import { gradientNorm } from "./gradientNorm.ts";
import { hessianSpectrum } from "./hessianSpectrum.ts";
import { hessianTrace } from "./hessianTrace.ts";
import { initialActivations } from "./initialActivations.ts";
import { initialAgreement } from "./initialAgreement.ts";
import { InitialWeights, keepInitialWeights } from "./initialWeights.ts";
import { keepProbeSet } from "./keepProbeSet.ts";
import { layerUpdates } from "./layerUpdates.ts";
import { learningCoefficient } from "./learningCoefficient.ts";
import { linearModes } from "./linearModes.ts";
import { machine } from "./machine.ts";
import { neighbourhoods } from "./neighbourhoods.ts";
import { neuralCollapse } from "./neuralCollapse.ts";
import { neuralFeatures } from "./neuralFeatures.ts";
import { noiseScale } from "./noiseScale.ts";
import type { Observable } from "./observable.ts";
import { probeLoss } from "./probeLoss.ts";
import { progressiveSharpening } from "./progressiveSharpening.ts";
import { scaleInvariance } from "./scaleInvariance.ts";
import { batchSharpness, preconditionedSharpness, probeSharpness } from "./sharpness.ts";
import { spectralNorms } from "./spectralNorms.ts";
import { stationaryFeatures } from "./stationaryFeatures.ts";
import { tangentKernel } from "./tangentKernel.ts";
import { updateNorm } from "./updateNorm.ts";
import { updateRanks } from "./updateRanks.ts";
import { weightSpectra } from "./weightSpectra.ts";

/** Everything that is measured at the budget's expense, for one optimizer of a run; without a folder, nothing that compares it with other runs on disk. */
export function createObservables(limits?: ProbeSetLimits, folder?: WeightsFolder): readonly Observable[] {
  const initial = new InitialWeights();
  const probe = new ProbeSet(limits);
  return [
    keepInitialWeights(initial),
    keepProbeSet(probe),
    initialActivations(),
    gradientNorm,
    gradientAlongWeights,
    updateNorm,
    machine(),
    layerUpdates,
    balance(),
    linearModes(),
    scaleInvariance(),
    activationMoments,
    spectralNorms(),
    updateRanks(initial),
    batchSharpness(),
    preconditionedSharpness(),
    probeLoss(probe),
    probeSharpness(probe),
    neuralCollapse(probe),
    activationRanks(),
    initialAgreement(initial, probe),
    neighbourhoods(probe),
    tangentKernel(initial, probe),
    neuralFeatures(probe),
    stationaryFeatures,
    weightSpectra(),
    noiseScale(),
    directionalSharpness(),
    progressiveSharpening(),
    hessianTrace(),
    blockSharpness(),
    eigenvalues(),
    hessianSpectrum(),
    learningCoefficient(probe),
    ...(folder === undefined ? [] : [connectivity(folder, initial, probe)]),
  ];
}
