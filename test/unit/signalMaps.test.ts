/** Maps of signals in wide networks, against definitions, integrals by Simpson's rule, and networks drawn at random in float64. */
import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import {
  activationNamed,
  activationOfFamily,
  type ActivationName,
} from "../../src/theory/limits/activationFunctions.ts";
import { criticalWeightVariance, deepSignal } from "../../src/theory/limits/criticality.ts";
import { gradientSquares, propagate, type SignalLayer } from "../../src/theory/limits/signalPropagation.ts";
import { meanProduct, meanSlopeProduct, meanSquare, meanSquareSlope } from "../../src/theory/limits/signalMaps.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { definitions } from "./streams/freshSignals.ts";

const names = Object.keys(definitions) as readonly ActivationName[];

/** E[f(x)] for x normal, by Simpson's rule with a point at the kink. */
function simpson(of: (x: number) => number, variance: number): number {
  const [reach, parts] = [12, 24_000];
  let sum = 0;
  for (let index = 0; index <= parts; index++) {
    const at = reach * ((2 * index) / parts - 1);
    const weight = index === 0 || index === parts ? 1 : index % 2 === 0 ? 2 : 4;
    sum += (weight * Math.exp(-(at ** 2) / 2) * of(Math.sqrt(variance) * at)) / Math.sqrt(2 * Math.PI);
  }
  return (sum * 2 * reach) / parts / 3;
}

describe("means over Gaussian units", () => {
  it.each(names)("of %s and of its slope are the integrals that define them", (name) => {
    const of = definitions[name];
    const slope = (x: number) => (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;
    for (const variance of [0.01, 0.6, 4]) {
      // GELU is approximated by tanh, the slopes here have a kink at a point of Simpson's rule.
      expect(meanSquare(name, variance) / simpson((x) => of(x) ** 2, variance)).toBeCloseTo(
        1,
        name === "gelu" ? 2.6 : 3,
      );
      // The slope of softsign has a cusp between two points.
      const digits = name === "softsign" ? 1.9 : 2.5;
      expect(meanSquareSlope(name, variance) / simpson((x) => slope(x) ** 2, variance)).toBeCloseTo(1, digits);
    }
  });

  it.each(names)("of %s over two correlated units are means over draws", (name) => {
    const next = gaussians(5);
    const of = definitions[name];
    const slope = (x: number) => (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;
    const [variance, correlation, draws] = [1.3, 0.6, 200_000];
    const sums = { product: 0, square: 0, slopes: 0, slopeSquare: 0 };
    for (let draw = 0; draw < draws; draw++) {
      const [one, other] = [next(), next()];
      const x = Math.sqrt(variance) * one;
      const y = Math.sqrt(variance) * (correlation * one + Math.sqrt(1 - correlation ** 2) * other);
      const [product, slopes] = [of(x) * of(y), slope(x) * slope(y)];
      sums.product += product / draws;
      sums.square += product ** 2 / draws;
      sums.slopes += slopes / draws;
      sums.slopeSquare += slopes ** 2 / draws;
    }
    // Four standard errors of a mean, and the quadrature's own thousandth.
    const allowed = (square: number, mean: number) => 4 * Math.sqrt(square / draws) + 1e-3 * Math.abs(mean);
    expect(Math.abs(meanProduct(name, variance, correlation) - sums.product)).toBeLessThan(
      allowed(sums.square, sums.product),
    );
    expect(Math.abs(meanSlopeProduct(name, variance, correlation) - sums.slopes)).toBeLessThan(
      allowed(sums.slopeSquare, sums.slopes),
    );
  });

  it.each([
    ["leakyRelu", 0.2, (x: number) => (x > 0 ? x : 0.2 * x)],
    ["elu", 0.5, (x: number) => (x > 0 ? x : 0.5 * (Math.exp(x) - 1))],
    ["celu", 2, (x: number) => (x > 0 ? x : 2 * (Math.exp(x / 2) - 1))],
  ] as const)("of the %s of %d and of its slope are the integrals that define them", (family, parameter, of) => {
    const activation = activationOfFamily(family, parameter) ?? "linear";
    const slope = (x: number) => (of(x + 1e-5) - of(x - 1e-5)) / 2e-5;
    for (const variance of [0.01, 0.6, 4]) {
      expect(meanSquare(activation, variance) / simpson((x) => of(x) ** 2, variance)).toBeCloseTo(1, 3);
      // The slope has a jump at a point of Simpson's rule.
      expect(meanSquareSlope(activation, variance) / simpson((x) => slope(x) ** 2, variance)).toBeCloseTo(1, 2.5);
    }
  });

  it("of one example with itself are those of one unit", () => {
    for (const name of names) {
      expect(meanProduct(name, 0.8, 1)).toBeCloseTo(meanSquare(name, 0.8), 8);
      expect(meanSlopeProduct(name, 0.8, 1)).toBeCloseTo(meanSquareSlope(name, 0.8), 8);
      expect(meanProduct(name, 0.8, 1 - 1e-9) / meanSquare(name, 0.8)).toBeCloseTo(1, 2.5);
    }
  });
});

interface Drawn {
  readonly squares: number[];
  readonly gradients: number[];
  readonly biasGradients: number[];
}

/** One example through a network drawn at random: mean squares after each layer, and ‖∂f/∂W‖² and ‖∂f/∂b‖² of each for f = g·output. */
function drawn(name: ActivationName, layers: readonly SignalLayer[], width: number, seed: number): Drawn {
  const next = gaussians(seed);
  const column = () => new Matrix(Array.from({ length: width }, () => [next()]));
  const of = definitions[name];
  const fed = [column()];
  const before: Matrix[] = [];
  const weights = layers.map(({ weightVariance }) => {
    const deviation = Math.sqrt(weightVariance / width);
    return new Matrix(Array.from({ length: width }, () => Array.from({ length: width }, () => deviation * next())));
  });
  weights.forEach((matrix, index) => {
    const argument = matrix.mmul(fed[index] ?? matrix).add(column().mul(Math.sqrt(layers[index]?.biasVariance ?? 0)));
    before.push(argument);
    fed.push(new Matrix(argument.to2DArray().map((row) => row.map(of))));
  });
  // A derivative by the last layer's argument, of unit norm.
  let back = column();
  back = Matrix.div(back, back.norm());
  const [gradients, biasGradients]: [number[], number[]] = [[], []];
  for (let index = layers.length - 1; index >= 0; index--) {
    biasGradients.unshift(back.norm() ** 2);
    gradients.unshift((fed[index] ?? back).norm() ** 2 * back.norm() ** 2);
    const argument = before[index - 1];
    if (argument === undefined) break;
    const slope = argument.to2DArray().map((row) => row.map((x) => (of(x + 1e-6) - of(x - 1e-6)) / 2e-6));
    back = Matrix.mul((weights[index] ?? back).transpose().mmul(back), new Matrix(slope));
  }
  return { squares: fed.slice(1).map((each) => each.norm() ** 2 / width), gradients, biasGradients };
}

const [width, depth] = [400, 6];

describe("a network drawn at random", () => {
  const settings: readonly (readonly [ActivationName, number, number])[] = [
    ["relu", 2, 0],
    ["relu", 1 / 3, 1 / 1200],
    ["linear", 0.8, 0.1],
    ["tanh", 1.761, 0.05],
    ["tanh", 4, 0],
    ["gelu", 2, 0.1],
    ["selu", 1, 0],
    ["silu", 1.5, 0.2],
    ["sigmoid", 3, 0],
  ];
  it.each(settings)("of %s with σ_w² = %d, σ_b² = %d has activations and gradients as the maps say", (name, w, b) => {
    const layers = Array.from({ length: depth }, () => ({ activation: name, weightVariance: w, biasVariance: b }));
    const networks = [1, 2, 3, 4].map((seed) => drawn(name, layers, width, seed));
    const input = { meanSquare: 1, correlation: 1 };
    const signals = propagate(layers, input);
    const squares = gradientSquares(layers, Array<number>(depth).fill(width), input);
    const meanLog = (of: (network: Drawn) => number | undefined) =>
      networks.reduce((sum, each) => sum + Math.log(of(each) ?? NaN) / networks.length, 0);
    signals.forEach(({ output }, index) => {
      // Rectifiers stray most: their mean square varies by 5/width a layer; of four networks, three standard errors.
      const stray = 3 * Math.sqrt((5 * (index + 2)) / width / networks.length);
      expect(Math.abs(meanLog((each) => each.squares[index]) - Math.log(output.meanSquare))).toBeLessThan(stray);
      for (const [drawnSquare, expected] of [
        [meanLog((each) => each.gradients[index]), squares[index]?.one],
        [meanLog((each) => each.biasGradients[index]), squares[index]?.biases.one],
      ]) {
        const gradient = (drawnSquare ?? NaN) - Math.log(expected ?? NaN);
        expect(Math.abs(gradient)).toBeLessThan(3 * Math.sqrt((5 * (depth + 1)) / width / networks.length));
      }
    });
  });

  it("correlates two examples as the map of correlations says", () => {
    const layers = Array.from({ length: depth }, () => ({
      activation: "tanh" as const,
      weightVariance: 2.5,
      biasVariance: 0.1,
    }));
    const signals = propagate(layers, { meanSquare: 1, correlation: 0.2 });
    const next = gaussians(9);
    const [x, y] = [next, next].map((draw) => Array.from({ length: width }, () => draw()));
    let pair = new Matrix([x ?? [], (x ?? []).map((each, index) => 0.2 * each + Math.sqrt(0.96) * (y?.[index] ?? 0))]);
    signals.forEach(({ output }) => {
      const weights = new Matrix(
        Array.from({ length: width }, () => Array.from({ length: width }, () => Math.sqrt(2.5 / width) * next())),
      );
      const biases = Array.from({ length: width }, () => Math.sqrt(0.1) * next());
      pair = new Matrix(
        pair
          .mmul(weights)
          .addRowVector(biases)
          .to2DArray()
          .map((row) => row.map(Math.tanh)),
      );
      const [one = [], other = []] = pair.to2DArray();
      const product = one.reduce((sum, each, index) => sum + each * (other[index] ?? 0), 0) / width;
      const square = pair.norm() ** 2 / 2 / width;
      // Of 400 units, and what the layers before have strayed.
      expect(Math.abs(product / square - output.correlation)).toBeLessThan(0.15);
    });
  });
});

describe("the critical line", () => {
  it.each([0.01, 0.05, 0.1, 0.3])("of tanh with σ_b² = %d is where gradients keep their size", (biasVariance) => {
    const weightVariance = criticalWeightVariance("tanh", biasVariance) ?? NaN;
    expect(deepSignal({ activation: "tanh", weightVariance, biasVariance }).gain).toBeCloseTo(1, 4);
  });

  it("of tanh without biases is at 1, of rectifiers at 2, and rectifiers with biases have none", () => {
    expect(criticalWeightVariance("tanh", 0)).toBeCloseTo(1, 6);
    expect(criticalWeightVariance("relu", 0)).toBeCloseTo(2, 9);
    expect(criticalWeightVariance("linear", 0)).toBeCloseTo(1, 9);
    expect(criticalWeightVariance("relu", 0.1)).toBeUndefined();
  });

  it("lies between vanishing and exploding gradients", () => {
    expect(deepSignal({ activation: "tanh", weightVariance: 1.3, biasVariance: 0.05 }).gain).toBeLessThan(1);
    expect(deepSignal({ activation: "tanh", weightVariance: 3, biasVariance: 0.05 }).gain).toBeGreaterThan(1);
  });

  it("says that what grows without bound has no limit", () => {
    const { variance, gain } = deepSignal({ activation: "relu", weightVariance: 3, biasVariance: 0 });
    expect(variance).toBe(Infinity);
    expect(gain).toBeCloseTo(1.5, 9);
  });
});

describe("names of activation functions", () => {
  it("are those of either framework", () => {
    expect(
      ["ReLU", "relu", "Tanh", "GELU", "gelu_new", "SiLU", "swish", "Identity", "Sigmoid"].map(activationNamed),
    ).toEqual([...["relu", "relu", "tanh", "gelu", "gelu", "silu", "silu", "linear", "sigmoid"]]);
    expect(["ReLU6", "Hardswish", "hardSwish", "Mish", "Softsign"].map(activationNamed)).toEqual([
      "relu6",
      "hardswish",
      "hardswish",
      "mish",
      "softsign",
    ]);
    // Without its slope a leaky ReLU may be any of them.
    expect(activationNamed("LeakyReLU")).toBeUndefined();
    expect(activationOfFamily("LeakyReLU", 0)).toBe("relu");
    expect(activationOfFamily("tanh", 1)).toBeUndefined();
    expect(activationNamed("softmax")).toBeUndefined();
    expect(activationNamed("constructor")).toBeUndefined();
  });
});
