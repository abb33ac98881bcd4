import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { OptimizerFacts, OptimizerKind, ParameterGroup } from "../../src/theory/facts.ts";

/** One step of an optimizer on ½hw², as the matrix that takes (w, v) to the next (w, v). */
type Recurrence = (h: number) => number[][];

/** Largest h at which the recurrence is stable, by bisection on the spectral radius of its matrix. */
export function largestStableCurvature(recurrence: Recurrence): number {
  const radius = (h: number) => {
    const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(new Matrix(recurrence(h)));
    return Math.max(...realEigenvalues.map((real, index) => Math.hypot(real, imaginaryEigenvalues[index] ?? NaN)));
  };
  let [stable, unstable] = [1e-6, 1e6];
  for (let halving = 0; halving < 100; halving++) {
    const middle = (stable + unstable) / 2;
    if (radius(middle) <= 1) stable = middle;
    else unstable = middle;
  }
  return stable;
}

/** Columns of the matrix are what one step, as a program would write it, does to the two unit vectors. */
function linear(step: (w: number, v: number, h: number) => readonly [number, number]): Recurrence {
  return (h) => {
    const [first, second] = [step(1, 0, h), step(0, 1, h)];
    return [
      [first[0], second[0]],
      [first[1], second[1]],
    ];
  };
}

const rate = 0.05;
const beta = 0.9;
const decay = 0.3;

const heavyBall = (lambda: number) =>
  linear((w, v, h) => {
    const velocity = beta * v + h * w;
    return [(1 - rate * lambda) * w - rate * velocity, velocity];
  });
const nesterov = (lambda: number) =>
  linear((w, v, h) => {
    const velocity = beta * v + h * w;
    return [(1 - rate * lambda) * w - rate * (h * w + beta * velocity), velocity];
  });
const adam = (lambda: number) =>
  linear((w, v, h) => {
    const mean = beta * v + (1 - beta) * h * w;
    return [(1 - rate * lambda) * w - rate * mean, mean];
  });

/** Rules by name, with what they are to theory, the formula of its threshold, and what they do to ½hw². */
export const updateRecurrences: readonly (readonly [
  string,
  OptimizerKind,
  Partial<ParameterGroup>,
  string,
  Recurrence,
])[] = [
  ["gradient descent", "sgd", {}, "2/η", linear((w, v, h) => [w - rate * h * w, 0 * v])],
  ["the heavy ball", "momentum", { momentum: beta }, "2(1+β)/η", heavyBall(0)],
  ["Nesterov's momentum", "momentum", { momentum: beta, nesterov: true }, "2(1+β)/((1+2β)η)", nesterov(0)],
  ["RMSProp", "rmsprop", { rho: 0.99 }, "2/η", linear((w, v, h) => [w - rate * h * w, 0 * v])],
  [
    "RMSProp with momentum, as TensorFlow.js writes it",
    "rmsprop",
    { momentum: beta },
    "2(1+μ)/η",
    linear((w, v, h) => {
      const moment = beta * v + rate * h * w;
      return [w - moment, moment];
    }),
  ],
  ["Adam", "adam", { beta1: beta, beta2: 0.999 }, "2(1+β₁)/((1−β₁)η)", adam(0)],
  [
    "NAdam",
    "nadam",
    { beta1: beta },
    "2(1+β₁)/((1−β₁)(1+2β₁)η)",
    linear((w, v, h) => {
      const mean = beta * v + (1 - beta) * h * w;
      return [w - rate * (beta * mean + (1 - beta) * h * w), mean];
    }),
  ],
  ["AdamW", "adamw", { beta1: beta, weightDecay: decay }, "(2−ηλ)(1+β₁)/((1−β₁)η)", adam(decay)],
  [
    "the heavy ball with decoupled decay",
    "momentum",
    { momentum: beta, weightDecay: decay, weightDecayForm: "decoupled" },
    "(2−ηλ)(1+β)/η",
    heavyBall(decay),
  ],
  [
    "Nesterov's momentum with decoupled decay",
    "momentum",
    { momentum: beta, nesterov: true, weightDecay: decay, weightDecayForm: "decoupled" },
    "(2−ηλ)(1+β)/((1+2β)η)",
    nesterov(decay),
  ],
  [
    "gradient descent with coupled decay",
    "sgd",
    { weightDecay: decay, weightDecayForm: "coupled" },
    "2/η−λ",
    linear((w, v, h) => [w - rate * (h * w + decay * w), 0 * v]),
  ],
  [
    "the heavy ball with coupled decay",
    "momentum",
    { momentum: beta, weightDecay: decay, weightDecayForm: "coupled" },
    "2(1+β)/η−λ",
    linear((w, v, h) => {
      const velocity = beta * v + (h + decay) * w;
      return [w - rate * velocity, velocity];
    }),
  ],
];

/** With a learning rate of 0.05 where a group names none. */
export function optimizerFacts(kind: OptimizerKind, ...groups: Partial<ParameterGroup>[]): OptimizerFacts {
  const whole = groups.map((group) => ({ parameters: 1, learningRate: rate, ...group }));
  return { id: "o", kind, name: kind, groups: whole, schedule: "constant" };
}
