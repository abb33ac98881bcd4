/** Initializers of TensorFlow.js, with the scale at which it really draws. */
import type { Given } from "../interpret/given.ts";
import { Initial, unknownInitializer } from "../interpret/flow.ts";
import { numberOf, textOf, type Value } from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import type { Distribution, Fan, InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, type Basis, type Known } from "../sketch/known.ts";
import type { Config } from "./config.ts";

/** √(1 − 4φ(2)/(2Φ(2) − 1)): the standard deviation of a unit normal cut off at two. */
export const truncation = 0.879_625_661_034_239_8;

interface Scaling {
  readonly scale: number;
  readonly fan: Fan;
  readonly distribution: "truncatedNormal" | "uniform";
}

/** Cut-off normals keep their truncated spread: TensorFlow.js does not widen them as Keras does. */
const scalings: Readonly<Record<string, Scaling>> = {
  glorotNormal: { scale: 1, fan: "average", distribution: "truncatedNormal" },
  glorotUniform: { scale: 1, fan: "average", distribution: "uniform" },
  heNormal: { scale: 2, fan: "in", distribution: "truncatedNormal" },
  heUniform: { scale: 2, fan: "in", distribution: "uniform" },
  leCunNormal: { scale: 1, fan: "in", distribution: "truncatedNormal" },
  leCunUniform: { scale: 1, fan: "in", distribution: "uniform" },
};

const modes: Readonly<Record<string, Fan>> = { fanIn: "in", fanOut: "out", fanAvg: "average" };

/** An initializer that the text makes by `tf.initializers.…(settings)`. Undefined for a name that is none. */
function initializerNamed(
  name: string,
  config: Config,
  basis: Basis,
  range: SourceRange | undefined,
): InitializerSketch | undefined {
  const make = (
    distribution: Distribution,
    gain: Known<number>,
    fan?: Fan,
    mean?: Known<number>,
  ): InitializerSketch => ({
    name,
    distribution,
    gain,
    fan,
    mean: mean ?? ofFramework(0),
    basis,
    range,
  });
  const scaling = Object.hasOwn(scalings, name) ? scalings[name] : undefined;
  if (scaling !== undefined) {
    const cut = scaling.distribution === "truncatedNormal" ? truncation : 1;
    return make(scaling.distribution, ofFramework(Math.sqrt(scaling.scale) * cut), scaling.fan);
  }
  // A zero is taken for not given (`args.stddev || 0.05`).
  const orDefault = (value: Known<number>, fallback: number): Known<number> =>
    value.known && value.value === 0 ? ofFramework(fallback) : value;
  switch (name) {
    case "zeros":
      return make("constant", ofFramework(0));
    case "ones":
      return make("constant", ofFramework(1), undefined, ofFramework(1));
    case "constant": {
      const value = numberOf(config("value"));
      return make(
        "constant",
        derived([value], ([number = 0]) => Math.abs(number)),
        undefined,
        value,
      );
    }
    case "randomNormal":
    case "truncatedNormal": {
      const deviation = orDefault(numberOf(config("stddev"), ofFramework(0.05)), 0.05);
      const mean = numberOf(config("mean"), ofFramework(0));
      if (name === "randomNormal") return make("normal", deviation, undefined, mean);
      return make("truncatedNormal", scaled(deviation, truncation), undefined, mean);
    }
    case "randomUniform": {
      const low = orDefault(numberOf(config("minval"), ofFramework(-0.05)), -0.05);
      const high = orDefault(numberOf(config("maxval"), ofFramework(0.05)), 0.05);
      return make("uniform", spread(low, high), undefined, middle(low, high));
    }
    case "varianceScaling":
      return varianceScaling(config, basis, range);
    case "orthogonal":
      return make("orthogonal", numberOf(config("gain"), ofFramework(1)));
    case "identity":
      return make("identity", numberOf(config("gain"), ofFramework(1)));
    default:
      return undefined;
  }
}

function varianceScaling(config: Config, basis: Basis, range: SourceRange | undefined): InitializerSketch {
  const mode = textOf(config("mode"), ofFramework("fanIn"));
  const kind = textOf(config("distribution"), ofFramework("normal"));
  const fan = mode.known && Object.hasOwn(modes, mode.value) ? modes[mode.value] : undefined;
  if (fan === undefined || !kind.known) return unknownInitializer("its mode is not known", range);
  const uniform = kind.value === "uniform";
  const scale = numberOf(config("scale"), ofFramework(1));
  return {
    name: "varianceScaling",
    distribution: uniform ? "uniform" : "truncatedNormal",
    gain: derived([scale], ([value = 0]) => Math.sqrt(value) * (uniform ? 1 : truncation)),
    fan,
    mean: ofFramework(0),
    basis,
    range,
  };
}

/** What a layer's setting asks for: a name, or an initializer that was made; the layer's default where it asks for none. */
export function initializerOf(value: Value | undefined, fallback: string): InitializerSketch {
  if (value === undefined) {
    const standard = initializerNamed(fallback, () => undefined, "framework", undefined);
    return standard ?? unknownInitializer("not known");
  }
  if (value instanceof Initial) return value.sketch;
  if (value.kind === "unknown") return unknownInitializer(value.reason, value.range);
  if (value.kind === "scalar" && typeof value.value === "string") {
    const name = value.value.charAt(0).toLowerCase() + value.value.slice(1);
    return (
      initializerNamed(name, () => undefined, value.basis, value.range) ??
      unknownInitializer(`${name} is not known`, value.range)
    );
  }
  return unknownInitializer("an initializer that is not followed");
}

/** `tf.initializers.name(settings)`. */
export function madeInitializer(name: string, config: Config, given: Given): Value {
  const sketch = initializerNamed(name, config, "written", given.range);
  return new Initial(sketch ?? unknownInitializer(`${name} is not known`, given.range));
}

export function scaled(value: Known<number>, factor: number): Known<number> {
  return derived([value], ([number = 0]) => number * factor);
}

/** Standard deviation of a uniform distribution. */
export function spread(low: Known<number>, high: Known<number>): Known<number> {
  return derived([low, high], ([from = 0, to = 0]) => (to - from) / Math.sqrt(12));
}

export function middle(low: Known<number>, high: Known<number>): Known<number> {
  return derived([low, high], ([from = 0, to = 0]) => (from + to) / 2);
}
