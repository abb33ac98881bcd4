import type { HistoryRecord } from "../../../src/theory/history.ts";
import { GrowingNetwork, smoothBatch } from "../../oracle/growingNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";
import { maximalUpdates } from "./grownNetworks.ts";
import { neighboursOf } from "./neighbours.ts";

interface RepresentedRun {
  readonly width: number;
  readonly seed: number;
  readonly steps: number;
  readonly rate?: number;
  /** Of the examples, as many runs may have others. */
  readonly data?: number;
}

const [examples, batches, k] = [96, 4, 10];

/**
 * A tanh network of two hidden layers in the maximal-update parametrization, trained by Adam in float64; whose neighbours are whose in its
 * hidden layers is recorded at growing distances.
 */
export function representedRun({ width, seed, steps, rate = 0.003, data = 3 }: RepresentedRun): HistoryRecord[] {
  const change = maximalUpdates(width);
  const network = new GrowingNetwork({
    ...({ width, depth: 1, residual: false, update: "adam", seed } as const),
    rate: (layer) => rate * change(layer).learningRate,
    scale: (layer) => (layer === 0 ? 1 / Math.sqrt(8) : 1 / Math.sqrt(32)) * change(layer).initialScale,
    multiplier: (layer) => change(layer).multiplier,
  });
  const all = smoothBatch(examples, data);
  const size = examples / batches;
  const part = (step: number) => {
    const from = (step % batches) * size;
    return { inputs: all.inputs.slice(from, from + size), targets: all.targets.slice(from, from + size) };
  };
  const modules = network.weights.map(({ rows, columns }, layer) => ({
    ...({ path: `layer${layer}`, kind: "Dense", activation: "tanh" } as const),
    parameterShapes: [[columns, rows]],
    parameters: rows * columns,
  }));
  const parameters = modules.reduce((sum, module) => sum + module.parameters, 0);
  const numbers = all.inputs.map((_, index) => 1000 * data + index);
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", parameters, width, depth: 3, modules },
    ...opening({ kind: "adam", group: { learningRate: rate }, batch: size, examples }),
    measured(
      0,
      Object.fromEntries(
        network.weights.map(({ values }, layer) => [`weight/norm@layer${layer}`, Math.hypot(...values)]),
      ),
    ),
  ];
  let next = 8;
  for (let step = 0; step < steps; step++) {
    if (step === next) {
      if (step === 8) records.push({ t: "vector", step, name: "representation/examples", values: numbers });
      const streams = all.inputs.map((input) => network.forward(input).stream.map((each) => each.map(Math.tanh)));
      for (let layer = 0; layer < 2; layer++) {
        const values = neighboursOf(
          streams.map((each) => each[layer] ?? []),
          k,
        ).flat();
        records.push({ t: "vector", step, name: `representation/neighbours@layer${layer}`, values });
      }
      next += Math.max(8, Math.ceil(step / 4));
    }
    records.push(stepped(step, network.step(part(step))));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
