import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { permutation } from "../trace/permutation.ts";
import { gaussianValues } from "./randomMatrix.ts";
import { gramOfRows, type Rows } from "./symmetric.ts";

export interface ClassifiedFeatures {
  /** [examples, features] */
  readonly features: Rows;
  /** [examples, classes] */
  readonly logits: Rows;
  /** The classifier, flat [features, classes]. */
  readonly weights: ArrayLike<number>;
  /** Class of each example; every class has some. */
  readonly labels: readonly number[];
}

export interface Collapse {
  /** tr(Σ_W·Σ_B⁺)/K, of the covariances within and between classes. */
  readonly nc1: number;
  /** ‖MMᵀ/‖MMᵀ‖ − (I − 11ᵀ/K)/√(K − 1)‖, M having the centred class means as rows: distance from a simplex. */
  readonly nc2: number;
  /** Standard deviation over mean of the centred class means' norms. */
  readonly equinorm: number;
  /** As NC2, with W·Mᵀ for MMᵀ, W having the classifier's vectors as rows. */
  readonly nc3: number;
  /** Share of examples whose class by the largest logit is not that of the nearest class mean. */
  readonly nc4: number;
}

/**
 * Neural collapse (Papyan, Han and Donoho 2020; NC2 and NC3 as Zhu et al. 2021, eq. 9 and 10). Means are centred at the mean of the class means,
 * so that classes count equally. In float64; NaN where the class means coincide.
 */
export function collapse({ features, logits, weights, labels }: ClassifiedFeatures): Collapse {
  const classes = logits.columns;
  const means = classMeans(features, labels, classes);
  const centred = centredRows(means);
  const classifier = transposed(weights, features.columns, classes);
  return {
    nc1: withinOverBetween(features, labels, means, centred),
    nc2: simplexDistance(gramOfRows(centred)),
    equinorm: spreadOfNorms(centred),
    nc3: simplexDistance(products(classifier, centred)),
    nc4: mismatch(features, logits, means),
  };
}

/** Draws that each null is the mean of. */
const draws = 4;

/**
 * The same where nothing has collapsed: NC1 and NC4 with the labels shuffled, NC2 and the norms of independent normal class means in this
 * dimension (which are nearly a simplex by themselves where it is high), NC3 of these and independent normal classifiers.
 */
export function collapseNull(given: ClassifiedFeatures): Collapse {
  const { features, logits, labels } = given;
  const classes = logits.columns;
  const random = (seed: number): Rows => ({
    values: gaussianValues(classes * features.columns, seed),
    rows: classes,
    columns: features.columns,
  });
  const each = Array.from({ length: draws }, (_, draw): Collapse => {
    const order = permutation(labels.length, 2 * draw + 1);
    const shuffled = order.map((index) => labels[index] ?? 0);
    const means = classMeans(features, shuffled, classes);
    const simplex = centredRows(random(2 * draw + 1));
    return {
      nc1: withinOverBetween(features, shuffled, means, centredRows(means)),
      nc2: simplexDistance(gramOfRows(simplex)),
      equinorm: spreadOfNorms(simplex),
      nc3: simplexDistance(products(random(2 * draw + 2), simplex)),
      nc4: mismatch(features, logits, means),
    };
  });
  const mean = (name: keyof Collapse) => each.reduce((sum, one) => sum + one[name], 0) / draws;
  return { nc1: mean("nc1"), nc2: mean("nc2"), equinorm: mean("equinorm"), nc3: mean("nc3"), nc4: mean("nc4") };
}

function classMeans({ values, columns }: Rows, labels: readonly number[], classes: number): Rows {
  const means = new Float64Array(classes * columns);
  const counts = new Float64Array(classes);
  labels.forEach((label, example) => {
    counts[label] = (counts[label] ?? 0) + 1;
    for (let column = 0; column < columns; column++) {
      const index = label * columns + column;
      means[index] = (means[index] ?? 0) + (values[example * columns + column] ?? 0);
    }
  });
  return {
    values: means.map((sum, index) => sum / (counts[Math.floor(index / columns)] ?? 0)),
    rows: classes,
    columns,
  };
}

function centredRows({ values, rows, columns }: Rows): Rows {
  const centre = new Float64Array(columns);
  for (let index = 0; index < rows * columns; index++) {
    centre[index % columns] = (centre[index % columns] ?? 0) + (values[index] ?? 0) / rows;
  }
  const centred = Float64Array.from(values, (value, index) => value - (centre[index % columns] ?? 0));
  return { values: centred, rows, columns };
}

function transposed(values: ArrayLike<number>, rows: number, columns: number): Rows {
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return { values: result, rows: columns, columns: rows };
}

/** a·bᵀ */
function products(a: Rows, b: Rows): Matrix {
  const result = Matrix.zeros(a.rows, b.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let column = 0; column < a.columns; column++) {
        sum += (a.values[i * a.columns + column] ?? 0) * (b.values[j * b.columns + column] ?? 0);
      }
      result.set(i, j, sum);
    }
  }
  return result;
}

function simplexDistance(matrix: Matrix): number {
  const classes = matrix.rows;
  const norm = matrix.norm("frobenius");
  let squares = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j < classes; j++) {
      const simplex = ((i === j ? 1 : 0) - 1 / classes) / Math.sqrt(classes - 1);
      squares += (matrix.get(i, j) / norm - simplex) ** 2;
    }
  }
  return Math.sqrt(squares);
}

function spreadOfNorms(rows: Rows): number {
  const norms = gramOfRows(rows).diagonal().map(Math.sqrt);
  const mean = norms.reduce((sum, each) => sum + each, 0) / norms.length;
  return Math.sqrt(norms.reduce((sum, each) => sum + (each - mean) ** 2, 0) / norms.length) / mean;
}

/** Relative to the largest eigenvalue between classes: below it, only rounding. */
const smallest = 1e-10;

/**
 * tr(Σ_W·Σ_B⁺)/K with Σ_B = MᵀM/K. With MMᵀ = U·diag(s)·Uᵀ its pseudoinverse is K·Σ v·vᵀ/s over v = Mᵀu/√s, so that no matrix
 * of the features' dimension is needed.
 */
function withinOverBetween({ values, columns }: Rows, labels: readonly number[], means: Rows, centred: Rows): number {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gramOfRows(centred), {
    assumeSymmetric: true,
  });
  const threshold = Math.max(...realEigenvalues) * smallest;
  let sum = 0;
  realEigenvalues.forEach((eigenvalue, which) => {
    if (!(eigenvalue > threshold)) return;
    const direction = new Float64Array(columns);
    for (let row = 0; row < centred.rows; row++) {
      const factor = eigenvectorMatrix.get(row, which);
      for (let column = 0; column < columns; column++) {
        direction[column] = (direction[column] ?? 0) + factor * (centred.values[row * columns + column] ?? 0);
      }
    }
    labels.forEach((label, example) => {
      let projection = 0;
      for (let column = 0; column < columns; column++) {
        const deviation = (values[example * columns + column] ?? 0) - (means.values[label * columns + column] ?? 0);
        projection += deviation * (direction[column] ?? 0);
      }
      sum += projection ** 2 / eigenvalue ** 2;
    });
  });
  return threshold > 0 ? sum / labels.length : Number.NaN;
}

function mismatch(features: Rows, logits: Rows, means: Rows): number {
  let different = 0;
  for (let example = 0; example < features.rows; example++) {
    let [largest, largestLogit, nearest, smallestDistance] = [0, -Infinity, 0, Infinity];
    for (let label = 0; label < logits.columns; label++) {
      const logit = logits.values[example * logits.columns + label] ?? 0;
      if (logit > largestLogit) [largest, largestLogit] = [label, logit];
      let distance = 0;
      for (let column = 0; column < features.columns; column++) {
        const [here, there] = [
          features.values[example * features.columns + column],
          means.values[label * features.columns + column],
        ];
        distance += ((here ?? 0) - (there ?? 0)) ** 2;
      }
      if (distance < smallestDistance) [nearest, smallestDistance] = [label, distance];
    }
    if (largest !== nearest) different++;
  }
  return different / features.rows;
}
