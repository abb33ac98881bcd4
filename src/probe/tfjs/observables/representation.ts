import type { Matrix } from "ml-matrix";
import { permutation } from "../trace/permutation.ts";
import { gramOfRows, type Rows } from "./symmetric.ts";

/**
 * Unbiased linear centred kernel alignment of two representations of the same n ≥ 4 examples (Song et al. 2012, eq. 5; Nguyen,
 * Raghu and Kornblith 2021, eq. 3), and its null: the 95 % quantile over pairings of shuffled examples. Undefined where a
 * representation does not vary.
 */
export function alignment(first: Rows, second: Rows): { readonly value: number; readonly null: number } | undefined {
  const [k, l] = [withoutDiagonal(gramOfRows(first)), withoutDiagonal(gramOfRows(second))];
  const [own, other] = [independence(k, k), independence(l, l)];
  // Of constant representations only rounding is left, of either sign.
  const isVaried = own > rounding * meanSquare(k) && other > rounding * meanSquare(l);
  if (!isVaried) return undefined;
  const scale = Math.sqrt(own * other);
  const shuffled = Array.from(
    { length: shuffles },
    (_, seed) => independence(k, l, permutation(k.rows, seed + 1)) / scale,
  );
  return { value: independence(k, l) / scale, null: Math.max(...shuffled) };
}

/** The largest of 19 shuffled values is the 95 % quantile. */
const shuffles = 19;
/** Products of float32 activations. */
const rounding = 1e-10;

function withoutDiagonal(gram: Matrix): Matrix {
  for (let index = 0; index < gram.rows; index++) gram.set(index, index, 0);
  return gram;
}

function meanSquare(gram: Matrix): number {
  return gram.norm("frobenius") ** 2 / gram.rows ** 2;
}

/** The unbiased estimate of the Hilbert–Schmidt independence criterion, the second kernel's examples in another order. */
function independence(k: Matrix, l: Matrix, order?: readonly number[]): number {
  const n = k.rows;
  const at = (index: number) => order?.[index] ?? index;
  let [trace, sumK, sumL, between] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    let [rowK, rowL] = [0, 0];
    for (let j = 0; j < n; j++) {
      const [here, there] = [k.get(i, j), l.get(at(i), at(j))];
      trace += here * there;
      rowK += here;
      rowL += there;
    }
    sumK += rowK;
    sumL += rowL;
    between += rowK * rowL;
  }
  return (trace + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * between) / (n - 2)) / (n * (n - 3));
}

/** Mean share of common members among the k nearest neighbours, by cosine, of each example in two representations (Huh et al. 2024, §2). */
export function mutualNeighbours(first: Rows, second: Rows, k: number): number {
  const [here, there] = [nearest(first, k), nearest(second, k)];
  let common = 0;
  here.forEach((neighbours, index) => {
    common += neighbours.filter((each) => there[index]?.includes(each)).length;
  });
  return common / (k * first.rows);
}

/** Indices of each row's nearest others; of equally near ones the first. */
function nearest(rows: Rows, k: number): number[][] {
  const gram = gramOfRows(rows);
  const norms = gram.diagonal().map(Math.sqrt);
  return norms.map((_, index) => {
    const cosine = norms.map((norm, other) => (norm === 0 ? 0 : gram.get(index, other) / norm));
    return norms
      .map((__, other) => other)
      .filter((other) => other !== index)
      .toSorted((a, b) => (cosine[b] ?? 0) - (cosine[a] ?? 0) || a - b)
      .slice(0, k);
  });
}
