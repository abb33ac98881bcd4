/** What the first gradients of a network at its initialization should be. */
import type { RunView } from "../runView.ts";
import { initial, known, sizesUnlike, widthsOf, type Expected, type FreshNetwork } from "./freshNetwork.ts";
import { fluctuations, gradientSquares } from "./signalPropagation.ts";

/** Change of a correlation over which slope and curvature of its maps are taken. */
const change = 0.1;

/**
 * Share of the derivatives by the outputs that goes as the squares of the inputs, and one standard deviation: not known beforehand, but a
 * network's first errors are partly what it makes of its inputs itself.
 */
const [quadratic, quadraticSpread] = [0.15, 0.15];

/** Sum over the part of squares below which, and bend of `pair` over what one example adds above which, an expansion cannot be relied on. */
const [mostCurved, mostBent] = [10, 0.1];

/** Of a logarithm, one standard deviation, of what pairs add: what is left open beyond that. */
const pairsUnlike = 0.1;

/**
 * Norms of the gradient of the batch's loss by each layer's weights, from derivatives δ by the outputs and inputs x:
 *
 *   ‖Σ δᵢ·hᵢᵀ‖²  =  Σ‖δ‖²·one  +  Σ δᵢ·δⱼ·pair(cᵢⱼ)  over pairs i ≠ j whose inputs have the correlation cᵢⱼ
 *
 * (see `gradientSquares`). With pair(c) to second order about the mean correlation, three sums over pairs are enough: of δᵢ·δⱼ and of δᵢ·δⱼ·cᵢⱼ,
 * which were recorded, and of δᵢ·δⱼ·cᵢⱼ². The last is estimated: where a share f of the errors goes as the squares of inputs without a preferred
 * direction, it exceeds what the others make it by 2·f·(B − 1)·v²·Σ‖δ‖², v being the variance of the cᵢⱼ (zonal harmonics of degree 2).
 *
 * NaN where they were not recorded, or where pairs cancel all but a part too small to be sure of.
 */
export function expectedGradients(view: RunView, network: FreshNetwork): readonly Expected[] {
  const { layers, signals, input, batch } = network;
  const returned = initial(view, "output/gradient");
  const [alike = NaN, jointly = NaN, spread = NaN] = [
    "output/gradientCorrelation",
    "output/jointCorrelation",
    "input/correlationSpread",
  ].map((name) => (batch === 1 ? 0 : initial(view, name)));
  const sizes = known(initial(view, "output/jointSize"), 1);
  const strays = fluctuations(signals, widthsOf(layers), input, known(batch, 1));
  const fanIns = layers.map(({ fanIn }) => fanIn);
  const middle = Math.max(change - 1, Math.min(1 - change, input.correlation));
  const at = (step: number, factor: number) =>
    gradientSquares(signals, fanIns, { meanSquare: factor * input.meanSquare, correlation: middle + step });
  const [below, here, above, larger] = [at(-change, 1), at(0, 1), at(change, 1), at(0, 1 + change)];
  const pairNoise = layers.slice(0, -1).reduce((noise, { units }) => noise + (2 * (1 - 1 / batch)) / units, 0);
  return here.map(({ one, pair }, index) => {
    const [low = NaN, high = NaN] = [below[index]?.pair, above[index]?.pair];
    const growth = ((larger[index]?.one ?? NaN) - one) / change;
    const slope = (high - low) / (2 * change);
    const curvature = (high - 2 * pair + low) / change ** 2;
    const single = one + growth * (sizes - 1);
    const ofMean = (batch - 1) * alike * (pair - slope * middle);
    const ofSlope = (batch - 1) * jointly * slope;
    const ofSquares = (batch - 1) * spread ** 2 * curvature;
    const sum = single + ofMean + ofSlope + quadratic * ofSquares;
    const open =
      (pairsUnlike * (Math.abs(ofMean) + Math.abs(ofSlope))) ** 2 +
      (quadraticSpread * ofSquares) ** 2 +
      pairNoise * single ** 2;
    const variance = ((strays[index]?.gradient ?? NaN) + open / sum ** 2) / 4 + sizesUnlike ** 2;
    const isSure = sum > mostCurved * Math.abs(ofSquares) && Math.abs(curvature) * spread < mostBent * one;
    return { value: isSure ? returned * Math.sqrt(sum) : NaN, variance };
  });
}
