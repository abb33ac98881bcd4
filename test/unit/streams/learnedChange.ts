import type { HistoryRecord } from "../../../src/theory/history.ts";
import { GrowingNetwork, spectralNorm } from "../../oracle/growingNetwork.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface LearnedChange {
  readonly width?: number;
  readonly steps?: number;
  readonly update?: "adam" | "descent";
  /** Added to what training makes of the hidden matrix: entries of this standard deviation per root of a step. */
  readonly walk?: number;
  /** Numbers that the loss is said to look at for an example. */
  readonly outputs?: number;
}

/** A network with a hidden matrix fits a smooth function in float64: what a probe would have recorded of its change since the start. */
export function learnedChange({
  width = 40,
  steps = 160,
  update = "descent",
  walk = 0,
  outputs = 1,
}: LearnedChange = {}): HistoryRecord[] {
  const network = new GrowingNetwork({
    width,
    depth: 1,
    residual: false,
    update,
    rate: () => (update === "adam" ? 0.003 : 0.1),
    scale: (layer) => 1 / Math.sqrt(layer === 0 ? 8 : width),
    multiplier: () => 1,
    seed: 4,
  });
  const next = gaussians(6);
  const inputs = Array.from({ length: 32 }, () => Float64Array.from({ length: 8 }, next));
  const targets = inputs.map((x) => Math.tanh((x[0] ?? NaN) + (x[1] ?? NaN)) + Math.sin(x[2] ?? NaN));
  const shapes = network.weights.map(({ rows, columns }) => [columns, rows]);
  const modules = shapes.map((shape, layer) => {
    return {
      path: `dense${layer}`,
      kind: "Dense",
      parameterShapes: [shape],
      parameters: (shape[0] ?? 0) * (shape[1] ?? 0),
    };
  });
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", modules, parameters: modules.reduce((sum, { parameters }) => sum + parameters, 0) },
    ...opening({ kind: update === "adam" ? "adam" : "sgd", objective: { outputs }, batch: 32, examples: 32 }),
  ];
  const hidden = network.weights[1];
  const fresh = hidden?.values.slice() ?? new Float64Array();
  for (let step = 0; step < steps; step++) {
    if (step > 0 && step % 10 === 0 && hidden !== undefined) {
      const change = hidden.values.map((each, index) => each - (fresh[index] ?? NaN) + walk * Math.sqrt(step) * next());
      const squares = change.reduce((sum, each) => sum + each ** 2, 0);
      const norm = spectralNorm({ ...hidden, values: change });
      records.push(measured(step, { "update/stableRank@dense1": squares / norm ** 2 }));
    }
    records.push(stepped(step, network.step({ inputs, targets })));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
