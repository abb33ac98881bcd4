/** A model as the stack whose first curvature theory knows. */
import type { ConvolutionLayer, DenseLayer, LayerSketch } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { CurvedLayer } from "../../theory/limits/freshCurvature.ts";
import type { PoolingStage } from "../../theory/limits/pooledSignal.ts";
import type { SignalStage } from "../../theory/limits/signalFlow.ts";
import { rectifiedMaximum } from "../../theory/limits/signalMaps.ts";
import { freshWeights } from "./freshWeights.ts";
import { activationBehind, signalStages } from "./signalStages.ts";

/** Layers beyond which nobody stacks them plainly, and the estimate takes long. */
const mostLayers = 100;

const plainOnly =
  "it is estimated of stacks of dense layers, plain convolutions and maxima of rectified places that end in a dense layer";

/**
 * Its layers, or why not, where it is no stack of dense layers and plain convolutions that ends in a dense one. A maximum over places that are the
 * same is none; of independent ones it is larger, and what it makes of gradients is no more than that (see `pooledSignal`).
 */
export function curvedLayers(model: ModelSketch, places: "the same" | "independent"): readonly CurvedLayer[] | string {
  // Stacks with a dropout or a normalization are none of those below.
  const read = signalStages(model, true);
  if (!read.known) return read.reason;
  const { stages } = read;
  const layers: CurvedLayer[] = [];
  let pooled = 1;
  for (const [index, stage] of stages.entries()) {
    if (stage.kind === "activation") continue;
    if (stage.kind === "obstacle") return stage.reason;
    if (stage.kind === "pooling" && isOfRectified(stage, stages[index - 1])) {
      if (places === "independent") pooled *= 2 * rectifiedMaximum(stage.window ?? NaN, 2);
      continue;
    }
    const layer = stage.kind === "weights" ? model.layers[stage.layer] : undefined;
    if (stage.kind !== "weights" || layer === undefined || !isPlain(layer)) return plainOnly;
    const fresh = freshWeights(layer);
    if (!fresh.known) return fresh.reason;
    // What lies on the padding adds nothing.
    const within = fresh.value.weightVariance > 0 ? stage.weightVariance / fresh.value.weightVariance : 1;
    layers.push({
      activation: activationBehind(stage.layer, stages),
      weightVariance: pooled * stage.weightVariance,
      biasVariance: stage.biasVariance,
      fanIn: pooled * within * fresh.value.fanIn,
      width: stage.width,
      hasBias: layer.bias.known && layer.bias.value,
    });
    pooled = 1;
  }
  const isLast = ({ kind, used }: LayerSketch) => used && (kind === "dense" || kind === "convolution");
  if (model.layers.findLast(isLast)?.kind !== "dense") return plainOnly;
  if (layers.length > mostLayers) return `it is estimated of at most ${mostLayers} layers`;
  const last = layers.at(-1);
  // The last activation function is the loss's business.
  if (last !== undefined) layers[layers.length - 1] = { ...last, activation: "linear" };
  return layers;
}

function isPlain(layer: LayerSketch): layer is DenseLayer | ConvolutionLayer {
  return layer.kind === "dense" || (layer.kind === "convolution" && layer.groups.known && layer.groups.value === 1);
}

function isOfRectified({ form, window, apart }: PoolingStage, before: SignalStage | undefined): boolean {
  const isRectified = before?.kind === "activation" && before.activation === "relu";
  return form === "max" && window !== undefined && apart && isRectified;
}
