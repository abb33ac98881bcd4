import { Matrix } from "ml-matrix";
import { at } from "../reference/scalarTape.ts";
import type { Architecture } from "./architecture.ts";
import { evaluate, gradientAt, hessianAt, inner, mean, product, spectrumOf, sum } from "./evaluation.ts";
import { type ExactExpectation, exactly, type Expectation, tolerances } from "./expectation.ts";
import { lastOf, type ObservedTraining, type StepOn } from "./observedTraining.ts";

const { curvature } = tolerances;
const counted = 10;
/** Of the spectral density. */
const directions = 3;
/** Random vectors that Hutch++ spends on either of its two halves. */
const sketched = 10;
const moments = 4;

/** From the dense Hessian of the whole batch. */
export function curvatureExpectations(architecture: Architecture, training: ObservedTraining) {
  const { whole, parts, adam, probe } = training;
  const hessian = hessianAt(architecture, whole.weights, whole.examples);
  const others = probe.slice(1).map((examples) => hessianAt(architecture, whole.weights, examples));
  const followed = others.reduce((sum, each) => Matrix.add(sum, each), hessian).div(probe.length);
  const gradient = gradientAt(architecture, whole.weights, whole.examples);
  const { values, vectors } = spectrumOf(hessian);
  const square = inner(gradient, gradient);
  const share = sum(vectors.slice(0, counted).map((vector) => inner(vector, gradient) ** 2)) / square;
  const largest = at(values, 0);
  const expectations: [string, Expectation][] = [
    ["sharpness/batch", exactly(largest, curvature)],
    ["sharpness/probe", exactly(at(spectrumOf(followed).values, 0), curvature)],
    ["sharpness/gap", exactly(largest - at(values, 1), curvature, largest)],
    ["sharpness/directional", exactly(inner(gradient, product(hessian, gradient)) / square, curvature)],
    ["sharpness/directional@microBatch", exactly(perExampleSharpness(architecture, lastOf(parts.steps)), curvature)],
    // The difference reaches 2 % of the weights' norm to either side, and the fifth derivative is not nothing there.
    ["sharpness/progressive", { ...progressive(architecture, whole, at(vectors, 0), largest), tolerance: 3e-2 }],
    // Rounding of Hu in float32 over the step.
    ["sharpness/gradientNorm", exactly(gradientNormOfSharpness(architecture, whole, at(vectors, 0)), 1e-3)],
    // The optimizer divides by what float32 gradients have come to, which the reference cannot know.
    ["sharpness/preconditioned", { ...exactly(preconditioned(architecture, adam.steps), curvature), slack: 1e-5 }],
    ["hessian/eigenvalues", exactly(values.slice(0, 20), curvature)],
    ["gradient/topShare", exactly(share, 1e-3, 1)],
    ["gradient/topShare/null", exactly(counted / gradient.length, tolerances.double)],
    ...blocks(architecture, hessian),
    ...estimates(values),
  ];
  return expectations;
}

function blocks(architecture: Architecture, hessian: Matrix): [string, Expectation][] {
  const indices = new Map<string, number[]>();
  let offset = 0;
  for (const { name, shape } of architecture.variables) {
    const layer = name.slice(0, name.lastIndexOf("/"));
    const size = shape.reduce((all, each) => all * each, 1);
    const own = Array.from({ length: size }, (_, index) => offset + index);
    indices.set(layer, [...(indices.get(layer) ?? []), ...own]);
    offset += size;
  }
  return [...indices].map(([layer, own]) => {
    const largest = at(spectrumOf(hessian.selection(own, own)).values, 0);
    return [`sharpness/block@${layer}`, exactly(largest, curvature)];
  });
}

/** Mean over single examples of gᵀHg/|g|². */
function perExampleSharpness(architecture: Architecture, { weights, examples }: StepOn): number {
  return mean(
    examples.map((example) => {
      const { tape, loss } = evaluate(architecture, weights, [example]);
      const gradient = tape.gradient(loss);
      return inner(gradient, tape.hessianVector(loss, gradient)) / inner(gradient, gradient);
    }),
  );
}

/** Half-width of the measured difference over the norm of the weights. */
const relativeStep = 0.01;

/**
 * Derivative of uᵀHu along −g, u being the leading eigenvector, by central differences extrapolated to none. Where rectifiers or poolings
 * switch, curvature jumps and the derivative leaves the jumps out, which training does not: there it is the definition's difference, with its own step.
 */
function progressive(
  architecture: Architecture,
  { weights, examples }: StepOn,
  eigenvector: readonly number[],
  sharpness: number,
): Pick<ExactExpectation, "value" | "scale"> {
  const gradient = gradientAt(architecture, weights, examples);
  const curvatureAt = (time: number) => {
    const moved = Float64Array.from(weights, (weight, index) => weight - time * at(gradient, index));
    const { tape, loss } = evaluate(architecture, moved, examples);
    return inner(eigenvector, tape.hessianVector(loss, eigenvector));
  };
  const difference = (time: number) => (curvatureAt(time) - curvatureAt(-time)) / (2 * time);
  const length = (vector: ArrayLike<number>) => Math.sqrt(inner(vector, vector));
  const isSmooth = architecture.rectified.length === 0;
  // The fourth power of a relative step of 1e-4, and rounding of 1e-15 over it, are far below what is asked.
  const time = ((isSmooth ? 1e-4 : relativeStep) * length(weights)) / length(gradient);
  const value = (4 * difference(time) - difference(2 * time)) / 3;
  // At most as small as a change of the curvature by itself while the weights change by themselves: rounding does not shrink with it.
  return { value, scale: Math.max(Math.abs(value), (sharpness * length(gradient)) / length(weights)) };
}

/** ‖D³L[u, u]‖, u being the leading eigenvector, by central differences of Hu along u extrapolated to none. */
function gradientNormOfSharpness(
  architecture: Architecture,
  { weights, examples }: StepOn,
  eigenvector: readonly number[],
): number {
  const productAt = (time: number) => {
    const moved = Float64Array.from(weights, (weight, index) => weight + time * at(eigenvector, index));
    const { tape, loss } = evaluate(architecture, moved, examples);
    return tape.hessianVector(loss, eigenvector);
  };
  const difference = (time: number) => {
    const [before, after] = [productAt(-time), productAt(time)];
    return Array.from(after, (each, index) => (each - at(before, index)) / (2 * time));
  };
  // The fourth power of a relative step of 1e-4, and rounding of 1e-15 over it, are far below what is asked.
  const time = 1e-4 * Math.sqrt(inner(weights, weights));
  const [near, far] = [difference(time), difference(2 * time)];
  const extrapolated = near.map((each, index) => (4 * each - at(far, index)) / 3);
  return Math.sqrt(inner(extrapolated, extrapolated));
}

const [decay, epsilon] = [0.999, 1e-7];

/**
 * Of P^(−½)·H·P^(−½) with Adam's P = √(v/(1 − β₂ᵗ)) + ε, v from gradients of the reference. TensorFlow.js keeps β₂ᵗ in float32, and of
 * its difference from 1 only some five digits are left: P is what the step divides by.
 */
function preconditioned(architecture: Architecture, steps: readonly StepOn[]): number {
  const last = lastOf(steps);
  const second = new Float64Array(last.weights.length);
  for (const { weights, examples } of steps) {
    const gradient = gradientAt(architecture, weights, examples);
    second.forEach((value, index) => {
      second[index] = decay * value + (1 - decay) * at(gradient, index) ** 2;
    });
  }
  const power = steps.slice(1).reduce((product) => Math.fround(product * Math.fround(decay)), Math.fround(decay));
  const correction = Math.fround(1 - power);
  const roots = Array.from(second, (value) => 1 / Math.sqrt(Math.sqrt(value / correction) + epsilon));
  const scale = Matrix.diag(roots);
  return at(spectrumOf(scale.mmul(hessianAt(architecture, last.weights, last.examples)).mmul(scale)).values, 0);
}

function estimates(values: readonly number[]): [string, Expectation][] {
  const moment = (power: number) => mean(values.map((each) => each ** power));
  // Variance of vᵀAv over unit vectors v in d dimensions: 2/(d + 2) times that of A's eigenvalues.
  const deviation = (power: number) =>
    Math.sqrt((2 / (values.length + 2) / directions) * (moment(2 * power) - moment(power) ** 2));
  const powers = Array.from({ length: moments }, (_, index) => index + 1);
  const root = Math.sqrt(moment(2));
  const bySize = values.map(Math.abs).toSorted((a, b) => b - a);
  const rest = sum(bySize.slice(sketched).map((each) => each ** 2));
  return [
    ["hessian/trace", { value: sum(values), deviation: Math.sqrt((2 / sketched) * rest) }],
    ["hessian/meanEigenvalue", { value: moment(1), deviation: deviation(1) }],
    ["hessian/rootMeanSquareEigenvalue", { value: root, deviation: deviation(2) / (2 * root) }],
    ["hessian/spectrum", { value: powers.map(moment), deviation: powers.map(deviation) }],
  ];
}

/** First moments of a spectral density, which it is compared by. */
export function densityMoments(weights: readonly number[], nodes: readonly number[]): number[] {
  return Array.from({ length: moments }, (_, index) =>
    inner(
      weights,
      nodes.map((node) => node ** (index + 1)),
    ),
  );
}
