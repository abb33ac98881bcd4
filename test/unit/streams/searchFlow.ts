import type { HistoryRecord } from "../../../src/theory/history.ts";
import { opening, stepped } from "../theoryStreams.ts";

export interface SearchFlow {
  readonly degree: number;
  readonly inputs: number;
  readonly rate: number;
  readonly steps: number;
  /** Overlap at the beginning, in units of 1/√inputs. */
  readonly start?: number;
}

/** So wide a first layer that seeds leave searches alike. */
const units = 1024;

/** The loss 1 − m^k of the flow dm/dt = m^(k−1)·(1 − m²), of one unit of fixed norm for all, with m = 1/√d at the beginning. */
export function searchFlow({ degree: k, inputs, rate, steps, start = 1 }: SearchFlow): readonly HistoryRecord[] {
  const shape = [inputs, units];
  const records: HistoryRecord[] = [
    {
      ...({ t: "model", step: 0, id: "m", parameters: inputs * units, width: units, depth: 1 } as const),
      modules: [{ path: "layer", kind: "Dense", parameterShapes: [shape], parameters: inputs * units }],
    },
    ...opening({
      ...{ batch: 256, examples: 2_000_000 },
      objective: { outputs: 1 },
      group: { learningRate: rate },
    }),
  ];
  let m = start / Math.sqrt(inputs);
  for (let step = 0; step < steps; step++) {
    records.push(stepped(step, 1 - m ** k));
    const middle = m + (rate / 2) * m ** (k - 1) * (1 - m * m);
    m += rate * middle ** (k - 1) * (1 - middle * middle);
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
