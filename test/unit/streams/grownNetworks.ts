import type { HistoryRecord } from "../../../src/theory/history.ts";
import { transferWidth } from "../../../src/theory/hyperparameters/widthTransfer.ts";
import { GrowingNetwork, smoothBatch } from "../../oracle/growingNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

interface GrownNetwork {
  readonly width?: number;
  readonly depth?: number;
  readonly residual?: boolean;
  readonly seed: number;
  readonly steps: number;
  readonly rate: number;
  readonly update?: "adam" | "descent";
  /** In all; a quarter of them is a batch. */
  readonly examples?: number;
  /** Factors on the base network's rate, fresh weights (of standard deviation 1/√inputs in a network of width 32) and products. */
  readonly change: (layer: number) => {
    readonly learningRate: number;
    readonly initialScale: number;
    readonly multiplier: number;
  };
}

/** Steps at whose updates is looked. */
const early = 6;
const base = 32;

/** Trains a tanh network of any width and depth in float64 on the same examples, by Adam unless said otherwise. */
export function grownNetwork({
  width = base,
  depth = 1,
  residual = false,
  seed,
  steps,
  rate,
  update = "adam",
  examples = 16,
  change,
}: GrownNetwork): HistoryRecord[] {
  const network = new GrowingNetwork({
    ...{ width, depth, residual, update, seed },
    rate: (layer) => rate * change(layer).learningRate,
    scale: (layer) => (layer === 0 ? 1 / Math.sqrt(8) : 1 / Math.sqrt(base)) * change(layer).initialScale,
    multiplier: (layer) => change(layer).multiplier,
  });
  const all = smoothBatch(examples, 3);
  const batch = examples / 4;
  const batches = Array.from({ length: 4 }, (_, index) => ({
    inputs: all.inputs.slice(index * batch, (index + 1) * batch),
    targets: all.targets.slice(index * batch, (index + 1) * batch),
  }));
  const modules = network.weights.map(({ rows, columns }, layer) => ({
    ...({ path: `layer${layer}`, kind: "Dense" } as const),
    parameterShapes: [[columns, rows]],
    parameters: rows * columns,
  }));
  const parameters = modules.reduce((sum, module) => sum + module.parameters, 0);
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", parameters, width, depth: depth + 2, modules },
    ...opening({ kind: update === "adam" ? "adam" : "sgd", group: { learningRate: rate }, batch, examples }),
  ];
  for (let step = 0; step < steps; step++) {
    const now = batches[step % batches.length];
    if (now === undefined) break;
    if (step < early) records.push(measured(step, gradientNorms(network.gradient(now).gradients)));
    const before = network.weights.map(({ values }) => values.slice());
    records.push(stepped(step, network.step(now)));
    if (step >= early) continue;
    const relative = network.weights.map(({ values }, layer) => {
      const old = before[layer] ?? values;
      const moved = values.map((value, index) => value - (old[index] ?? NaN));
      return [`update/relative@layer${layer}`, Math.hypot(...moved) / Math.hypot(...old)] as const;
    });
    records.push(measured(step, Object.fromEntries(relative)));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

function gradientNorms(gradients: readonly Float64Array[]): Record<string, number> {
  return Object.fromEntries(gradients.map((each, layer) => [`gradient/norm@layer${layer}`, Math.hypot(...each)]));
}

const roles = ["input", "hidden", "readout"] as const;

/** What a width asks for under Adam, from a network of width 32 with one hidden matrix or more. */
export function maximalUpdates(width: number, depth = 1): GrownNetwork["change"] {
  const sides = { inputs: width / base, units: width / base };
  return (layer) => transferWidth("adaptive", roles[layer > depth ? 2 : Math.min(layer, 1)] ?? "fixed", sides);
}

/** What residual blocks add is divided by their number, over that of 4 blocks, to a power; 1 in CompleteP. */
export function dividedBlocks(depth: number, exponent = 1): GrownNetwork["change"] {
  return (layer) => ({
    ...{ learningRate: 1, initialScale: 1 },
    multiplier: layer > 0 && layer <= depth ? 0.5 * (4 / depth) ** exponent : 1,
  });
}

/** Fresh weights of 1/√inputs, and one learning rate. */
export function oneRate(width: number): GrownNetwork["change"] {
  return (layer) => ({ learningRate: 1, multiplier: 1, initialScale: layer === 0 ? 1 : Math.sqrt(base / width) });
}
