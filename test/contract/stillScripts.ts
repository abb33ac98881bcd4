import path from "node:path";
import { fixtures, type ProbedOutcome } from "./probeRun.ts";

/** A script that prints its losses, its memory, and the bits of all its weights and slots after 200 steps. */
interface StillScript {
  readonly name: string;
  /** 1 measures everything at every step; the others ask for everything at every seventeenth. */
  readonly budget: number;
  /** What applies to it, beside what applies to all. */
  readonly measures: readonly string[];
}

const slow = 0.2;
/** Milliseconds: a quarter of a minute on a machine of its own. */
export const timeout = 300_000;
const activations = ["activation/effectiveRank", "activation/participationRatio", "activation/dormantFraction"];
const agreement = ["agreement/cka", "agreement/neighbours"];
const collapse = ["collapse/nc1", "collapse/nc2", "collapse/nc3", "collapse/nc4", "collapse/equinorm"];
const kernel = ["kernel/largest", "kernel/alignment", "kernel/distance", "kernel/spectrum"];
const noise = ["gradient/noise", "gradient/signal"];
const probe = ["loss/probe", "sharpness/probe"];
const preconditioned = "sharpness/preconditioned";
/** Where no rectifier or pooling switches on the way. */
const slope = "sharpness/gradientNorm";

export const stillScripts: readonly StillScript[] = [
  { name: "perceptron.mjs", budget: 1, measures: [...activations, ...collapse, ...kernel, ...noise, slope] },
  {
    name: "trainOnBatch.cjs",
    budget: 1,
    measures: [...activations, ...agreement, ...noise, ...probe, "gradient/noiseScale", preconditioned, slope],
  },
  { name: "clipped.mjs", budget: slow, measures: [...activations, ...agreement, ...kernel, ...noise, slope] },
  { name: "twoOptimizers.mjs", budget: slow, measures: [...probe, "kernel/largest", "kernel/distance", slope] },
  {
    name: "fit.mjs",
    budget: slow,
    measures: [...activations, ...collapse, ...agreement, ...kernel, ...probe, preconditioned, "scale/product"],
  },
  { name: "fitDataset.mjs", budget: slow, measures: [...activations, ...agreement, ...kernel, ...probe, slope] },
  { name: "convolution.mjs", budget: slow, measures: [...activations, ...collapse, ...kernel, "scale/product"] },
  {
    name: "transformer.mjs",
    budget: slow,
    measures: [...activations, ...collapse, ...agreement, ...kernel, ...probe, preconditioned, slope],
  },
  {
    name: "recurrent.mjs",
    budget: slow,
    measures: [...agreement, ...kernel, ...noise, ...probe, preconditioned, slope],
  },
];

const always = [
  ...["loss/train", "gradient/norm", "gradient/alongWeights", "gradient/cosine", "memory/process", "memory/device"],
  ...["update/norm", "update/relative", "update/angle", "update/stableRank"],
  ...["weight/norm", "weight/spectralNorm", "weight/stableRank", "weight/spectrum"],
  ...["sharpness/batch", "sharpness/directional", "sharpness/progressive", "sharpness/block", "sharpness/gap"],
  ...["hessian/trace", "hessian/meanEigenvalue", "hessian/spectrum", "hessian/eigenvalues", "gradient/topShare"],
];

export function pathOf({ name }: StillScript): string {
  return path.join(fixtures, "still", name);
}

/** Of what applies to the script, what was not measured once. */
export function unmeasured({ budget, measures }: StillScript, { records }: ProbedOutcome): string[] {
  const names = records.flatMap((record) => {
    if (record.t === "vector") return [record.name];
    return record.t === "step" || record.t === "measure" ? Object.keys(record.values) : [];
  });
  const measured = new Set(names.map((name) => name.replace(/@.*/, "")));
  // Whether the kept batches are complete in time hangs on the clock, unless everything is measured at every step.
  const isCertain = (name: string) => budget === 1 || !/^(collapse|agreement)\/|\/probe$/.test(name);
  return [...always, ...measures].filter((name) => isCertain(name) && !measured.has(name));
}
