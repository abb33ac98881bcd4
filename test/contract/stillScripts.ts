import path from "node:path";
import { fixtures, type ProbedOutcome } from "./probeRun.ts";

/** A script that prints its losses, its memory, and the bits of all its weights and slots after 200 steps. */
interface StillScript {
  readonly name: string;
  /** What applies to it, beside what applies to all: the same on every machine, however slow. */
  readonly measures: readonly string[];
}

/**
 * Of a step. Each script asks for everything at every so many steps, as a person does by Measure Now; in between the budget, by the clock,
 * has some of it measured.
 */
export const budget = 0.2;
/** Milliseconds: a quarter of a minute on a machine of its own. */
export const timeout = 300_000;

const moments = ["activation/mean", "activation/rms", "activation/dormantFraction"];
const features = ["feature/nfa", "feature/nfaLinear"];
const activations = [...moments, ...features, "activation/effectiveRank", "activation/participationRatio"];
const dead = "activation/deadFraction";
const agreement = ["agreement/cka", "agreement/neighbours"];
const representations = ["representation/examples", "representation/neighbours"];
const balance = ["balance/defect", "balance/drift", "balance/residual", "balance/gradient"];
const collapse = ["collapse/nc1", "collapse/nc2", "collapse/nc3", "collapse/nc4", "collapse/equinorm"];
const noise = ["gradient/noise", "gradient/signal"];
const noiseScale = ["gradient/noiseScale", "gradient/noiseScale/low", "gradient/noiseScale/high"];
const probe = ["loss/probe", "sharpness/probe"];
const preconditioned = "sharpness/preconditioned";
/** Where at some steps no rectifier or pooling switches on the way. */
const slope = "sharpness/gradientNorm";
const aligned = "kernel/alignment";
const scale = "scale/product";
const samples = "throughput/samples";

export const stillScripts: readonly StillScript[] = [
  {
    name: "perceptron.mjs",
    measures: [...activations, dead, ...collapse, ...noise, aligned, slope, samples],
  },
  {
    name: "trainOnBatch.cjs",
    measures: [
      ...[...activations, ...agreement, ...representations, ...noise, ...noiseScale, ...probe],
      ...[preconditioned, aligned, slope, samples],
    ],
  },
  {
    name: "clipped.mjs",
    measures: [...activations, ...agreement, ...representations, ...noise, aligned, slope, samples],
  },
  { name: "twoOptimizers.mjs", measures: [...probe, slope] },
  {
    name: "fit.mjs",

    measures: [
      ...[...activations, dead, ...collapse, ...agreement, ...representations, ...probe],
      ...[preconditioned, aligned, scale, slope, samples],
    ],
  },
  {
    name: "fitDataset.mjs",

    measures: [...activations, ...agreement, ...representations, ...probe, "feature/fact", aligned, slope, samples],
  },
  {
    name: "convolution.mjs",

    measures: [...activations, dead, ...balance, ...collapse, aligned, scale, samples],
  },
  {
    name: "transformer.mjs",

    measures: [...activations, ...collapse, ...agreement, ...probe, "stream/rms", preconditioned, aligned, slope],
  },
  {
    name: "recurrent.mjs",

    measures: [
      ...[...moments, ...features, ...agreement, ...noise, ...probe],
      ...[preconditioned, aligned, slope, samples],
    ],
  },
];

const always = [
  ...["loss/train", "gradient/norm", "gradient/alongWeights", "gradient/cosine", "gradient/ratio"],
  ...["memory/process", "memory/device", "gradient/topShare", "kernel/largest", "kernel/distance", "kernel/spectrum"],
  ...["update/norm", "update/relative", "update/angle", "update/stableRank"],
  ...["weight/norm", "weight/spectralNorm", "weight/stableRank", "weight/spectrum"],
  ...["sharpness/batch", "sharpness/directional", "sharpness/progressive", "sharpness/block", "sharpness/gap"],
  ...["hessian/trace", "hessian/meanEigenvalue", "hessian/rootMeanSquareEigenvalue"],
  ...["hessian/spectrum", "hessian/eigenvalues"],
];

/** All that is measured of some script. */
export const measuredOfSome: ReadonlySet<string> = new Set([
  ...always,
  ...stillScripts.flatMap(({ measures }) => measures),
]);

export function pathOf({ name }: StillScript): string {
  return path.join(fixtures, "still", name);
}

/** Of what applies to the script, what was not measured once. */
export function unmeasured({ measures }: StillScript, { records }: ProbedOutcome): string[] {
  const names = records.flatMap((record) => {
    if (record.t === "vector") return [record.name];
    return record.t === "step" || record.t === "measure" ? Object.keys(record.values) : [];
  });
  const measured = new Set(names.map((name) => name.replace(/@.*/, "")));
  return [...always, ...measures].filter((name) => !measured.has(name));
}
