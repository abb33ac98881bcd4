import { gaussians } from "../../oracle/tinyNetwork.ts";

/** Of each row the places of its k nearest others by cosine, the nearest first, by definition. */
export function neighboursOf(rows: readonly ArrayLike<number>[], k: number): number[][] {
  const unit = rows.map((row) => {
    const values = Array.from(row);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  });
  return unit.map((row, own) => {
    const cosines = unit.map((other) => row.reduce((sum, value, index) => sum + value * (other[index] ?? NaN), 0));
    const others = unit.map((_, index) => index).filter((index) => index !== own);
    return others.sort((a, b) => (cosines[b] ?? NaN) - (cosines[a] ?? NaN)).slice(0, k);
  });
}

export function gaussianRows(rows: number, columns: number, seed: number): number[][] {
  const next = gaussians(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, next));
}
