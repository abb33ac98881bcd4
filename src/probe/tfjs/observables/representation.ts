import { permutation } from "../trace/permutation.ts";
import { gramOfRows, type Rows } from "./symmetric.ts";
import { squaredNorm } from "./vectors.ts";

/**
 * Unbiased linear centred kernel alignment of two representations of the same n ≥ 4 examples (Song et al. 2012, eq. 5; Nguyen,
 * Raghu and Kornblith 2021, eq. 3), and its null: the 95 % quantile over pairings of shuffled examples. Undefined where a
 * representation does not vary.
 */
export function alignment(first: Rows, second: Rows): { readonly value: number; readonly null: number } | undefined {
  const [k, l] = [withoutDiagonal(first), withoutDiagonal(second)];
  const [own, other] = [independence(k, k), independence(l, l)];
  // Of constant representations only rounding is left, of either sign.
  const isVaried = own > rounding * meanSquare(k) && other > rounding * meanSquare(l);
  if (!isVaried) return undefined;
  const scale = Math.sqrt(own * other);
  const shuffled = Array.from(
    { length: shuffles },
    (_, seed) => independence(k, l, permutation(k.sums.length, seed + 1)) / scale,
  );
  return { value: independence(k, l) / scale, null: Math.max(...shuffled) };
}

/** The largest of 19 shuffled values is the 95 % quantile. */
const shuffles = 19;
/** Products of float32 activations. */
const rounding = 1e-10;

/** A kernel of n examples without its diagonal. */
interface Kernel {
  /** [n, n] */
  readonly rows: readonly Float64Array[];
  /** Of each row. */
  readonly sums: Float64Array;
}

function withoutDiagonal(given: Rows): Kernel {
  const gram = gramOfRows(given);
  const rows = Array.from({ length: gram.rows }, (_, index) => {
    const row = Float64Array.from(gram.getRow(index));
    row[index] = 0;
    return row;
  });
  return { rows, sums: Float64Array.from(rows, (row) => row.reduce((sum, each) => sum + each, 0)) };
}

function meanSquare({ rows }: Kernel): number {
  return rows.reduce((sum, row) => sum + squaredNorm(row), 0) / rows.length ** 2;
}

/** The unbiased estimate of the Hilbert–Schmidt independence criterion, the second kernel's examples in another order. */
function independence(k: Kernel, l: Kernel, order?: readonly number[]): number {
  const n = k.rows.length;
  const places = Uint32Array.from(order ?? k.rows.keys());
  let [trace, sumK, sumL, between] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const at = places[i] ?? 0;
    const [here = emptyRow, there = emptyRow] = [k.rows[i], l.rows[at]];
    for (let j = 0; j < n; j++) trace += (here[j] ?? 0) * (there[places[j] ?? 0] ?? 0);
    const [rowK = 0, rowL = 0] = [k.sums[i], l.sums[at]];
    sumK += rowK;
    sumL += rowL;
    between += rowK * rowL;
  }
  return (trace + (sumK * sumL) / ((n - 1) * (n - 2)) - (2 * between) / (n - 2)) / (n * (n - 3));
}

const emptyRow = new Float64Array();

/** Mean share of common members among the k nearest neighbours, by cosine, of each example in two representations (Huh et al. 2024, §2). */
export function mutualNeighbours(first: Rows, second: Rows, k: number): number {
  const [here, there] = [nearest(first, k), nearest(second, k)];
  let common = 0;
  here.forEach((neighbours, index) => {
    common += neighbours.filter((each) => there[index]?.includes(each)).length;
  });
  return common / (k * first.rows);
}

/** Of cosines: representations along one direction differ by rounding alone. */
const equalCosines = 1e-12;

/** Indices of the k nearest others of each row by cosine, the nearest first; of equally near ones the first. */
export function nearest(rows: Rows, k: number): number[][] {
  const gram = gramOfRows(rows);
  const norms = gram.diagonal().map(Math.sqrt);
  return norms.map((_norm, index) => {
    const own = norms[index] ?? 0;
    const cosine = norms.map((norm, other) =>
      norm * own === 0 ? 0 : Math.round(gram.get(index, other) / (norm * own) / equalCosines),
    );
    return norms
      .map((_, other) => other)
      .filter((other) => other !== index)
      .toSorted((a, b) => (cosine[b] ?? 0) - (cosine[a] ?? 0) || a - b)
      .slice(0, k);
  });
}
