/** An activation function of one number, and its derivative; at a kink, where no grid of these modules has a point, either side's. */
export interface ActivationFunction {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));

/** Klambauer et al. 2017, eq. 2. */
const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772];

/**
 * By its approximation with tanh (Hendrycks and Gimpel 2016, §2), which differs from x·Φ(x) by at most 5e-4, and in no mean square here by
 * more than a thousandth.
 */
const [gelus, geluCube] = [Math.sqrt(2 / Math.PI), 0.044715];

/** Those that a number of their own tells apart. */
const families = {
  /** The slope below zero. */
  leakyrelu: (slope) => ({ value: (x) => (x > 0 ? x : slope * x), slope: (x) => (x > 0 ? 1 : slope) }),
  /** α of Clevert et al. 2016, eq. 15. */
  elu: (alpha) => ({
    value: (x) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : alpha * Math.exp(x)),
  }),
  /** α of Barron 2017, eq. 2. */
  celu: (alpha) => ({
    value: (x) => (x > 0 ? x : alpha * Math.expm1(x / alpha)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x / alpha)),
  }),
} as const satisfies Record<string, (parameter: number) => ActivationFunction>;

const functions = {
  linear: { value: (x) => x, slope: () => 1 },
  relu: { value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  relu6: { value: (x) => Math.min(6, Math.max(0, x)), slope: (x) => (x > 0 && x < 6 ? 1 : 0) },
  elu: families.elu(1),
  selu: {
    value: (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
    slope: (x) => seluScale * (x > 0 ? 1 : seluAlpha * Math.exp(x)),
  },
  tanh: { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  sigmoid: { value: logistic, slope: (x) => logistic(x) * logistic(-x) },
  logsigmoid: { value: (x) => -softplus(-x), slope: (x) => logistic(-x) },
  softplus: { value: softplus, slope: logistic },
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (x) => (1 + Math.abs(x)) ** -2 },
  silu: { value: (x) => x * logistic(x), slope: (x) => logistic(x) * (1 + x * logistic(-x)) },
  /** Howard et al. 2019, sec. 5.2. */
  hardswish: {
    value: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
  },
  /** Misra 2019, eq. 1. */
  mish: {
    value: (x) => x * Math.tanh(softplus(x)),
    slope: (x) => {
      const bent = Math.tanh(softplus(x));
      return bent + x * (1 - bent ** 2) * logistic(x);
    },
  },
  gelu: {
    value: (x) => (x / 2) * (1 + Math.tanh(gelus * (x + geluCube * x ** 3))),
    slope: (x) => {
      const bent = Math.tanh(gelus * (x + geluCube * x ** 3));
      return (1 + bent) / 2 + (x / 2) * (1 - bent ** 2) * gelus * (1 + 3 * geluCube * x ** 2);
    },
  },
} as const satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof functions;

/** By its name, or as one of a family, which its parameter tells apart. */
export type Activation = ActivationName | { readonly family: keyof typeof families; readonly parameter: number };

/** Other spellings of TensorFlow.js and PyTorch, in small letters. */
const otherNames: ReadonlyMap<string, ActivationName> = new Map([
  ["identity", "linear"],
  ["swish", "silu"],
  ["gelu_new", "gelu"],
  ["gelutanh", "gelu"],
]);

export function activationFunction(activation: Activation): ActivationFunction {
  return typeof activation === "string" ? functions[activation] : families[activation.family](activation.parameter);
}

/** As "tanh" or "leakyrelu(0.01)". */
export function activationText(activation: Activation): string {
  return typeof activation === "string" ? activation : `${activation.family}(${activation.parameter})`;
}

/** Whether φ(s·x) = s·φ(x) for all s > 0, so that it matters not how sizes are shared out among units. */
export function isHomogeneous(activation: Activation): boolean {
  if (typeof activation !== "string") return activation.family === "leakyrelu";
  return activation === "linear" || activation === "relu";
}

/** The function that a framework calls so, as `relu`, `ReLU`, `Tanh`, `swish` or `SiLU`; undefined where it is none of those known here. */
export function activationNamed(name: string): ActivationName | undefined {
  const small = name.toLowerCase();
  return isKnown(small) ? small : otherNames.get(small);
}

/** The one of a family, as `leakyRelu` or `CELU`, with its parameter; undefined where it is none of those known here. */
export function activationOfFamily(name: string, parameter: number): Activation | undefined {
  const family = name.toLowerCase();
  if (!isFamily(family)) return undefined;
  if (family === "leakyrelu") return parameter === 0 ? "relu" : { family, parameter };
  return parameter === 1 ? "elu" : { family, parameter };
}

function isKnown(name: string): name is ActivationName {
  return Object.hasOwn(functions, name);
}

function isFamily(name: string): name is keyof typeof families {
  return Object.hasOwn(families, name);
}
