import { chosen } from "../../../src/probe/tfjs/observables/randomMatrix.ts";
import { Matrix } from "ml-matrix";
import { at } from "../reference/scalarTape.ts";
import type { Architecture } from "./architecture.ts";
import { evaluate, gradientAt, inner, mean, product, spectrumOf, sum } from "./evaluation.ts";
import { exactly, type Expectation, tolerances } from "./expectation.ts";
import { matricesOf, matrixIn } from "./weightMatrices.ts";
import { listIn, type ObservedTraining, stepSeconds } from "./observedTraining.ts";

const { single } = tolerances;

/** Of the loss, of single examples' gradients, and of outputs' gradients. */
export function gradientExpectations(architecture: Architecture, training: ObservedTraining): [string, Expectation][] {
  const { weights, examples } = training.whole;
  const { tape, loss } = evaluate(architecture, weights, examples);
  return [
    ["loss/train", exactly(tape.value(loss), single)],
    ["loss/probe", exactly(mean(training.probe.map((batch) => lossAt(architecture, weights, batch))), single)],
    ["gradient/cosine", exactly(1, single)],
    ["gradient/ratio", exactly(1, single)],
    ["throughput/samples", exactly(examples.length / stepSeconds, tolerances.double)],
    ...noise(architecture, training.parts.steps),
    ...kernel(architecture, training),
    ...features(architecture, training),
  ];
}

function lossAt(architecture: Architecture, weights: Float32Array, examples: readonly number[]): number {
  const { tape, loss } = evaluate(architecture, weights, examples);
  return tape.value(loss);
}

/** Of nine degrees of freedom, for 95 % confidence. */
const student = 2.262_157;

function noise(architecture: Architecture, steps: ObservedTraining["parts"]["steps"]): [string, Expectation][] {
  const pairs = steps.map(({ weights, examples }) => {
    const gradients = examples.map((example) => gradientAt(architecture, weights, [example]));
    const centre = Array.from(weights, (_, index) => mean(gradients.map((gradient) => at(gradient, index))));
    const deviations = gradients.map((gradient) => sum(centre.map((each, index) => (at(gradient, index) - each) ** 2)));
    const spread = sum(deviations) / (examples.length - 1);
    return [spread, inner(centre, centre) - spread / examples.length] as const;
  });
  const [tops, bottoms] = [pairs.map(([top]) => top), pairs.map(([, bottom]) => bottom)];
  const [top, bottom] = [mean(tops), mean(bottoms)];
  const covariance = (a: readonly number[], b: readonly number[]) =>
    sum(a.map((each, index) => (each - mean(a)) * (at(b, index) - mean(b)))) / (a.length - 1) / a.length;
  // Fieller's interval: the ratios R at which (top − R·bottom)² is Student's quantile squared times its variance.
  const quadratic = bottom ** 2 - student ** 2 * covariance(bottoms, bottoms);
  const linear = top * bottom - student ** 2 * covariance(tops, bottoms);
  const root = Math.sqrt(linear ** 2 - quadratic * (top ** 2 - student ** 2 * covariance(tops, tops)));
  const [lastTop, lastBottom] = at(pairs, pairs.length - 1);
  return [
    ["gradient/noise", exactly(lastTop, single)],
    ["gradient/signal", exactly(lastBottom, single, lastTop)],
    ["gradient/noiseScale", exactly(top / bottom, 1e-4)],
    // The observable expands Student's quantile to the second order: within 0.2 %, of a half-width of a few times the value.
    ["gradient/noiseScale/low", exactly((linear - root) / quadratic, 0.01)],
    ["gradient/noiseScale/high", exactly((linear + root) / quadratic, 0.01)],
  ];
}

/** Of the first batch that is followed, or of those of its examples that the time has sufficed for. */
function kernel(architecture: Architecture, { whole, initial, probe }: ObservedTraining): [string, Expectation][] {
  const batch = at(probe, 0);
  const outputs = at(architecture.targets, 0).length;
  const measured = listIn(whole.found.values, "kernel/spectrum").length / outputs;
  const examples = chosen(batch.length, measured);
  const [now, then] = [whole.weights, initial].map((weights) => kernelAt(architecture, weights, batch, examples)) as [
    ...[Matrix, Matrix],
  ];
  const { values, vectors } = spectrumOf(now);
  const spectrum = values.map((each) => each / examples.length);
  const targets = examples.map((example) => at(architecture.targets, at(batch, example)));
  const centres = Array.from({ length: outputs }, (_, output) => mean(targets.map((row) => at(row, output))));
  const y = targets.flatMap((row) => row.map((each, output) => each - at(centres, output)));
  const aligned = inner(y, product(now, y)) / (now.norm("frobenius") * inner(y, y));
  return [
    ["kernel/largest", exactly(at(spectrum, 0), single)],
    ["kernel/spectrum", exactly(spectrum, single)],
    ["kernel/alignment", exactly(aligned, single, 1)],
    ...residual("kernel/residual", architecture, whole.weights, batch, examples, vectors),
    ...residual("kernel/initialResidual", architecture, initial, batch, examples, vectors),
    ["kernel/distance", exactly(Matrix.sub(now, then).norm("frobenius") / then.norm("frobenius"), single)],
  ];
}

/** What of the residual of a squared error lies along each eigenvector of the kernel. */
function residual(
  name: string,
  architecture: Architecture,
  weights: Float32Array,
  batch: readonly number[],
  examples: readonly number[],
  vectors: readonly (readonly number[])[],
): [string, Expectation][] {
  if (architecture.loss !== "meanSquaredError") return [];
  const { tape, outputs } = evaluate(architecture, weights, batch);
  const differences = examples.flatMap((example) =>
    at(outputs, example).map(
      (node, output) => tape.value(node) - at(at(architecture.targets, at(batch, example)), output),
    ),
  );
  const parts = vectors.map((vector) => inner(vector, differences) ** 2 / (2 * examples.length));
  return [[name, exactly(parts, single)]];
}

/** J·Jᵀ, a row for each output of each of some examples of a batch. */
function kernelAt(
  architecture: Architecture,
  weights: Float32Array,
  batch: readonly number[],
  examples: readonly number[],
): Matrix {
  const { tape, outputs } = evaluate(architecture, weights, batch);
  const rows = examples.flatMap((example) => at(outputs, example).map((node) => Array.from(tape.gradient(node))));
  const jacobian = new Matrix(rows);
  return jacobian.mmul(jacobian.transpose());
}

/** Cosines between W·Wᵀ and powers of the mean outer product of the outputs' gradients by a layer's input, on the first batch that is followed. */
function features(architecture: Architecture, { whole, probe }: ObservedTraining): [string, Expectation][] {
  const { tape, outputs, inputs } = evaluate(architecture, whole.weights, at(probe, 0));
  const matrices = matricesOf(architecture, whole.weights);
  return Object.entries(inputs).flatMap(([layer, rows]): [string, Expectation][] => {
    const gradients = rows.flatMap((row, example) =>
      at(outputs, example).map((output) => tape.derivatives(output, row)),
    );
    const outer = new Matrix(gradients);
    const products = outer.transpose().mmul(outer).div(rows.length);
    const { values, vectors } = spectrumOf(products);
    const basis = new Matrix(vectors.map((vector) => [...vector]));
    const roots = Matrix.diag(values.map((value) => Math.sqrt(Math.max(0, value))));
    const weights = matrixIn(matrices, `${layer}/kernel`);
    const own = weights.mmul(weights.transpose());
    const cosine = (other: Matrix) => Matrix.mul(own, other).sum() / (own.norm("frobenius") * other.norm("frobenius"));
    return [
      // A root turns float32's 1e-7 of an eigenvalue that is nearly zero into more.
      [`feature/nfa@${layer}`, exactly(cosine(basis.transpose().mmul(roots).mmul(basis)), 1e-4, 1)],
      [`feature/nfaLinear@${layer}`, exactly(cosine(products), single, 1)],
    ];
  });
}
