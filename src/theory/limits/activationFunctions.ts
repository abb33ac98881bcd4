/** An activation function of one number, and its derivative; at a kink, where no grid of these modules has a point, either side's. */
export interface ActivationFunction {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Klambauer et al. 2017, eq. 2. */
const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772];

/**
 * By its approximation with tanh (Hendrycks and Gimpel 2016, §2), which differs from x·Φ(x) by at most 5e-4, and in no mean square here by
 * more than a thousandth.
 */
const [gelus, geluCube] = [Math.sqrt(2 / Math.PI), 0.044715];

const functions = {
  linear: { value: (x) => x, slope: () => 1 },
  relu: { value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  elu: { value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : Math.exp(x)) },
  selu: {
    value: (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
    slope: (x) => seluScale * (x > 0 ? 1 : seluAlpha * Math.exp(x)),
  },
  tanh: { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  sigmoid: { value: logistic, slope: (x) => logistic(x) * logistic(-x) },
  softplus: { value: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))), slope: logistic },
  silu: { value: (x) => x * logistic(x), slope: (x) => logistic(x) * (1 + x * logistic(-x)) },
  gelu: {
    value: (x) => (x / 2) * (1 + Math.tanh(gelus * (x + geluCube * x ** 3))),
    slope: (x) => {
      const bent = Math.tanh(gelus * (x + geluCube * x ** 3));
      return (1 + bent) / 2 + (x / 2) * (1 - bent ** 2) * gelus * (1 + 3 * geluCube * x ** 2);
    },
  },
} as const satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof functions;

/** Other spellings of TensorFlow.js and PyTorch, in small letters. */
const otherNames: ReadonlyMap<string, ActivationName> = new Map([
  ["identity", "linear"],
  ["swish", "silu"],
  ["gelu_new", "gelu"],
  ["gelutanh", "gelu"],
]);

export function activationFunction(name: ActivationName): ActivationFunction {
  return functions[name];
}

/** The function that a framework calls so, as `relu`, `ReLU`, `Tanh`, `swish` or `SiLU`; undefined where it is none of those known here. */
export function activationNamed(name: string): ActivationName | undefined {
  const small = name.toLowerCase();
  return isKnown(small) ? small : otherNames.get(small);
}

function isKnown(name: string): name is ActivationName {
  return Object.hasOwn(functions, name);
}
