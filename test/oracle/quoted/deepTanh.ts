import { gaussians } from "../tinyNetwork.ts";

interface DeepTanh {
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** Of the first layer's sums: q*, at which all others have it as well. */
  readonly variance: number;
  readonly seed: number;
}

const [width, depth] = [600, 20];

/** Slope of ln of the squared norm of a layer's gradient per layer towards the input, of a tanh network drawn at random, by backpropagation of one example. */
export function gradientSlope({ weightVariance, biasVariance, variance, seed }: DeepTanh): number {
  const next = gaussians(seed);
  const draw = (length: number, square: number) => new Float64Array(length).map(() => Math.sqrt(square) * next());
  const layers: { readonly fed: Float64Array; readonly weights: Float64Array }[] = [];
  let fed = draw(width, variance).map(Math.tanh);
  for (let layer = 0; layer < depth; layer++) {
    const weights = draw(width * width, weightVariance / width);
    layers.push({ fed, weights });
    const sums = draw(width, biasVariance);
    for (let unit = 0; unit < width; unit++) {
      let sum = sums[unit] ?? NaN;
      for (let from = 0; from < width; from++) sum += (weights[unit * width + from] ?? NaN) * (fed[from] ?? NaN);
      sums[unit] = sum;
    }
    fed = sums.map(Math.tanh);
  }
  let back = draw(width, 1).map((each, unit) => each * (1 - (fed[unit] ?? NaN) ** 2));
  const logarithms = layers.toReversed().map((layer) => {
    // The gradient is the product of what comes back and what was fed.
    const square = squaredNorm(back) * squaredNorm(layer.fed);
    const below = new Float64Array(width);
    for (let unit = 0; unit < width; unit++) {
      const pull = back[unit] ?? NaN;
      for (let from = 0; from < width; from++) {
        below[from] = (below[from] ?? NaN) + pull * (layer.weights[unit * width + from] ?? NaN);
      }
    }
    back = below.map((each, from) => each * (1 - (layer.fed[from] ?? NaN) ** 2));
    return Math.log(square);
  });
  const middle = (depth - 1) / 2;
  const [rise, run] = logarithms.reduce(
    ([product, square], each, layer) => [product + (layer - middle) * each, square + (layer - middle) ** 2],
    [0, 0],
  );
  return rise / run;
}

function squaredNorm(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each ** 2, 0);
}
