import type { HistoryRecord } from "../../../src/theory/history.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

interface CubicEdge {
  readonly rate?: number;
  /** a: how fast the path sharpens, per η·step. */
  readonly rise?: number;
  readonly steps?: number;
  readonly every?: number;
  readonly setting?: Setting;
}

/** Sharpness at which it begins, over 2/η. */
const begins = 0.79;
/** The path's gradient along x, which sets off the swing. */
const pull = 0.02;

interface CubicStep {
  readonly x: number;
  readonly sharpness: number;
}

/** Gradient descent on L = ½·y·x² − a·y + c·x: of sharpness y, where −∇S·∇L is a − ½x² and ∇S is a unit vector, whatever the place. */
export function cubicSteps({ rate = 0.1, rise = 0.05, steps = 1600 }: CubicEdge): CubicStep[] {
  let [x, sharpness] = [0, (begins * 2) / rate];
  return Array.from({ length: steps }, () => {
    const now = { x, sharpness };
    [x, sharpness] = [x - rate * (sharpness * x + pull), sharpness - rate * (x ** 2 / 2 - rise)];
    return now;
  });
}

export function cubicEdge(run: CubicEdge = {}): HistoryRecord[] {
  const { rate = 0.1, rise = 0.05, every = 20, setting = {} } = run;
  const path = cubicSteps(run);
  const records: HistoryRecord[] = opening({ ...setting, group: { learningRate: rate, ...setting.group } });
  for (const [step, { x, sharpness }] of path.entries()) {
    const loss = 100 + (sharpness * x ** 2) / 2 - rise * sharpness + pull * x;
    const norm = Math.hypot(sharpness * x + pull, x ** 2 / 2 - rise);
    records.push({ t: "step", step, values: { "loss/train": loss, "gradient/norm": norm } });
    if (step % every > 0) continue;
    records.push(
      measured(step, {
        "sharpness/batch": sharpness,
        "sharpness/progressive": rise - x ** 2 / 2,
        "sharpness/gradientNorm": 1,
      }),
    );
  }
  return [...records, { t: "end", step: path.length, how: "finished" }];
}
