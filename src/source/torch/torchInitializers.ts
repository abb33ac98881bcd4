/** How PyTorch draws weights: the defaults of its layers, and `torch.nn.init`. */
import type { Given } from "../interpret/given.ts";
import { numberOf, textOf, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { Distribution, Fan, InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";

const zero = ofFramework(0);

function standard(
  name: string,
  distribution: Distribution,
  gain: Known<number>,
  fan?: Fan,
  mean: Known<number> = zero,
): InitializerSketch {
  return { name, distribution, gain, fan, mean, basis: "framework", range: undefined };
}

/** `kaiming_uniform_(a=√5)` of a linear layer or a convolution: variance 1/(3 fan in). Its bias has the same, whatever its own shape. */
export const layerDefault: InitializerSketch = standard(
  "kaiming_uniform_",
  "uniform",
  ofFramework(Math.sqrt(1 / 3)),
  "in",
);

/** The fan in that a transposed convolution goes by is counted over its outputs. */
export const transposedDefault: InitializerSketch = { ...layerDefault, fan: "out" };

export const unitNormal: InitializerSketch = standard("normal_", "normal", ofFramework(1));

/** Uniform within 1/√units: what recurrent layers have for all their weights. */
export function recurrentDefault(units: Known<number>): InitializerSketch {
  return standard(
    "uniform_",
    "uniform",
    derived([units], ([n = 1]) => 1 / Math.sqrt(3 * n)),
  );
}

/** On the three projections in one: the fan out is three widths, the fan in one. */
export const attentionDefault: InitializerSketch = standard("xavier_uniform_", "uniform", ofFramework(1), "average");

export const zeros: InitializerSketch = standard("zeros_", "constant", zero);
export const ones: InitializerSketch = standard("ones_", "constant", ofFramework(1), undefined, ofFramework(1));

/** `torch.nn.init.calculate_gain`. */
export function gainOf(nonlinearity: Known<string>, slope: Known<number>): Known<number> {
  if (!nonlinearity.known) return nonlinearity;
  switch (nonlinearity.value) {
    case "relu":
      return ofFramework(Math.SQRT2);
    case "leaky_relu":
      return derived([slope], ([a = 0.01]) => Math.sqrt(2 / (1 + a * a)));
    case "tanh":
      return ofFramework(5 / 3);
    case "selu":
      return ofFramework(3 / 4);
    case "linear":
    case "sigmoid":
    case "conv1d":
    case "conv2d":
    case "conv3d":
      return ofFramework(1);
    default:
      return unstated(`the gain of ${nonlinearity.value} is not known`, nonlinearity.range);
  }
}

/** What `torch.nn.init.name(weight, …)` draws; undefined for a name that is none. */
export function initialization(name: string, given: Given): InitializerSketch | undefined {
  const made = (
    distribution: Distribution,
    gain: Known<number>,
    fan?: Fan,
    mean: Known<number> = zero,
  ): InitializerSketch => ({
    name,
    distribution,
    gain,
    fan,
    mean,
    basis: "written",
    range: given.range,
  });
  const number = (place: number, keyword: string, fallback?: number) =>
    numberOf(given.get(place, keyword), fallback === undefined ? undefined : ofFramework(fallback));
  switch (name.endsWith("_") ? name : `${name}_`) {
    case "normal_":
      return made("normal", number(2, "std", 1), undefined, number(1, "mean", 0));
    case "uniform_":
      return uniform(number(1, "a", 0), number(2, "b", 1), made);
    case "trunc_normal_": {
      const deviation = number(2, "std", 1);
      const mean = number(1, "mean", 0);
      const limits = [number(3, "a", -2), number(4, "b", 2)];
      // Limits of five standard deviations and more cut off nothing that could be measured.
      const far = derived(
        [deviation, mean, ...limits],
        ([s = 1, m = 0, a = 0, b = 0]) => Math.min(m - a, b - m) >= 5 * s,
      );
      const gain = far.known && !far.value ? unstated("it is cut off near its middle", given.range) : deviation;
      return made("truncatedNormal", far.known ? gain : far, undefined, mean);
    }
    case "constant_": {
      const value = number(1, "val");
      return made(
        "constant",
        derived([value], ([v = 0]) => Math.abs(v)),
        undefined,
        value,
      );
    }
    case "zeros_":
      return made("constant", zero);
    case "ones_":
      return made("constant", ofFramework(1), undefined, ofFramework(1));
    case "eye_":
    case "dirac_":
      return made("identity", ofFramework(1));
    case "xavier_uniform_":
    case "glorot_uniform_":
      return made("uniform", number(1, "gain", 1), "average");
    case "xavier_normal_":
    case "glorot_normal_":
      return made("normal", number(1, "gain", 1), "average");
    case "kaiming_uniform_":
    case "he_uniform_":
      return kaiming("uniform", given, made);
    case "kaiming_normal_":
    case "he_normal_":
      return kaiming("normal", given, made);
    case "orthogonal_":
      return made("orthogonal", number(1, "gain", 1));
    default:
      return undefined;
  }
}

type Made = (distribution: Distribution, gain: Known<number>, fan?: Fan, mean?: Known<number>) => InitializerSketch;

function uniform(low: Known<number>, high: Known<number>, made: Made): InitializerSketch {
  const gain = derived([low, high], ([a = 0, b = 1]) => Math.abs(b - a) / Math.sqrt(12));
  return made(
    "uniform",
    gain,
    undefined,
    derived([low, high], ([a = 0, b = 1]) => (a + b) / 2),
  );
}

function kaiming(distribution: "uniform" | "normal", given: Given, made: Made): InitializerSketch {
  const mode = textOf(given.get(2, "mode"), ofFramework("fan_in"));
  const nonlinearity = textOf(given.get(3, "nonlinearity"), ofFramework("leaky_relu"));
  const gain = gainOf(nonlinearity, numberOf(given.get(1, "a"), zero));
  if (!mode.known) return made(distribution, mode);
  return made(distribution, gain, mode.value === "fan_out" ? "out" : "in");
}

/** What a method that changes a weight in place leaves: `weight.data.normal_(0, 0.02)`. Undefined where it is not followed. */
export function inPlace(name: string, given: Given): InitializerSketch | undefined {
  const shifted = given.withPositional([{ kind: "unbound" } satisfies Value, ...given.positional]);
  if (name === "zero_") return initialization("zeros_", shifted);
  if (name === "fill_") return initialization("constant_", shifted);
  return name === "normal_" || name === "uniform_" ? initialization(name, shifted) : undefined;
}

/** Draws of `torch.randn(…)` and the like. */
export function draw(name: string, range: SourceRange): InitializerSketch | undefined {
  const known: Readonly<Record<string, InitializerSketch>> = {
    randn: unitNormal,
    rand: standard("rand", "uniform", ofFramework(1 / Math.sqrt(12)), undefined, ofFramework(0.5)),
    zeros,
    ones,
    empty: standard(
      "empty",
      "unknown",
      unstated("it is not filled yet", range),
      undefined,
      unstated("it is not filled yet", range),
    ),
  };
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  return found === undefined ? undefined : { ...found, name, basis: "written", range };
}
