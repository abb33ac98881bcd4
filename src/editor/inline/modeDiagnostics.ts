/** Steps that are taken while the model is in evaluation mode, which its text says it is. */
import { modelOf } from "../../analyses/beforeRun/beforeRun.ts";
import type { LayerSketch } from "../../source/sketch/layerSketch.ts";
import { edgeOfStability } from "../../theory/empirical/edgeOfStability.ts";
import { literalOf, type InlineContext } from "./inlineContext.ts";
import type { InlineFinding } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";

/** Nothing of models in which no layer does anything else in training. */
export function modeDiagnostics({ sketch }: InlineContext): readonly InlineFinding[] {
  return sketch.trainings.flatMap(({ evaluates, model: index, optimizer, range }) => {
    const call = literalOf(evaluates);
    const named = index === undefined ? undefined : sketch.models[index];
    const model = named ?? (optimizer === undefined ? undefined : modelOf(sketch, optimizer));
    const changed = new Set((model?.layers ?? []).flatMap(changedBy));
    if (call === undefined || changed.size === 0) return [];
    const message = `Once line ${call.range.start.line + 1} has put the model into evaluation mode, these steps are taken in it: ${[...changed].join(", and ")}. The loss and the sharpness that a run measures are of that mode then. A call of train() before the steps brings it back.`;
    const diagnostic = { severity: "information", message, law: lawLink(edgeOfStability), fixes: [] } as const;
    return [{ range, facts: [], diagnostic, measured: false }];
  });
}

/** What a layer that does something else in training does instead. */
function changedBy(layer: LayerSketch): readonly string[] {
  if (!layer.used) return [];
  if (layer.kind === "normalization" && layer.form === "batch")
    return ["batch normalization goes by its running averages, which stay as they are"];
  const rate = layer.kind === "dropout" ? layer.rate : layer.kind === "attention" ? layer.dropout : undefined;
  return rate?.known === true && rate.value > 0 ? ["dropout is off"] : [];
}
