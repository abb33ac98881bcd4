import { tracedLayers } from "../layerActivations.ts";
import { type OutputHead, outputHead } from "../outputHead.ts";
import { readFloats } from "../stepView.ts";
import { type Observable, type ObservedStep, Unmeasurable } from "./observable.ts";
import { collapse, type ClassifiedFeatures, collapseNull } from "./collapse.ts";

/**
 * `collapse/nc1` … `collapse/nc4` and `collapse/equinorm` of a classifier's last features on the step's batch (Papyan, Han and Donoho
 * 2020), as defined in `collapse`, each with its null. Left out where a class has fewer than two examples in the batch.
 */
export const neuralCollapse: Observable = {
  name: "collapse",
  share: 0.25,
  record: "measure",
  needsTrace: true,
  needsWeights: false,
  applies: () => true,
  measure(step) {
    const layers = step.trace && tracedLayers(step.trace);
    const head = layers?.prediction?.kind === "crossEntropy" ? outputHead(layers) : undefined;
    const features = head && classified(step, head);
    if (features === undefined) return undefined;
    const measured = collapse(features);
    const values: Record<string, number> = {};
    const expected = collapseNull(features);
    for (const name of ["nc1", "nc2", "equinorm", "nc3", "nc4"] as const) {
      if (!Number.isFinite(measured[name]) || !Number.isFinite(expected[name])) continue;
      values[`collapse/${name}`] = measured[name];
      values[`collapse/${name}/null`] = expected[name];
    }
    return { values, method: "of the recorded features; null by shuffled labels or random class means" };
  },
};

function classified(
  step: ObservedStep,
  { features, weight, outputs: logits, targets }: OutputHead,
): ClassifiedFeatures | undefined {
  const classifier = weight.values[0] === undefined ? undefined : step.trace?.primal(weight.values[0]);
  const [examples = 0, classes = 0] = logits.shape;
  if (classifier === undefined) return undefined;
  const labels = oneHotLabels(readFloats(step.engine, targets), classes);
  if (labels === undefined) return undefined;
  const counts = Array.from({ length: classes }, (_, index) => labels.filter((label) => label === index).length);
  if (classes < 2 || counts.some((count) => count < 2)) {
    throw new Unmeasurable(
      "collapse-batch",
      "Neural collapse was left out at steps whose batch holds fewer than two examples of some class.",
    );
  }
  return {
    features: { values: readFloats(step.engine, features), rows: examples, columns: features.size / examples },
    logits: { values: readFloats(step.engine, logits), rows: examples, columns: classes },
    weights: readFloats(step.engine, classifier),
    labels,
  };
}

/** The class of each row's single largest target; undefined where some row has none. */
function oneHotLabels(targets: Float32Array, classes: number): number[] | undefined {
  const labels: number[] = [];
  for (let start = 0; start < targets.length; start += classes) {
    const row = targets.subarray(start, start + classes);
    const largest = Math.max(...row);
    const label = row.indexOf(largest);
    if (!(largest > 0) || row.lastIndexOf(largest) !== label) return undefined;
    labels.push(label);
  }
  return labels;
}
