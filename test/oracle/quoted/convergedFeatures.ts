import { Matrix } from "ml-matrix";
import { featureAlignment } from "../../../src/probe/tfjs/observables/featureMatrix.ts";
import { gaussianMatrix } from "../../unit/streams/freshLayers.ts";
import type { QuotedNumber } from "./quotedNumber.ts";

const [examples, inputs, hidden, outputs] = [40, 6, 12, 3];

/** η, λ, and the error of FACT's identity at which descent is stopped: where what is quoted was, to its last digit. */
const [rate, strength, stopped] = [0.2, 0.03, 2.25e-5];

/** It comes there within a fifth of them. */
const mostSteps = 5000;

/** Two sides of an identity. */
interface Sides {
  readonly left: Matrix;
  readonly right: Matrix;
}

function relativeError({ left, right }: Sides): number {
  return Matrix.sub(left, right).norm() / left.norm();
}

/** 1 − cos = ½·|u − v|² of the sides as unit vectors, where a cosine itself would be rounded. */
function distanceOfCosine({ left, right }: Sides): number {
  return Matrix.sub(Matrix.div(left, left.norm()), Matrix.div(right, right.norm())).norm() ** 2 / 2;
}

/** f = x·W·V on ½ of the mean of squared errors and λ/2·(‖W‖² + ‖V‖²), by gradient descent until W·Wᵀ is −(1/nλ)·Σᵢ xᵢᵀ·(∂lᵢ/∂xᵢ) but for so much. */
function converged() {
  const x = gaussianMatrix(examples, inputs, 1, 1);
  const targets = Matrix.tanh(x.mmul(gaussianMatrix(inputs, outputs, 1 / Math.sqrt(inputs), 2)));
  let w = gaussianMatrix(inputs, hidden, 1 / Math.sqrt(inputs), 3);
  let v = gaussianMatrix(hidden, outputs, 1 / Math.sqrt(hidden), 4);
  for (let step = 0; ; step++) {
    const activations = x.mmul(w);
    const errors = Matrix.sub(activations.mmul(v), targets);
    const byActivations = errors.mmul(v.transpose());
    const byInputs = byActivations.mmul(w.transpose());
    const sides = {
      left: w.mmul(w.transpose()),
      right: x
        .transpose()
        .mmul(byInputs)
        .div(-examples * strength),
    };
    if (relativeError(sides) < stopped || step === mostSteps) return { w, v, sides };
    const ofW = Matrix.add(x.transpose().mmul(byActivations).div(examples), Matrix.mul(w, strength));
    const ofV = Matrix.add(activations.transpose().mmul(errors).div(examples), Matrix.mul(v, strength));
    [w, v] = [Matrix.sub(w, ofW.mul(rate)), Matrix.sub(v, ofV.mul(rate))];
  }
}

/** Of features at convergence (Boix-Adsera et al. 2025) and the neural feature ansatz (Radhakrishnan et al. 2024), which two linear layers keep exactly: they are balanced then. */
export function quotedOfConvergedFeatures(): QuotedNumber[] {
  const { w, v, sides } = converged();
  const aligned = featureAlignment(w, v.mmul(v.transpose()));
  const where = `two linear layers, λ = ${strength}`;
  const by = "descent by hand, stopped there";
  return [
    {
      what: `relative error of W·Wᵀ = −(1/nλ)·Σ hᵀ·∂l/∂h, ${where}`,
      ...{ by, quoted: 2.2e-5, within: 0.05e-5, found: relativeError(sides) },
    },
    {
      what: `1 − cosine of the two sides, ${where}`,
      // Half the square of an error that is across, as far as the digits of that tell.
      ...{ by, quoted: 2.5e-10, within: 0.2e-10, found: distanceOfCosine(sides) },
    },
    {
      what: `cosine of W·Wᵀ and AGOP^½, ${where}`,
      ...{ by: "the probe's own, after descent by hand", quoted: 1, within: 0.5e-4, found: aligned?.root ?? NaN },
    },
    {
      what: `cosine of W·Wᵀ and AGOP, ${where}`,
      // It hangs on how different singular values are, which is not told: as of the law, that it is above 0.9.
      ...{
        by: "the probe's own, after descent by hand",
        quoted: 0.9985,
        within: 0.0985,
        found: aligned?.linear ?? NaN,
      },
    },
  ];
}
