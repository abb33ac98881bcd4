import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, type Setting } from "../theoryStreams.ts";

export interface NoisyQuadratic extends Setting {
  readonly steps: number;
  readonly seed: number;
  readonly batch: number;
  /** Learning rate at a step. */
  rate(step: number): number;
  readonly momentum?: number;
  /** Eigenvalues of the Hessian. */
  readonly curvatures: readonly number[];
  /** Distances from the optimum at the start. */
  readonly start: readonly number[];
  /** Where the optimum lies: ⟨w, g⟩ depends on it. */
  readonly optimum: readonly number[];
  /** Variances of an example's gradient along each eigenvector. */
  readonly variances: readonly number[];
  readonly every?: number;
}

/** The excess loss ½·Σ h·x² of a quadratic. */
function excess(curvatures: readonly number[], distances: readonly number[]): number {
  return curvatures.reduce((sum, curvature, index) => sum + (curvature * (distances[index] ?? NaN) ** 2) / 2, 0);
}

/**
 * Stochastic (heavy-ball) gradient descent in float64 on ½·Σ h(w − w*)² with Gaussian gradient noise of variance s²/B, as a probe
 * would have recorded it. Losses are true ones plus a scatter of 5 %.
 */
export function noisyQuadratic(run: NoisyQuadratic): HistoryRecord[] {
  const { steps, seed, batch, curvatures, optimum, variances, momentum = 0, every = 10 } = run;
  const next = gaussians(seed);
  const distances = [...run.start];
  const velocity = distances.map(() => 0);
  const noise = variances.reduce((sum, variance) => sum + variance, 0);
  const group = { learningRate: run.rate(0), ...(momentum > 0 && { momentum }), ...run.group };
  const records: HistoryRecord[] = [
    { t: "model", step: 0, id: "m", modules: [], parameters: curvatures.length },
    ...opening({ ...run, batch, examples: run.examples ?? 100_000, kind: momentum > 0 ? "momentum" : "sgd", group }),
  ];
  let moves = false;
  for (let step = 0; step < steps; step++) {
    const rate = run.rate(step);
    if (rate !== run.rate(0) && !moves) {
      moves = true;
      records.push(
        ...opening({ ...run, group: { ...group, learningRate: rate } })
          .filter(({ t }) => t === "optimizer")
          .map((each) => ({ ...each, step, schedule: "moves" }) as HistoryRecord),
      );
    }
    const loss = excess(curvatures, distances) * (1 + 0.05 * next());
    let [along, squares, change] = [0, 0, 0];
    for (const [index, curvature] of curvatures.entries()) {
      const distance = distances[index] ?? NaN;
      const gradient = curvature * distance + Math.sqrt((variances[index] ?? NaN) / batch) * next();
      const moved = momentum * (velocity[index] ?? NaN) + gradient;
      velocity[index] = moved;
      distances[index] = distance - rate * moved;
      along += (distance + (optimum[index] ?? NaN)) * gradient;
      squares += gradient ** 2;
      change += (rate * moved) ** 2;
    }
    const values = {
      "loss/train": loss,
      "optimizer/learningRate": rate,
      "batch/size": batch,
      "gradient/norm": Math.sqrt(squares),
      "gradient/alongWeights": along,
      "update/norm": Math.sqrt(change),
    };
    records.push({ t: "step", step, values });
    if (step % every === 0)
      records.push(measured(step, { "gradient/noise": noise, "gradient/signal": squares - noise / batch }));
  }
  return [...records, { t: "end", step: steps, how: "finished" }];
}
