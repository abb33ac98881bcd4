/** Modules of PyTorch that are made of several layers, which are counted and not taken apart. */
import type { Given } from "../interpret/given.ts";
import { LayerObject, type LayerOwn } from "../interpret/layerObject.ts";
import { booleanOf, numberOf, type Value } from "../interpret/value.ts";
import { derived, ofFramework, unstated, type Known } from "../sketch/known.ts";

/** A module by the name of its class; undefined for one that is none of them. */
export function compositeLayer(name: string, given: Given): LayerOwn | undefined {
  const parameters = parametersOf(name, given);
  return parameters === undefined ? undefined : { kind: "other", weightless: false, parameters };
}

function parametersOf(name: string, given: Given): Known<number> | undefined {
  switch (name) {
    case "TransformerEncoderLayer":
      return withBias(given, blockCount(1, numberOf(given.get(0, "d_model")), feedForward(given, 2)));
    case "TransformerDecoderLayer":
      return withBias(given, blockCount(2, numberOf(given.get(0, "d_model")), feedForward(given, 2)));
    case "TransformerEncoder":
    case "TransformerDecoder": {
      const layers = numberOf(given.get(1, "num_layers"));
      const norm = given.get(2, "norm");
      const ofNorm = norm === undefined ? ofFramework(0) : countOf(norm);
      return derived(
        [
          countOf(given.positional[0] ?? given.by(name === "TransformerEncoder" ? "encoder_layer" : "decoder_layer")),
          layers,
          ofNorm,
        ],
        ([one = 0, times = 0, last = 0]) => one * times + last,
      );
    }
    case "Transformer":
      return withBias(given, wholeTransformer(given));
    case "Bilinear": {
      const bias = booleanOf(given.get(3, "bias"), ofFramework(true));
      const extents = ["in1_features", "in2_features", "out_features"].map((each, place) =>
        numberOf(given.get(place, each)),
      );
      const biases = derived([bias], ([has]) => (has === true ? 1 : 0));
      return derived([...extents, biases], ([one = 0, other = 0, units = 0, each = 0]) => units * (one * other + each));
    }
    default:
      return undefined;
  }
}

/**
 * One block of a transformer: self-attention, a second attention in a decoder, a hidden layer, and a normalization for each.
 * Vaswani et al. (2017), in PyTorch's form, with all its biases.
 */
function blockCount(attentions: 1 | 2, width: Known<number>, hidden: Known<number>): Known<number> {
  return derived([width, hidden], ([d = 0, h = 0]) => {
    const norms = (attentions + 1) * 2 * d;
    return attentions * 4 * d * (d + 1) + (d + 1) * h + (h + 1) * d + norms;
  });
}

function wholeTransformer(given: Given): Known<number> {
  const width = numberOf(given.get(0, "d_model"), ofFramework(512));
  const hidden = feedForward(given, 4);
  const [encoders, decoders] = (["num_encoder_layers", "num_decoder_layers"] as const).map((each, index) =>
    numberOf(given.get(index + 2, each), ofFramework(6)),
  );
  const parts = [blockCount(1, width, hidden), blockCount(2, width, hidden), width];
  return derived(
    [...parts, encoders ?? ofFramework(6), decoders ?? ofFramework(6)],
    ([encoder = 0, decoder = 0, d = 0, n = 0, m = 0]) => n * encoder + m * decoder + 2 * 2 * d,
  );
}

function feedForward(given: Given, place: number): Known<number> {
  return numberOf(given.get(place, "dim_feedforward"), ofFramework(2048));
}

/** Which of the parts lose their biases is not followed. */
function withBias(given: Given, count: Known<number>): Known<number> {
  return given.by("bias") === undefined ? count : unstated("it may have no biases", given.range);
}

function countOf(layer: Value | undefined): Known<number> {
  if (!(layer instanceof LayerObject)) return unstated("the layer that is repeated is not known");
  const { own } = layer.describe([undefined]);
  if (own.kind === "other") return own.parameters ?? unstated(`the weights of ${layer.making.call} are not known`);
  if (own.kind !== "normalization") return unstated("not a layer that is repeated");
  const { inputs, scale, center } = own;
  const each = [scale, center].map((known): Known<number> =>
    known.known ? { ...known, value: Number(known.value) } : known,
  );
  return derived([inputs, ...each], ([n = 0, gain = 0, shift = 0]) => n * (gain + shift));
}
