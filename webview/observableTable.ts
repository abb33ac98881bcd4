/** Every observable in the field's words, in the order in which people look for them. */

export interface ObservableWords {
  readonly label: string;
  /** Absent for numbers without one, and for those in the loss' own units. */
  readonly unit?: string;
}

export interface Family {
  readonly title: string;
  /** By base name. */
  readonly observables: Readonly<Record<string, ObservableWords>>;
}

export const families: readonly Family[] = [
  {
    title: "Loss",
    observables: {
      "loss/train": { label: "Training loss" },
      "loss/validation": { label: "Validation loss" },
      "loss/probe": { label: "Loss on the probe set" },
    },
  },
  {
    title: "Curvature",
    observables: {
      "sharpness/batch": { label: "Sharpness" },
      "sharpness/preconditioned": { label: "Preconditioned sharpness" },
      "sharpness/probe": { label: "Sharpness on the probe set" },
      "sharpness/directional": { label: "Sharpness along the gradient" },
      "sharpness/block": { label: "Sharpness of each layer's block" },
      "sharpness/progressive": { label: "Progressive sharpening" },
      "sharpness/gradientNorm": { label: "Norm of the sharpness' gradient" },
      "sharpness/gap": { label: "Gap below the sharpness" },
      "hessian/trace": { label: "Trace of the Hessian" },
      "hessian/eigenvalues": { label: "Largest eigenvalues of the Hessian" },
      "hessian/spectrum": { label: "Spectral density of the Hessian" },
      "hessian/meanEigenvalue": { label: "Mean eigenvalue of the Hessian" },
      "hessian/rootMeanSquareEigenvalue": { label: "RMS eigenvalue of the Hessian" },
      "learningCoefficient/local": { label: "Local learning coefficient" },
      "learningCoefficient/acceptance": { label: "Local learning coefficient: draws accepted" },
    },
  },
  {
    title: "Gradient",
    observables: {
      "gradient/norm": { label: "Gradient norm" },
      "gradient/alongWeights": { label: "Gradient along the weights ⟨w, g⟩" },
      "gradient/noiseScale": { label: "Gradient noise scale", unit: "examples" },
      "gradient/noise": { label: "Gradient noise tr Σ" },
      "gradient/signal": { label: "Gradient signal |G|²" },
      "gradient/topShare": { label: "Gradient's share in the top eigenspace" },
      "gradient/cosine": { label: "Recorded gradient against the optimizer's: cosine" },
      "gradient/ratio": { label: "Recorded gradient against the optimizer's: ratio of norms" },
      "scale/product": { label: "Scale invariance ⟨W, g⟩/‖W‖‖g‖" },
    },
  },
  {
    title: "Weights and updates",
    observables: {
      "update/norm": { label: "Update norm" },
      "update/relative": { label: "Update over weight" },
      "update/angle": { label: "Angle of the update", unit: "rad" },
      "update/stableRank": { label: "Stable rank of the change since initialization" },
      "weight/norm": { label: "Weight norm" },
      "weight/spectralNorm": { label: "Spectral norm" },
      "weight/stableRank": { label: "Stable rank" },
      "weight/spectrum": { label: "Spectrum of the weights" },
      "weight/spikes": { label: "Eigenvalues above the bulk" },
      "weight/bulkLower": { label: "Lower edge of the Marchenko–Pastur bulk" },
      "weight/bulkUpper": { label: "Upper edge of the Marchenko–Pastur bulk" },
      "balance/defect": { label: "Balance defect" },
      "balance/drift": { label: "Balance drift a step" },
      "balance/residual": { label: "Balance residual" },
      "balance/gradient": { label: "Gradient norm² of balanced layers" },
      "linear/strength": { label: "Strength of a linear network's modes" },
      "linear/growing": { label: "Growing part of two linear layers, by mode" },
      "linear/shrinking": { label: "Shrinking part of two linear layers, by mode" },
      "linear/signal": { label: "Correlation of inputs and targets, by mode" },
      "linear/variance": { label: "Variance of the inputs, by mode" },
      "linear/coupling": { label: "Coupling of modes by the inputs' covariance" },
      "linear/layers": { label: "Linear layers" },
      "linear/leastLoss": { label: "Loss of the best linear map" },
      "linear/emptyLoss": { label: "Loss of no map" },
      "linear/flattest": { label: "Least sharpness of any minimum" },
    },
  },
  {
    title: "Representations",
    observables: {
      "activation/rms": { label: "Activation RMS" },
      "activation/mean": { label: "Activation mean" },
      "activation/deadFraction": { label: "Fraction of dead units" },
      "activation/dormantFraction": { label: "Fraction of dormant units" },
      "activation/effectiveRank": { label: "Effective rank" },
      "activation/participationRatio": { label: "Participation ratio" },
      "agreement/cka": { label: "Agreement with initialization (CKA)" },
      "agreement/neighbours": { label: "Agreement with initialization (nearest neighbours)" },
      "representation/neighbours": { label: "Nearest neighbours in the representation" },
      "connectivity/barrier": { label: "Barrier to another run that began as this one" },
      "stream/rms": { label: "RMS of the residual stream, block by block" },
      "feature/nfa": { label: "Neural feature ansatz, power ½" },
      "feature/nfaLinear": { label: "Neural feature ansatz, power 1" },
      "feature/fact": { label: "Distance from features at convergence (FACT)" },
      "collapse/nc1": { label: "NC1, variability within classes" },
      "collapse/nc2": { label: "NC2, distance from a simplex" },
      "collapse/equinorm": { label: "NC2, spread of the class means' norms" },
      "collapse/nc3": { label: "NC3, self-duality" },
      "collapse/nc4": { label: "NC4, disagreement with the nearest class mean" },
      "logit/max": { label: "Largest logit" },
      "logit/variance": { label: "Variance of the logits" },
    },
  },
  {
    title: "Tangent kernel",
    observables: {
      "kernel/spectrum": { label: "Spectrum of the tangent kernel" },
      "kernel/residual": { label: "Squared residual along the kernel's eigenvectors" },
      "kernel/initialResidual": { label: "Squared initial residual along the kernel's eigenvectors" },
      "kernel/largest": { label: "Largest kernel eigenvalue" },
      "kernel/alignment": { label: "Kernel alignment with the targets" },
      "kernel/distance": { label: "Kernel distance from initialization" },
    },
  },
  {
    title: "Run",
    observables: {
      "optimizer/learningRate": { label: "Learning rate" },
      "optimizer/weightDecay": { label: "Weight decay" },
      "batch/size": { label: "Batch size", unit: "examples" },
      "step/seconds": { label: "Seconds a step" },
      "throughput/samples": { label: "Throughput", unit: "examples/s" },
      "memory/process": { label: "Memory of the process", unit: "bytes" },
      "memory/device": { label: "Memory of tensors", unit: "bytes" },
    },
  },
];

/** For what the table does not know. */
export const otherFamily = "Other";
