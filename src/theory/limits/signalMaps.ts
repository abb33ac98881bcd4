/**
 * What a wide network does to a signal at its initialization: means over Gaussian units, by quadrature. Where weights are independent
 * with variance σ_w²/fan-in and biases with σ_b², a unit of a wide layer is Gaussian with variance q = σ_w²·E[h²] + σ_b², h being what
 * the layer is fed, and two examples' units are jointly so (Poole et al. 2016, eq. 3 and 5; Schoenholz et al. 2017, eq. 4 and 5).
 */
import { activationFunction, type Activation } from "./activationFunctions.ts";

interface Node {
  readonly at: number;
  readonly weight: number;
}

/**
 * Points of the midpoint rule for the standard normal law, which converges faster than any power of their distance for smooth functions.
 * None is at zero, where rectifiers have their kink; one elsewhere, as that of ReLU6, costs a mean square slope less than a hundredth.
 */
function nodes(distance: number, reach: number): readonly Node[] {
  const count = 2 * Math.round(reach / distance);
  const points = Array.from({ length: count }, (_, index) => (index + 0.5 - count / 2) * distance);
  const total = points.reduce((sum, at) => sum + Math.exp(-(at ** 2) / 2), 0);
  return points.map((at) => ({ at, weight: Math.exp(-(at ** 2) / 2) / total }));
}

const line = nodes(0.05, 9);
const plane = nodes(0.15, 6.6);

/** A standard normal number, for means over several such. */
export const standardNormal: readonly Node[] = plane;

/** E[f(x)] for x normal of mean 0. */
function gaussianMean(of: (x: number) => number, variance: number): number {
  const deviation = Math.sqrt(variance);
  let sum = 0;
  for (const { at, weight } of line) sum += weight * of(deviation * at);
  return sum;
}

/** E[f(x)·f(y)] for x and y normal of mean 0 and one variance. */
function gaussianProduct(of: (x: number) => number, variance: number, correlation: number): number {
  if (correlation >= 1) return gaussianMean((x) => of(x) ** 2, variance);
  const deviation = Math.sqrt(variance);
  const rest = Math.sqrt(Math.max(0, 1 - correlation ** 2));
  let sum = 0;
  for (const first of plane) {
    let inner = 0;
    for (const second of plane) inner += second.weight * of(deviation * (correlation * first.at + rest * second.at));
    sum += first.weight * of(deviation * first.at) * inner;
  }
  return sum;
}

/** E[φ(x)²], the mean square after the activation function, for a variance q before it. */
export function meanSquare(activation: Activation, variance: number): number {
  const { value } = activationFunction(activation);
  return gaussianMean((x) => value(x) ** 2, variance);
}

/** E[φ(x)²·φ(y)²] */
export function meanSquareProduct(activation: Activation, variance: number, correlation: number): number {
  const { value } = activationFunction(activation);
  return gaussianProduct((x) => value(x) ** 2, variance, correlation);
}

/** E[φ′(x)²], by which the squared norm of a gradient shrinks or grows on its way back through the activation function. */
export function meanSquareSlope(activation: Activation, variance: number): number {
  const { slope } = activationFunction(activation);
  return gaussianMean((x) => slope(x) ** 2, variance);
}

/** E[φ′(x)⁴] */
export function meanFourthSlope(activation: Activation, variance: number): number {
  const { slope } = activationFunction(activation);
  return gaussianMean((x) => slope(x) ** 4, variance);
}

/** E[φ(x)·φ(y)] of two examples whose units have one variance and a correlation; of rectifiers by Cho and Saul 2009, eq. 6. */
export function meanProduct(activation: Activation, variance: number, correlation: number): number {
  if (activation !== "relu") return gaussianProduct(activationFunction(activation).value, variance, correlation);
  const angle = angleOf(correlation);
  return (variance * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))) / (2 * Math.PI);
}

/** E[φ′(x)·φ′(y)]; of rectifiers by Cho and Saul 2009, eq. 4. */
export function meanSlopeProduct(activation: Activation, variance: number, correlation: number): number {
  if (activation !== "relu") return gaussianProduct(activationFunction(activation).slope, variance, correlation);
  return (Math.PI - angleOf(correlation)) / (2 * Math.PI);
}

function angleOf(correlation: number): number {
  return Math.acos(Math.min(1, Math.max(-1, correlation)));
}

/** E[φ(x)], the mean after the activation function, for a variance q before it. */
export function meanValue(activation: Activation, variance: number): number {
  return gaussianMean(activationFunction(activation).value, variance);
}

/** E[max(0, m)^power], m the largest of so many independent standard normal numbers: the mean over one of them, and that it is the largest. */
export function rectifiedMaximum(count: number, power: 1 | 2): number {
  let [below, sum] = [0, 0];
  for (const { at, weight } of line) {
    if (at > 0) sum += weight * at ** power * count * (below + weight / 2) ** (count - 1);
    below += weight;
  }
  return sum;
}
