/** A run that has measured everything: what a probe records of a classifier with three layers. */
import { finishedRun, lastStep } from "./recordings.ts";
import type { VectorRow } from "../../src/run/runRows.ts";
import type { Points, Recording } from "./replayedRun.ts";

const layers = ["embed", "hidden", "logits"] as const;

/** From one value to another, the more slowly the later, every so many steps. */
function course(every: number, from: number, to: number, wave = 0): Points {
  const steps = Array.from({ length: Math.floor(lastStep / every) + 1 }, (_, index) => index * every);
  return {
    steps,
    values: steps.map((step) => to + (from - to) * Math.exp(-step / 1500) + wave * Math.sin(step / 170)),
  };
}

function ofLayers(base: string, every: number, from: number, to: number, chance?: number): Record<string, Points> {
  return Object.fromEntries(
    layers.flatMap((layer, depth) => {
      const scale = 1 + 0.35 * depth;
      const own = [`${base}@${layer}`, course(every, scale * from, scale * to, 0.01 * scale * to)] as const;
      return chance === undefined
        ? [own]
        : [own, [`${base}@${layer}/null`, course(every, scale * chance, scale * chance)] as const];
    }),
  );
}

function list(name: string, step: number, length: number, value: (index: number) => number): VectorRow {
  return { name, step, values: Float64Array.from({ length }, (_none, index) => value(index)), labels: [] };
}

const vectors: readonly VectorRow[] = [1200, 4800].flatMap((step) => {
  const growth = 1 + step / 3000;
  return [
    list("hessian/eigenvalues", step, 10, (index) => (14 * growth) / (1 + index)),
    list("hessian/eigenvalues/residual", step, 10, (index) => (index < 9 ? 1e-5 : 0.6)),
    list("hessian/spectrum", step, 60, (index) => 0.2 * Math.exp(-((index - 12) ** 2) / 90) + 0.002),
    list("hessian/spectrum/at", step, 60, (index) => 0.5 * growth * (index - 10)),
    ...layers.map((layer, depth) =>
      list(`weight/spectrum@${layer}`, step, 24 - 8 * depth, (index) => 0.3 * growth * Math.exp(-index / (4 + depth))),
    ),
  ];
});

const lanczos = { method: "Lanczos, 5 Hessian-vector products, warm start", sample: 64, cost: 0.0031 };

export const richRun: Recording = {
  ...finishedRun,
  vectors,
  measured: {
    "sharpness/batch": { error: 0.00123, measurement: lanczos },
    "weight/stableRank@hidden": { error: NaN, measurement: { method: "Lanczos on WᵀW", cost: 0.00042 } },
  },
  points: {
    ...finishedRun.points,
    ...ofLayers("weight/norm", 2, 2.4, 5.2),
    ...ofLayers("update/relative", 2, 0.03, 0.0004),
    ...ofLayers("update/angle", 2, 0.03, 0.0003),
    ...ofLayers("activation/rms", 20, 0.4, 0.9),
    ...ofLayers("activation/mean", 20, 0.1, 0.3),
    ...ofLayers("activation/deadFraction", 20, 0.02, 0.2),
    ...ofLayers("activation/effectiveRank", 40, 14, 6, 15.6),
    ...ofLayers("activation/participationRatio", 40, 6, 2.1, 13.6),
    ...ofLayers("weight/spectralNorm", 40, 1.4, 3.6),
    ...ofLayers("weight/stableRank", 40, 4.1, 2.2, 4.6),
    ...ofLayers("agreement/cka", 400, 1, 0.3, 0.03),
    ...ofLayers("agreement/neighbours", 400, 0.95, 0.3, 0.1),
    ...ofLayers("sharpness/block", 600, 1.2, 14),
    "weight/bulkLower@embed": { steps: [1200, 4800], values: [0.021, 0.04] },
    "weight/bulkUpper@embed": { steps: [1200, 4800], values: [0.14, 0.26] },
    "update/norm": course(1, 0.1, 0.002),
    "gradient/noise": course(100, 6, 0.2),
    "gradient/signal": course(100, 0.2, 0.01),
    "gradient/noiseScale": course(100, 40, 310, 12),
    "gradient/noiseScale/low": course(100, 30, 240),
    "gradient/noiseScale/high": course(100, 60, 420),
    "gradient/topShare": course(300, 0.2, 0.7),
    "gradient/topShare/null": course(300, 0.02, 0.02),
    "collapse/nc1": course(120, 5.5, 0.08),
    "collapse/nc1/null": course(120, 30, 28),
    "collapse/nc4": course(120, 0.5, 0.02),
    "collapse/nc4/null": course(120, 0.6, 0.6),
    "hessian/trace": course(300, 6.6, 40),
    "kernel/alignment": course(500, 0.04, 0.3),
    "kernel/alignment/null": course(500, 0.012, 0.012),
    "balance/defect@embed→hidden": course(1, 2.12, 2.1),
    "memory/process": course(400, 1.06e8, 2.9e8),
    "step/seconds": course(1, 0.004, 0.0015),
    "mystery/ofTomorrow@hidden": course(50, 1, 2),
  },
};
