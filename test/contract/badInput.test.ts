import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { fixtures, recordsOf, runBare, runProbed, series, type ProbedOutcome } from "./probeRun.ts";

const folder = path.join(fixtures, "badInput");

interface Expected {
  readonly steps: number;
  /** Codes of notes that tell what is left out, or what a person should know. */
  readonly notes?: readonly string[];
  /** The values of a series, where they are known: each within 1e-3 of the one at its place, or all of the only one. */
  readonly values?: Readonly<Record<string, number | readonly number[]>>;
  /** Series that have no value. */
  readonly absent?: readonly string[];
  readonly how?: "finished" | "diverged";
}

const curvature = ["sharpness/batch", "hessian/trace", "sharpness/gap", "hessian/meanEigenvalue"];

const scripts: Readonly<Record<string, Expected>> = {
  accumulated: { steps: 12, notes: ["several-evaluations", "gradient-differs"], absent: curvature },
  assignedWithin: { steps: 12, notes: ["measurement-failed"], values: { "sharpness/batch": 6, "hessian/trace": 8 } },
  atMinimum: { steps: 12, values: { "sharpness/batch": 4, "hessian/trace": 5, "gradient/norm": 0 } },
  backendSetLate: { steps: 12, notes: ["backend-changed"] },
  batchOfOne: { steps: 12, notes: ["batch-not-split", "kernel-examples"], absent: ["gradient/noise"] },
  becomesNotANumber: { steps: 15, notes: ["loss-not-finite", "weights-not-finite"], how: "diverged" },
  clippedByValue: { steps: 12, notes: ["gradient-differs"], absent: curvature },
  customGradient: { steps: 12, values: { "sharpness/batch": 0 } },
  deadNetwork: { steps: 12, values: { "sharpness/batch": 2, "hessian/trace": 2, "activation/deadFraction@hidden": 1 } },
  debugged: { steps: 8, notes: ["kernels-shown"], values: { "sharpness/batch": [2, 2, 2, 2] } },
  disposedWhileStepping: { steps: 12 },
  disposedWithin: { steps: 8 },
  engineReset: { steps: 12, notes: ["several-optimizers"], values: { "sharpness/batch": [2, 2, 2, 2, 2, 2] } },
  enormous: { steps: 12 },
  flat: {
    steps: 12,
    values: { "sharpness/batch": 0, "sharpness/preconditioned": 0, "hessian/trace": 0, "gradient/norm": 0 },
    absent: ["sharpness/directional", "gradient/topShare", "update/relative@second"],
  },
  frozen: { steps: 15, notes: ["initialization-unknown", "probe-set-anew"] },
  infiniteCurvature: { steps: 12, notes: ["curvature-not-finite"], absent: curvature },
  integers: { steps: 12 },
  kernelWithoutRule: { steps: 12, notes: ["unsupported-kernels"], absent: curvature },
  lastBatchEmpty: { steps: 16, notes: ["batch-not-split"] },
  layersComeAndGo: { steps: 12, notes: ["several-optimizers"] },
  lossNeverRead: { steps: 12, values: { "sharpness/batch": 6, "hessian/trace": 8 } },
  minute: { steps: 12 },
  modelDisposed: { steps: 15, notes: ["several-optimizers"] },
  notAScalar: { steps: 12, notes: ["loss-unknown"], absent: ["loss/train", ...curvature] },
  oneClass: { steps: 12, notes: ["collapse-examples"], values: { "sharpness/batch": 0 }, absent: ["collapse/nc1"] },
  oneClassOfThree: { steps: 12, notes: ["collapse-examples"], absent: ["collapse/nc1"] },
  oneOptimizerForTwoModels: { steps: 12, notes: ["probe-set-anew"] },
  oneParameter: { steps: 12, values: { "sharpness/batch": 3, "hessian/trace": 3, "sharpness/directional": 3 } },
  optimizerSwapped: { steps: 12, notes: ["several-optimizers"] },
  profiled: { steps: 6, notes: ["kernels-shown"], absent: curvature },
  reversedGradient: {
    steps: 12,
    notes: ["curvature-not-symmetric"],
    absent: curvature.filter((name) => !name.endsWith("trace")),
  },
  scopesMisused: { steps: 14 },
  sharedLayer: { steps: 12, notes: ["activation-unclear"], absent: ["activation/rms@dense_Dense1"] },
  twoModelsInTurn: { steps: 12, notes: ["several-optimizers"] },
  variableDisposed: { steps: 15, notes: ["initialization-unknown", "probe-set-anew"] },
  zeroLearningRate: { steps: 12, values: { "update/norm": 0, "update/relative@w": 0 } },
};

/** Notes that say of something that it went wrong in a way that nobody had thought of. */
const faults = ["probe-failed", "recording-failed", "measurement-failed"];

/** Names of what was recorded as measured and is no number. */
function notFinite(records: readonly SpoolRecord[]): string[] {
  return records.flatMap((record) => {
    if (record.t === "vector") return record.values.every(Number.isFinite) ? [] : [record.name];
    if (record.t !== "measure") return [];
    const numbers = [...Object.entries(record.values), ...Object.entries(record.error ?? {})];
    return numbers.filter(([, value]) => !Number.isFinite(value)).map(([name]) => name);
  });
}

function probe(name: string): Promise<ProbedOutcome> {
  return runProbed(path.join(folder, `${name}.mjs`));
}

describe("a script with what nobody had reckoned with, measured at every step", () => {
  it("has been thought of", () => {
    expect(Object.keys(scripts)).toEqual(readdirSync(folder).map((name) => path.basename(name, ".mjs")));
  });

  it.each(Object.entries(scripts))(
    "%s goes on to the same end; what is recorded is right, or a note says why not",
    async (name, expected) => {
      const [bare, { records, ...probed }] = await Promise.all([
        runBare(path.join(folder, `${name}.mjs`)),
        probe(name),
      ]);
      expect(probed).toEqual(bare);
      expect(bare.exitCode).toBe(0);
      expect(recordsOf(records, "step").map(({ step }) => step)).toEqual(
        Array.from({ length: expected.steps }, (_, step) => step),
      );
      expect(records.at(-1)).toMatchObject({ t: "end", how: expected.how ?? "finished" });
      const codes = recordsOf(records, "note").map(({ code }) => code);
      const wanted = expected.notes ?? [];
      expect(codes).toEqual(expect.arrayContaining([...wanted]));
      expect(codes.filter((code) => faults.includes(code) && !wanted.includes(code))).toEqual([]);
      expect(notFinite(records)).toEqual([]);
      for (const [observable, values] of Object.entries(expected.values ?? {})) {
        const found = series(records, observable).map(([, value]) => value);
        const truth = typeof values === "number" ? Array.from({ length: expected.steps }, () => values) : values;
        expect(found).toHaveLength(truth.length);
        // The accuracy that is asked of a sharpness.
        found.forEach((value, place) => {
          expect(Math.abs(value - (truth[place] ?? Number.NaN))).toBeLessThanOrEqual(
            1e-3 * Math.abs(truth[place] ?? 0),
          );
        });
      }
      for (const absent of expected.absent ?? []) expect(series(records, absent)).toEqual([]);
    },
  );

  it("a loss in units 10⁶⁰ times as large has the same curvature in these units", async () => {
    const [enormous, minute] = await Promise.all([probe("enormous"), probe("minute")]);
    for (const name of [
      "sharpness/batch",
      "sharpness/directional",
      "sharpness/directional@microBatch",
      "hessian/trace",
    ]) {
      const [large, small] = [enormous, minute].map(({ records }) => series(records, name).map(([, value]) => value));
      expect(small).toHaveLength(12);
      // Float32 rounds 10³⁰ and 10⁻³⁰ differently, and a sharpness is within 1e-3.
      small?.forEach((value, place) => {
        expect((value * 1e60) / (large?.[place] ?? Number.NaN)).toBeCloseTo(1, 2);
      });
    }
  });

  it("nothing of the model is measured once its weights are NaN", async () => {
    const { records } = await probe("becomesNotANumber");
    const later = recordsOf(records, "measure").filter(({ step }) => step > 6);
    const families = later.flatMap(({ values }) => Object.keys(values).map((name) => name.replace(/\/.*/, "")));
    expect([...new Set(families)].filter((family) => !["memory", "throughput"].includes(family))).toEqual([]);
  });

  it("a batch without examples has no curvature, and the others have", async () => {
    const { records } = await probe("lastBatchEmpty");
    for (const [step, value] of series(records, "sharpness/batch")) {
      if (step % 4 === 3) expect(value).toBe(0);
      else expect(value).not.toBe(0);
    }
  });

  it("what is frozen or gone is not measured, and what is new is", async () => {
    const steps = ({ records }: ProbedOutcome, name: string) => series(records, name).map(([step]) => step);
    const [frozen, disposed] = await Promise.all([probe("frozen"), probe("variableDisposed")]);
    expect(steps(frozen, "weight/norm@dense_Dense1")).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    expect(steps(frozen, "sharpness/batch")).toHaveLength(15);
    expect(steps(disposed, "weight/norm@extra")).toEqual([0, 1, 2, 3, 4]);
    expect(steps(disposed, "weight/norm@more")).toEqual([10, 11, 12, 13, 14]);
    expect(steps(disposed, "sharpness/batch")).toHaveLength(15);
  });
});
