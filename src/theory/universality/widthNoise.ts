/**
 * What a finite width does to who is near whom. How near example j is to i in a network of width n, as a number s_ij over all j, is taken to be that of an
 * infinitely wide one and independent noise of relative variance c/n, all of it Gaussian. Two networks then have scores of correlation
 *
 *   ρ = 1/√((1 + c/n)(1 + c/n′)),
 *
 * and of the part q of examples that are nearest in one of them the share P(X > z, Y > z)/q is nearest in the other, with z such that P(X > z) = q:
 * 1 at infinite width, q, which is chance, at none.
 *
 * Sources: kernels of random features have errors of variance 1/n (Rahimi and Recht 2007, claim 1); P(X > z, Y > z) = q² + ∫ exp(−z²/(1 + sin θ))dθ/2π
 * from 0 to arcsin ρ (Sheppard 1900; Drezner and Wesolowsky 1990, eq. 3). That the two together tell agreement is a model, made here.
 */

/** Of Simpson's rule: the integrand is smooth, and its error below 1e-9. */
const intervals = 64;
const halvings = 60;
/** Of a normal variable, beyond which a tail is smaller than any part of some hundreds of examples. */
const farthest = 6;

/** ∫ exp(−z²/(1 + sin θ))dθ/2π from 0 to an angle. */
function excess(z: number, angle: number): number {
  const width = angle / intervals;
  let sum = 0;
  for (let index = 0; index <= intervals; index++) {
    const weight = index === 0 || index === intervals ? 1 : index % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-(z ** 2) / (1 + Math.sin(index * width)));
  }
  return (sum * width) / 3 / (2 * Math.PI);
}

/** Where a function that rises from below zero crosses it. */
function root(of: (x: number) => number, low: number, high: number): number {
  for (let halving = 0; halving < halvings; halving++) {
    const middle = (low + high) / 2;
    if (of(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of the nearest in common, for scores of a correlation from 0 to 1 and the part q < ½ of examples that are taken for nearest. */
export function shareOf(correlation: number, q: number): number {
  // Correlation 1 gives q itself, which tells z.
  const z = root((each) => q - q ** 2 - excess(each, Math.PI / 2), 0, farthest);
  return q + excess(z, Math.asin(correlation)) / q;
}

/** The correlation for which so large a share is in common; NaN where it is no more than chance. */
export function correlationOf(share: number, q: number): number {
  if (!(share > q && share <= 1 && q > 0 && q < 0.5)) return NaN;
  return root((correlation) => shareOf(correlation, q) - share, 0, 1);
}

/** ρ of two networks, by c and their widths n, in one unit. */
export function correlationAt(noise: number, one: number, other: number): number {
  return 1 / Math.sqrt((1 + noise / one) * (1 + noise / other));
}

/** c, by the correlation of two networks and their widths. */
export function noiseOf(correlation: number, one: number, other: number): number {
  // c²/(n·n′) + c·(1/n + 1/n′) = 1/ρ² − 1.
  const [square, linear] = [1 / (one * other), 1 / one + 1 / other];
  return (Math.sqrt(linear ** 2 + 4 * square * (1 / correlation ** 2 - 1)) - linear) / (2 * square);
}
