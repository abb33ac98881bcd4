import { RunHistory, type HistoryRecord } from "../../../src/theory/history.ts";
import type { RunView } from "../../../src/theory/runView.ts";
import { gaussians, largestEigenvalue, tinyNetwork } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped, type Setting } from "../theoryStreams.ts";

export interface SameStart {
  readonly rate: number;
  /** η·step at which the run ends. */
  readonly time?: number;
  readonly seed?: number;
  /** Of the data and the targets, which are the same for all runs that are to be compared. */
  readonly task?: number;
  /** Whether the sharpness is measured, as the largest eigenvalue of a dense Hessian, and how often. */
  readonly measurements?: number;
  readonly setting?: Setting;
}

/** A tanh network trained by gradient descent in float64 from the weights of a seed: runs of one seed differ in the rate alone. */
export function sameStart({
  rate,
  time = 5,
  seed = 1,
  task = 1,
  measurements = 2,
  setting = {},
}: SameStart): HistoryRecord[] {
  const next = gaussians(100 + task);
  const inputs = Array.from({ length: 16 }, () => [next(), next()]);
  const targets = inputs.map(([x = 0, y = 0]) => [Math.sin(x + task) + 0.5 * y]);
  const network = tinyNetwork([2, 6, 6, 1], inputs, targets);
  let weights = network.initial(seed);
  const records: HistoryRecord[] = [
    ...opening({ ...setting, group: { learningRate: rate, ...setting.group } }),
    {
      ...({ t: "model", step: 0, id: "m", parameters: network.parameters } as const),
      modules: [{ path: "all", kind: "Dense", parameterShapes: [[2, 10]], parameters: network.parameters }],
    },
  ];
  const steps = Math.round(time / rate);
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, network.loss(weights)));
    if (step % Math.ceil(steps / measurements) === 0) {
      records.push(measured(step, { "sharpness/batch": largestEigenvalue(network.hessian(weights)) }));
    }
    const gradient = network.gradient(weights);
    weights = weights.map((weight, index) => weight - rate * (gradient[index] ?? 0));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}

export function endedView(records: readonly HistoryRecord[]): RunView {
  return endedRun("an earlier run", records);
}

/** For laws that tell earlier runs apart. */
export function endedRun(runId: string, records: readonly HistoryRecord[]): RunView {
  const history = new RunHistory(runId);
  for (const record of records) history.append(record);
  return history.view();
}
