import { gaussians } from "../tinyNetwork.ts";

/** Examples whose products are summed at once, which stay in the processor's cache. */
const together = 500;

/** Linear centred kernel alignment as Kornblith et al. 2019 have it, ‖YᵀX‖²/(‖XᵀX‖·‖YᵀY‖) of centred columns, of independent normal X and Y. */
export function biasedAlignment(examples: number, features: number, seed: number): number {
  const next = gaussians(seed);
  // Of the columns of both, those of X before those of Y.
  const all = 2 * features;
  const [products, sums] = [new Float64Array(all * all), new Float64Array(all)];
  for (let left = examples; left > 0; left -= together) {
    const columns = Array.from({ length: all }, () => Float64Array.from({ length: Math.min(left, together) }, next));
    for (const [i, column] of columns.entries()) {
      sums[i] = column.reduce((sum, each) => sum + each, sums[i] ?? NaN);
      for (let j = i - (i % 4); j < all; j += 4) addProducts(column, columns.slice(j, j + 4), products, i * all + j);
    }
  }
  let [ofX, ofY, between] = [0, 0, 0];
  for (let i = 0; i < all; i++) {
    for (let j = i; j < all; j++) {
      const centred = (products[i * all + j] ?? NaN) - ((sums[i] ?? NaN) * (sums[j] ?? NaN)) / examples;
      const square = (i === j ? 1 : 2) * centred ** 2;
      if (j < features) ofX += square;
      else if (i >= features) ofY += square;
      else between += square / 2;
    }
  }
  return between / Math.sqrt(ofX * ofY);
}

const empty = new Float64Array();

/** Adds products of one column with four others, which is faster than with one after the other. */
function addProducts(one: Float64Array, others: readonly Float64Array[], to: Float64Array, at: number): void {
  const [a = empty, b = empty, c = empty, d = empty] = others;
  let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
  for (let index = 0; index < one.length; index++) {
    const each = one[index] ?? NaN;
    ofA += each * (a[index] ?? NaN);
    ofB += each * (b[index] ?? NaN);
    ofC += each * (c[index] ?? NaN);
    ofD += each * (d[index] ?? NaN);
  }
  for (const [index, each] of [ofA, ofB, ofC, ofD].entries()) to[at + index] = (to[at + index] ?? NaN) + each;
}
