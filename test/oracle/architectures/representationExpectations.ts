import { createHash } from "node:crypto";
import { Matrix, pseudoInverse, SingularValueDecomposition } from "ml-matrix";
import { at } from "../reference/scalarTape.ts";
import type { Architecture } from "./architecture.ts";
import { evaluate, type Evaluated, inner, mean, sum } from "./evaluation.ts";
import { exactly, type Expectation, tolerances } from "./expectation.ts";
import type { ObservedTraining } from "./observedTraining.ts";

const { single, double } = tolerances;
/** A quarter of the examples that are followed. */
const neighbours = 8;

/** From activations of the step's batch, and of the batches that are followed, now and at the initial weights. */
export function representationExpectations(
  architecture: Architecture,
  { whole, initial, probe }: ObservedTraining,
): [string, Expectation][] {
  const now = evaluate(architecture, whole.weights, whole.examples);
  const [followed, before] = [whole.weights, initial].map((weights) =>
    probe.map((examples) => evaluate(architecture, weights, examples)),
  ) as [Evaluated[], Evaluated[]];
  const centres = (batches: readonly Evaluated[], layer: string) =>
    batches.flatMap((batch) => examplesOf(batch, layer).map(centreOf));
  const numbers = probe.flat().map((example) => numberOf(architecture.entering(example)));
  const layers = Object.keys(now.activations).flatMap((layer): [string, Expectation][] => [
    ...ofLayer(layer, examplesOf(now, layer).flat(), architecture.rectified.includes(layer)),
    ...agreement(layer, centres(followed, layer), centres(before, layer)),
    neighbourhoods(layer, centres(followed, layer), numbers),
  ]);
  const targets = probe.flat().map((example) => at(architecture.targets, example));
  const known = ["representation/examples", exactly(ascending(numbers), double)] satisfies [string, Expectation];
  return [
    ...layers,
    ...streamSizes(now),
    known,
    ...(architecture.loss === "crossEntropy" ? collapse(followed, targets) : []),
  ];
}

function examplesOf({ tape, activations }: Evaluated, layer: string): number[][][] {
  return (activations[layer] ?? []).map((rows) => rows.map((row) => row.map((node) => tape.value(node))));
}

/** Mean over positions. */
function centreOf(rows: readonly (readonly number[])[]): number[] {
  return at(rows, 0).map((_, column) => mean(rows.map((row) => at(row, column))));
}

function centred(rows: readonly (readonly number[])[]): number[][] {
  const centre = centreOf(rows);
  return rows.map((row) => row.map((value, column) => value - at(centre, column)));
}

function singularValues(rows: readonly (readonly number[])[]): number[] {
  return new SingularValueDecomposition(new Matrix(rows.map((row) => [...row])), { autoTranspose: true }).diagonal;
}

function ofLayer(layer: string, rows: readonly (readonly number[])[], isRectified: boolean): [string, Expectation][] {
  const all = rows.flat();
  const columns = at(rows, 0).length;
  const rms = Math.sqrt(mean(all.map((value) => value ** 2)));
  const dead = at(rows, 0).filter((_, column) => rows.every((row) => row[column] === 0)).length / columns;
  const sizes = at(rows, 0).map((_, column) => mean(rows.map((row) => Math.abs(at(row, column)))));
  const dormant = sizes.filter((size) => size <= 0.025 * mean(sizes)).length / columns;
  const singular = singularValues(rows);
  const shares = singular.map((value) => value / sum(singular)).filter((share) => share > 0);
  const variances = singularValues(centred(rows)).map((value) => value ** 2);
  const count = rows.length;
  return [
    [`activation/rms@${layer}`, exactly(rms, single)],
    [`activation/mean@${layer}`, exactly(mean(all), single, rms)],
    [`activation/dormantFraction@${layer}`, exactly(dormant, double, 1)],
    ...(isRectified
      ? ([
          [`activation/deadFraction@${layer}`, exactly(dead, double, 1)],
          [`activation/deadFraction@${layer}/null`, exactly(2 ** -count, double)],
        ] satisfies [string, Expectation][])
      : []),
    [`activation/effectiveRank@${layer}`, exactly(Math.exp(-sum(shares.map((p) => p * Math.log(p)))), single)],
    [
      `activation/participationRatio@${layer}`,
      exactly(sum(variances) ** 2 / sum(variances.map((each) => each ** 2)), single),
    ],
    [`activation/participationRatio@${layer}/null`, exactly(((count - 1) * columns + 2) / (count + columns), double)],
  ];
}

function agreement(
  layer: string,
  now: readonly (readonly number[])[],
  then: readonly (readonly number[])[],
): [string, Expectation][] {
  const alignment = independence(now, then) / Math.sqrt(independence(now, now) * independence(then, then));
  const [here, there] = [now, then].map(nearest) as [number[][], number[][]];
  const common = sum(here.map((some, index) => some.filter((each) => at(there, index).includes(each)).length));
  return [
    [`agreement/cka@${layer}`, exactly(alignment, single, 1)],
    [`agreement/neighbours@${layer}`, exactly(common / (neighbours * now.length), double, 1)],
    [`agreement/neighbours@${layer}/null`, exactly(neighbours / (now.length - 1), double)],
  ];
}

/** Hilbert–Schmidt independence as the mean over all ordered quadruples of different examples. */
function independence(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): number {
  const count = x.length;
  const kernelOf = (rows: readonly (readonly number[])[]) =>
    Float64Array.from({ length: count ** 2 }, (_, index) =>
      inner(at(rows, Math.floor(index / count)), at(rows, index % count)),
    );
  const [k, l] = [kernelOf(x), kernelOf(y)];
  let total = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      if (i === j) continue;
      let inside = 0;
      for (let q = 0; q < count; q++) {
        if (q === i || q === j) continue;
        const fixed = at(l, i * count + j) - 2 * at(l, i * count + q);
        for (let r = 0; r < count; r++) if (r !== i && r !== j && r !== q) inside += fixed + (l[q * count + r] ?? 0);
      }
      total += at(k, i * count + j) * inside;
    }
  }
  return total / (count * (count - 1) * (count - 2) * (count - 3));
}

function nearest(rows: readonly (readonly number[])[]): number[][] {
  const length = (row: readonly number[]) => Math.sqrt(inner(row, row));
  return rows.map((row, own) => {
    // Of a single unit above zero all are 1 but for rounding.
    const cosines = rows.map((other) => Number((inner(row, other) / length(row) / length(other)).toFixed(12)));
    const others = rows.map((_, index) => index).filter((index) => index !== own);
    return others.toSorted((a, b) => at(cosines, b) - at(cosines, a)).slice(0, neighbours);
  });
}

function streamSizes({ tape, stream = [] }: Evaluated): [string, Expectation][] {
  const sizes = stream.map((value) => Math.sqrt(mean(value.flat(2).map((node) => tape.value(node) ** 2))));
  return sizes.length === 0 ? [] : [["stream/rms", exactly(sizes, single)]];
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** The first 48 bits of the SHA-256 of float32 numbers. */
function numberOf(values: readonly number[]): number {
  return Number.parseInt(createHash("sha256").update(Float32Array.from(values)).digest("hex").slice(0, 12), 16);
}

/** Of examples in ascending order of their numbers. */
function neighbourhoods(
  layer: string,
  rows: readonly (readonly number[])[],
  numbers: readonly number[],
): [string, Expectation] {
  const inOrder = ascending(numbers).map((number) => at(rows, numbers.indexOf(number)));
  return [`representation/neighbours@${layer}`, exactly(nearest(inOrder).flat(), double, 1)];
}

/** NC1 to NC4 by dense matrices. */
function collapse(batches: readonly Evaluated[], targets: readonly (readonly number[])[]): [string, Expectation][] {
  const read = (which: "features" | "outputs") =>
    batches.flatMap((batch) => batch[which].map((row) => row.map((node) => batch.tape.value(node))));
  const [rows, logits] = [read("features"), read("outputs")];
  const labels = targets.map((row) => row.indexOf(1));
  const classes = at(targets, 0).length;
  const means = Array.from({ length: classes }, (_, label) =>
    centreOf(rows.filter((_row, example) => labels[example] === label)),
  );
  const simplexRows = centred(means);
  const m = new Matrix(simplexRows);
  const within = covariance(rows.map((row, example) => row.map((v, c) => v - at(at(means, at(labels, example)), c))));
  const between = covariance(simplexRows);
  const norms = simplexRows.map((row) => Math.sqrt(inner(row, row)));
  const spread = Math.sqrt(mean(norms.map((each) => (each - mean(norms)) ** 2))) / mean(norms);
  const { tape, classifier } = at(batches, 0);
  const weights = new Matrix(classifier.map((row) => row.map((node) => tape.value(node)))).transpose();
  const distances = rows.map((row) => means.map((centre) => sum(row.map((v, c) => (v - at(centre, c)) ** 2))));
  const mismatches = rows.filter((_, example) => {
    const [own, far] = [at(logits, example), at(distances, example)];
    return own.indexOf(Math.max(...own)) !== far.indexOf(Math.min(...far));
  });
  return [
    ["collapse/nc1", exactly(within.mmul(pseudoInverse(between, 1e-10)).trace() / classes, single)],
    ["collapse/nc2", exactly(simplexDistance(m.mmul(m.transpose())), single)],
    ["collapse/equinorm", exactly(spread, single)],
    ["collapse/nc3", exactly(simplexDistance(weights.mmul(m.transpose())), single)],
    ["collapse/nc4", exactly(mismatches.length / rows.length, double, 1)],
  ];
}

/** About zero. */
function covariance(rows: readonly (readonly number[])[]): Matrix {
  const matrix = new Matrix(rows.map((row) => [...row]));
  return matrix.transpose().mmul(matrix).div(rows.length);
}

function simplexDistance(matrix: Matrix): number {
  const classes = matrix.rows;
  const simplex = Matrix.eye(classes)
    .sub(Matrix.ones(classes, classes).div(classes))
    .div(Math.sqrt(classes - 1));
  return Matrix.div(matrix, matrix.norm("frobenius")).sub(simplex).norm("frobenius");
}
