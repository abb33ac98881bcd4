/** Layers of TensorFlow.js that hold another one: `bidirectional`, `timeDistributed`. */
import { batchExtent, initialOf, type Dims } from "../interpret/flow.ts";
import { product } from "../interpret/extents.ts";
import { LayerObject, type LayerDraft } from "../interpret/layerObject.ts";
import { textOf } from "../interpret/value.ts";
import { ofFramework, type Known } from "../sketch/known.ts";
import type { Config } from "./config.ts";
import type { LayerKindOf } from "./tensorflowLayers.ts";

/** Undefined where the layer within is not known. */
export function wrapper(name: "bidirectional" | "timeDistributed", config: Config): LayerKindOf | undefined {
  const inner = config("layer");
  if (!(inner instanceof LayerObject)) return undefined;
  return {
    weights: [...inner.making.weights].map(([role, weight]) => [role, initialOf(weight.initial)]),
    describe: (input, _, initial) =>
      name === "bidirectional"
        ? bothWays(inner.making.describe([input], initial), textOf(config("mergeMode"), ofFramework("concat")))
        : atEachStep(inner.making.describe([withoutSteps(input)], initial), input),
  };
}

function bothWays(draft: LayerDraft, merged: Known<string>): LayerDraft {
  const { own, output } = draft;
  if (own.kind !== "recurrent") return { own: { kind: "other", weightless: false }, output: undefined };
  const units = merged.known && merged.value !== "concat" ? own.units : product([own.units, ofFramework(2)]);
  return {
    own: { ...own, bidirectional: ofFramework(true) },
    output: merged.known && output !== undefined ? [...output.slice(0, -1), units] : undefined,
  };
}

function withoutSteps(input: Dims | undefined): Dims | undefined {
  return input === undefined ? undefined : [input[0] ?? batchExtent, ...input.slice(2)];
}

function atEachStep(draft: LayerDraft, input: Dims | undefined): LayerDraft {
  const steps = input?.[1];
  const { own, output } = draft;
  return {
    own,
    output: output === undefined || steps === undefined ? undefined : [batchExtent, steps, ...output.slice(1)],
  };
}
