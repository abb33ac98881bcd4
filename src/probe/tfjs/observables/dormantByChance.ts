/** Of the mean over a layer's units, up to which a unit is dormant (Sokar et al. 2023, §3). */
export const dormancy = 0.025;

/**
 * Chance that a unit of independent standard normal activations, rectified or not, is dormant on n examples and positions, in a layer
 * of many such units: that the sum of their absolute values is at most t = 0.025·n of their mean.
 *
 * k half-normal numbers have density (2/π)^(k/2) where they are small, so that this is (2/π)^(k/2)·tᵏ/k!. Without a rectifier k = n; with
 * one, k of n are positive with the binomial chances of even ones. An upper bound, since the density falls; where it is not
 * negligible, n is small and it is as good as exact.
 */
export function dormantByChance(count: number, isRectified: boolean): number {
  return isRectified ? ofRectified(count) : ofNormal(count);
}

function ofNormal(count: number): number {
  // The mean is √(2/π).
  const volume = (dormancy * count * 2) / Math.PI;
  let chance = 1;
  // The smallest factors first: no product overflows.
  for (let place = count; place > 0; place--) chance *= volume / place;
  return chance;
}

function ofRectified(count: number): number {
  // The mean is 1/√(2π).
  const volume = (dormancy * count) / Math.PI;
  let term = 0.5 ** count;
  let chance = term;
  for (let positive = 1; positive <= count && term > Number.EPSILON * chance; positive++) {
    term *= (volume * (count - positive + 1)) / positive ** 2;
    chance += term;
  }
  return chance;
}
