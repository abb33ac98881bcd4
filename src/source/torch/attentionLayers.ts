/** Attention of PyTorch, and the block of a transformer, which are made of other layers. */
import type { Given } from "../interpret/given.ts";
import { positive, product } from "../interpret/extents.ts";
import { booleanOf, numberOf, textOf, type Value } from "../interpret/value.ts";
import { ofFramework, unstated, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { attentionDefault, layerDefault, zeros } from "./torchInitializers.ts";
import { dense, normalization, torchLayer, withLast, type TorchLayer } from "./torchLayers.ts";
import { fullName } from "./torchModules.ts";

/** Any layer by the name of its class; undefined for one that is not known. */
export function layerNamed(name: string, given: Given): TorchLayer | undefined {
  if (name === "MultiheadAttention") return attentionAsStated(given);
  const layer = torchLayer(name, given);
  return name === "TransformerEncoderLayer" && layer !== undefined ? encoderLayer(layer, given) : layer;
}

interface AttentionSettings {
  readonly units: Known<number>;
  readonly heads: Known<number>;
  readonly keyInputs: Known<number>;
  readonly valueInputs: Known<number>;
  readonly bias: Known<boolean>;
  readonly dropout: Known<number>;
  readonly batchFirst: Known<boolean>;
}

function attentionAsStated(given: Given): TorchLayer | undefined {
  // What is added to what is attended to has weights of its own, or is none of the positions.
  const added = [
    [4, "add_bias_kv"],
    [5, "add_zero_attn"],
  ] as const;
  const adds = added.map(([place, name]) => booleanOf(given.get(place, name), ofFramework(false)));
  if (adds.some((each) => !each.known || each.value)) return undefined;
  const units = positive(numberOf(given.get(0, "embed_dim")));
  return attention({
    units,
    heads: numberOf(given.get(1, "num_heads")),
    keyInputs: numberOf(given.get(6, "kdim"), units),
    valueInputs: numberOf(given.get(7, "vdim"), units),
    bias: booleanOf(given.get(3, "bias"), ofFramework(true)),
    dropout: numberOf(given.get(2, "dropout"), ofFramework(0)),
    batchFirst: booleanOf(given.get(8, "batch_first"), ofFramework(false)),
  });
}

/** The matrix behind the heads is a linear layer of its own, whose biases begin at zero. */
function attention(settings: AttentionSettings): TorchLayer {
  const { units, bias } = settings;
  const projections = product([units, ofFramework(3)]);
  return {
    weights: [
      ["kernel", attentionDefault, [projections, units]],
      ["bias", zeros, [projections]],
    ],
    parts: [
      {
        name: "out_proj",
        call: "Linear",
        layer: dense(units, units, bias, zeros),
        roles: [
          ["kernel", "output"],
          ["bias", "outputBias"],
        ],
      },
    ],
    describe: (input, initial) => ({
      own: {
        kind: "attention",
        ...settings,
        kernelInitializer: initial("kernel"),
        biasInitializer: initial("bias"),
        output: { kernelInitializer: initial("output"), biasInitializer: initial("outputBias") },
      },
      output: withLast(input, units),
    }),
  };
}

/**
 * A block of attention and two linear layers, each of both added to what skips it, and normalized before it is entered or behind the sum
 * (Vaswani et al. 2017; Xiong et al. 2020). `whole` is what is known of it where it is not taken apart.
 */
function encoderLayer(whole: TorchLayer, given: Given): TorchLayer {
  // Which of its parts lose their biases is not followed.
  if (given.get(8, "bias") !== undefined) return whole;
  const [units, hidden] = [
    numberOf(given.get(0, "d_model")),
    numberOf(given.get(2, "dim_feedforward"), ofFramework(2048)),
  ];
  const normalizesFirst = booleanOf(given.get(7, "norm_first"), ofFramework(false));
  if (!units.known || !hidden.known || !normalizesFirst.known) return whole;
  const bias = ofFramework(true);
  const dropout = numberOf(given.get(3, "dropout"), ofFramework(0.1));
  const activation = activationOf(given.get(4, "activation"));
  const epsilon = numberOf(given.get(5, "layer_norm_eps"), ofFramework(1e-5));
  const attends = attention({
    units,
    heads: numberOf(given.get(1, "nhead")),
    keyInputs: units,
    valueInputs: units,
    bias,
    dropout,
    batchFirst: booleanOf(given.get(6, "batch_first"), ofFramework(false)),
  });
  const norm = normalization("layer", units, { epsilon, scale: bias, center: bias });
  const parts = [
    ["self_attn", "MultiheadAttention", attends],
    ["linear1", "Linear", dense(units, hidden, bias, layerDefault)],
    ["linear2", "Linear", dense(hidden, units, bias, layerDefault)],
    ["norm1", "LayerNorm", norm],
    ["norm2", "LayerNorm", norm],
  ] as const;
  return {
    ...whole,
    parts: parts.map(([name, call, layer]) => ({ name, call, layer, roles: [] })),
    compute: (of, input) => {
      const halves = [
        { norm: "norm1", branch: (x: typeof input) => of.part("self_attn", x) },
        {
          norm: "norm2",
          branch: (x: typeof input) =>
            of.part("linear2", of.dropout(dropout, of.activation(activation, of.part("linear1", x)))),
        },
      ];
      return halves.reduce((x, { norm: name, branch }) => {
        if (normalizesFirst.value) return of.sum(x, of.dropout(dropout, branch(of.part(name, x))));
        return of.part(name, of.sum(x, of.dropout(dropout, branch(x))));
      }, input);
    },
  };
}

/** By its name, or as the function. */
function activationOf(stated: Value | undefined): Known<ActivationName> {
  const path = stated === undefined ? undefined : fullName(stated);
  const name = path === undefined ? textOf(stated, ofFramework("relu")) : ofFramework(path.split(".").at(-1) ?? "");
  if (!name.known) return name;
  return name.value === "relu" || name.value === "gelu"
    ? { ...name, value: name.value }
    : unstated(`${name.value} is not followed in a transformer's block`, name.range);
}
