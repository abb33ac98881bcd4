import type { Engine } from "../engine.ts";
import { tracedLayers } from "../layerActivations.ts";
import { outputHead } from "../outputHead.ts";
import type { ProbeSet } from "../probeSet.ts";
import { readFloats } from "../stepView.ts";
import type { Trace } from "../trace/trace.ts";
import { joinedRows } from "./activationRows.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { collapse, type ClassifiedFeatures, collapseNull } from "./collapse.ts";

/**
 * `collapse/nc1` … `collapse/nc4` and `collapse/equinorm` of a classifier's last features on the probe set (Papyan, Han and Donoho
 * 2020), as defined in `collapse`, each with its null. Left out where a class has fewer than two examples in it.
 */
export function neuralCollapse(probe: ProbeSet): Observable {
  return {
    name: "collapse",
    price: 0.5,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace, engine } = step;
      if (trace === undefined || tracedLayers(trace).prediction?.kind !== "crossEntropy") return undefined;
      probe.look(step, trace);
      if (!probe.isComplete) return undefined;
      const features = joined(probe.onEach(engine, trace.weights(), (batch) => classified(engine, batch)));
      if (features === undefined) return undefined;
      requireExamples(features);
      const measured = collapse(features);
      const values: Record<string, number> = {};
      const expected = collapseNull(features);
      for (const name of ["nc1", "nc2", "equinorm", "nc3", "nc4"] as const) {
        if (!Number.isFinite(measured[name]) || !Number.isFinite(expected[name])) continue;
        values[`collapse/${name}`] = measured[name];
        values[`collapse/${name}/null`] = expected[name];
      }
      const method = `of the last features ${probe.describe("all")}; null by shuffled labels or random class means`;
      return { values, sample: features.labels.length, method };
    },
  };
}

function classified(engine: Engine, trace: Trace): ClassifiedFeatures | undefined {
  const head = outputHead(tracedLayers(trace));
  if (head?.areLearned !== true) return undefined;
  const { features, weight, outputs: logits, targets } = head;
  const classifier = weight.values[0] === undefined ? undefined : trace.primal(weight.values[0]);
  const [examples = 0, classes = 0] = logits.shape;
  const labels = oneHotLabels(readFloats(engine, targets), classes);
  if (classifier === undefined || labels === undefined) return undefined;
  return {
    features: { values: readFloats(engine, features), rows: examples, columns: features.size / examples },
    logits: { values: readFloats(engine, logits), rows: examples, columns: classes },
    weights: readFloats(engine, classifier),
    labels,
  };
}

/** Of all batches together; undefined where one of them has no class for each example. */
function joined(batches: readonly (ClassifiedFeatures | undefined)[]): ClassifiedFeatures | undefined {
  const all = batches.filter((batch) => batch !== undefined);
  const [first] = all;
  if (first === undefined || all.length < batches.length) return undefined;
  return {
    features: joinedRows(all.map(({ features }) => features)),
    logits: joinedRows(all.map(({ logits }) => logits)),
    weights: first.weights,
    labels: all.flatMap(({ labels }) => labels),
  };
}

function requireExamples({ labels, logits: { columns: classes } }: ClassifiedFeatures): void {
  const counts = Array.from({ length: classes }, (_, index) => labels.filter((label) => label === index).length);
  if (classes >= 2 && counts.every((count) => count >= 2)) return;
  throw new Unmeasurable(
    "collapse-examples",
    "Neural collapse is not measured: the batches kept for it hold fewer than two examples of some class. A probe set of more batches may help.",
  );
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
