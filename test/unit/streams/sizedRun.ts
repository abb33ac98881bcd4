import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

export interface SizedRun {
  readonly width: number;
  /** Matrices between the first and the last, 1 by default. */
  readonly depth?: number;
  readonly loss: (step: number) => number;
  readonly steps?: number;
  /** Exponent of the hidden matrices' relative updates in the width; −½ in the maximal-update parametrization. */
  readonly updates?: number;
  /** Exponent of the hidden matrices' gradients in the depth; −1 where blocks are divided by it. */
  readonly gradients?: number;
  readonly setting?: Setting;
}

/** A run of a network of a width and depth, by Adam, whose losses, updates and gradients are made up. */
export function sizedRun({
  width,
  depth = 1,
  loss,
  steps = 410,
  updates = -0.5,
  gradients = -1,
  setting = {},
}: SizedRun): HistoryRecord[] {
  const shapes = [[8, width], ...Array.from({ length: depth }, () => [width, width]), [width, 1]];
  const modules = shapes.map(([from = 0, to = 0], layer) => ({
    ...({ path: `layer${layer}`, kind: "Dense" } as const),
    parameterShapes: [[from, to]],
    parameters: from * to,
  }));
  const parameters = modules.reduce((sum, module) => sum + module.parameters, 0);
  const isHidden = (layer: number) => layer > 0 && layer <= depth;
  const of = (name: string, valueOf: (layer: number) => number) =>
    shapes.map((_, layer) => [`${name}@layer${layer}`, valueOf(layer)] as const);
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", parameters, width, depth: depth + 2, modules },
    ...opening({ kind: "adam", group: { learningRate: 0.01 }, batch: 12, examples: 48, ...setting }),
  ];
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, loss(step)));
    if (step >= 6) continue;
    const early = [
      ...of("update/relative", (layer) => 0.01 * (isHidden(layer) ? width ** updates : 1)),
      ...of("gradient/norm", (layer) => 0.1 * (isHidden(layer) ? depth ** gradients : 1)),
    ];
    records.push(measured(step, Object.fromEntries(early)));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

/** A loss that falls to a tenth over 400 steps, and by so much more in its logarithm. */
export function fallingLoss(more = 0): SizedRun["loss"] {
  return (step) => Math.exp(-(Math.log(10) + more) * (step / 400));
}
