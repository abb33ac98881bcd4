/** Curvature of the whole batch, where two PyTorch processes train together on one half of it each. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { readRecords, recordsOf, root, run, series, type Outcome } from "./probeRun.ts";
import { oneThread, python, torchFixture } from "./torchRun.ts";

const script = torchFixture("together.py");
const steps = 8;
/** The first that can be agreed on and, where everything may be measured all the time, each second one from then on. */
const jointSteps = [3, 5, 7];
/** Products in float32 of some tens of weights, which differ by roundings of sums in another order: errors are below 1e-6. */
const tolerance = 1e-4;
/** Milliseconds. */
const patience = 120_000;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-together-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Trained {
  readonly outcomes: readonly Outcome[];
  /** What a process that came to its end has printed. */
  readonly printed: (rank: number) => string;
  readonly records: readonly SpoolRecord[];
}

/** What PyTorch itself tells, with the time: of parameters that it looks for in vain. */
const told = /^(?:.*reducer\.cpp|WARNING: Logging before InitGoogleLogging).*\n/gm;

const probing = {
  PYTHONPATH: path.join(root, "src", "probe", "torch"),
  PYTHONDONTWRITEBYTECODE: "1",
  ORRERY_DEVICES: "cpu",
};

function start(out: string): string[] {
  return ["-m", "orrery_probe", "--out", out, "--budget", "1"];
}

/**
 * Trains in a folder of its own, with the probe or without; `variable` tells each process its rank. Where PyTorch hangs without the probe,
 * that says nothing of the probe, and there is a second attempt.
 */
async function train(kind: string, isProbed: boolean, variable = "RANK"): Promise<Trained> {
  const trained = await trainOnce(kind, isProbed, variable);
  return isProbed || trained.outcomes.every(({ exitCode }) => exitCode !== null)
    ? trained
    : await trainOnce(kind, isProbed, variable);
}

async function trainOnce(kind: string, isProbed: boolean, variable: string): Promise<Trained> {
  const own = path.join(folder, `${kind}-${isProbed ? "probed" : "bare"}`);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  const out = path.join(own, "run");
  const outcomes = await Promise.all(
    (kind === "alone" ? [0] : [0, 1]).map((rank) =>
      run(
        python ?? "",
        ["-X", "faulthandler", ...(isProbed ? start(out) : []), script, own, kind],
        { ...(isProbed ? probing : {}), [variable]: String(rank), ...oneThread },
        "",
        patience,
      ),
    ),
  );
  return {
    outcomes: outcomes.map((outcome) => ({ ...outcome, errors: outcome.errors.replaceAll(told, "") })),
    printed: (rank) => readFileSync(path.join(own, `rank${rank}`), "utf8"),
    records: readRecords(out),
  };
}

/** See the script. */
const denseSchema = z.array(
  z.object({
    eigenvalues: z.array(z.number()),
    noise: z.number(),
    signal: z.number(),
    alongOwnGradient: z.number(),
  }),
);

/** In double precision, at the weights before each step of a training without the probe. */
async function dense(kind: string): Promise<z.infer<typeof denseSchema>> {
  const { output } = await run(python ?? "", [script, path.join(folder, `${kind}-bare`), "dense"], oneThread);
  return denseSchema.parse(JSON.parse(output));
}

function codesOf(records: readonly SpoolRecord[]): string[] {
  return recordsOf(records, "note").map(({ code }) => code);
}

function expectNear(value: number, wanted: number | undefined, scale = wanted): void {
  expect(Math.abs(value - (wanted ?? Number.NaN))).toBeLessThanOrEqual(tolerance * Math.abs(scale ?? Number.NaN));
}

// Each starts PyTorch several times over.
describe.skipIf(python === undefined)("two PyTorch processes that train together", { timeout: 300_000 }, () => {
  test.each([
    { kind: "plain", how: "on one batch each" },
    { kind: "accumulation", how: "on micro-batches of different sizes" },
    { kind: "unused", how: "looking for parameters without a gradient" },
    { kind: "checkpoint", how: "with checkpoints, running the model again" },
  ])(
    "$how: train bit for bit as without the probe, and the first records the curvature of all their examples",
    async ({ kind }) => {
      const [bare, probed] = await Promise.all([train(kind, false), train(kind, true)]);
      expect(probed.outcomes).toEqual(bare.outcomes);
      for (const rank of [0, 1]) expect(probed.printed(rank)).toBe(bare.printed(rank));

      const expected = await dense(kind);
      const sharpness = series(probed.records, "sharpness/batch");
      expect(sharpness.map(([step]) => step)).toEqual(jointSteps);
      for (const [step, value] of sharpness) expectNear(value, expected[step]?.eigenvalues[0]);
      const vectors = recordsOf(probed.records, "vector").filter(({ name }) => name === "hessian/eigenvalues");
      expect(vectors.map(({ step }) => step)).toEqual(jointSteps);
      for (const { step, values } of vectors)
        for (const [index, value] of values.entries())
          expectNear(value, expected[step]?.eigenvalues[index], expected[step]?.eigenvalues[0]);

      // Of the parts that the processes have.
      for (const [name, of, scale] of [
        ["gradient/noise", "noise", "noise"],
        // A difference, which is small where noise is large.
        ["gradient/signal", "signal", "noise"],
        ["sharpness/directional@microBatch", "alongOwnGradient", "alongOwnGradient"],
      ] as const) {
        const measured = series(probed.records, name);
        expect(measured.map(([step]) => step)).toEqual(jointSteps);
        for (const [step, value] of measured) expectNear(value, expected[step]?.[of], expected[step]?.[scale]);
      }

      // The gradient that goes with it is that which the processes have exchanged.
      const cosines = series(probed.records, "gradient/cosine");
      expect(cosines.map(([step]) => step)).toEqual(jointSteps);
      for (const [, cosine] of cosines) expect(cosine).toBeGreaterThan(1 - 1e-6);
      for (const [, ratio] of series(probed.records, "gradient/ratio")) expectNear(ratio, 1);
      const measures = recordsOf(probed.records, "measure").filter(({ values }) => "sharpness/batch" in values);
      for (const { sample } of measures) expect(sample).toBe(16);
      const codes = codesOf(probed.records).filter((code) => code !== "activation-unclear");
      expect(codes).toEqual(["one-of-several-processes"]);
      expect(series(probed.records, "loss/train")).toHaveLength(steps);
    },
  );

  test("have the curvature that a single process measures on the examples of both", async () => {
    const [both, single] = await Promise.all([train("plain", true), train("alone", true)]);
    for (const name of ["sharpness/batch", "sharpness/directional", "sharpness/gap", "hessian/trace"]) {
      const whole = new Map(series(single.records, name));
      const measured = series(both.records, name);
      expect(measured.map(([step]) => step)).toEqual(jointSteps);
      for (const [step, value] of measured) expectNear(value, whole.get(step));
    }
  });

  test("have no gradient noise where one has more examples than the other", async () => {
    const { records } = await train("lopsided", true);
    expect(series(records, "sharpness/batch").map(([step]) => step)).toEqual(jointSteps);
    expect(series(records, "gradient/noise")).toEqual([]);
    expect(codesOf(records)).toContain("batch-not-split");
  });

  test.each([
    { kind: "custom", why: "one of them cannot", code: "curvature-of-some" },
    {
      kind: "exchange",
      why: "the model would have to be run again, and exchanges something",
      code: "curvature-unavailable",
    },
  ])("measure nothing together where $why, and go on", async ({ kind, code }) => {
    const [bare, probed] = await Promise.all([train(kind, false), train(kind, true)]);
    expect(probed.outcomes).toEqual(bare.outcomes);
    for (const rank of [0, 1]) expect(probed.printed(rank)).toBe(bare.printed(rank));
    expect(series(probed.records, "sharpness/batch")).toEqual([]);
    expect(codesOf(probed.records)).toContain(code);
    expect(codesOf(probed.records)).not.toContain("several-processes-apart");
  });

  test("measure nothing together once one of them has no more batches, and go on", async () => {
    const [bare, probed] = await Promise.all([train("uneven", false), train("uneven", true)]);
    expect(probed.outcomes).toEqual(bare.outcomes);
    for (const rank of [0, 1]) expect(probed.printed(rank)).toBe(bare.printed(rank));
    expect(series(probed.records, "sharpness/batch").map(([step]) => step)).toEqual([3]);
    expect(codesOf(probed.records)).toContain("several-processes-apart");
  });

  test("end as without the probe where one of them raises something", async () => {
    const [bare, probed] = await Promise.all([train("raises", false), train("raises", true)]);
    expect(probed.outcomes.map(({ exitCode }) => exitCode)).toEqual(bare.outcomes.map(({ exitCode }) => exitCode));
    expect(probed.outcomes[1]).toEqual(bare.outcomes[1]);
    expect(series(probed.records, "loss/train")).toHaveLength(5);
    expect(recordsOf(probed.records, "end")).toMatchObject([{ how: "failed" }]);
  });

  test("measure nothing together any more where one dies in the middle of it", async () => {
    const { outcomes, records } = await train("dies", true);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1, 3]);
    expect(series(records, "loss/train")).toHaveLength(4);
    expect(codesOf(records)).toContain("several-processes-apart");
    expect(recordsOf(records, "end")).toMatchObject([{ how: "failed" }]);
  });

  test("may be started by `torchrun`", async ({ skip }) => {
    const out = path.join(folder, "run");
    const launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"];
    // Standard output by way of a file: with nothing to redirect, PyTorch 1.13's starts no processes on Python 3.11.
    const logged = ["--redirects", "1", "--tee", "1", "--log_dir", path.join(folder, "logs")];
    const own = ["--module", "orrery_probe", "--out", out, "--budget", "1", script, folder, "plain"];
    const outcome = await run(python ?? "", [...launcher, ...logged, ...own], { ...probing, ...oneThread });
    if (outcome.errors.includes("without libuv"))
      skip("Debian's newer PyTorch is built without what its launcher needs");
    expect(outcome.exitCode, outcome.errors).toBe(0);
    expect(series(readRecords(out), "sharpness/batch").map(([step]) => step)).toEqual(jointSteps);
  });

  test("and know each other by SLURM alone: only the first records, into the folder that was given to both", async () => {
    const { outcomes, records } = await train("plain", true, "SLURM_PROCID");
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(outcomes[1]?.errors).toContain("SLURM_PROCID");
    expect(recordsOf(records, "begin")).toHaveLength(1);
    expect(recordsOf(records, "end")).toMatchObject([{ how: "finished" }]);
    expect(series(records, "loss/train")).toHaveLength(steps);
    expect(series(records, "sharpness/batch").map(([step]) => step)).toEqual(jointSteps);
  });
});

test.skipIf(python === undefined)("of two processes that are given one folder and no ranks, one refuses", async () => {
  const out = path.join(folder, "run");
  const words = [...start(out), torchFixture("command_line.py"), "--steps", "3", "--width", "2"];
  const outcomes = await Promise.all([0, 1].map(() => run(python ?? "", words, { ...probing, ...oneThread })));
  expect(outcomes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
  expect(outcomes.map(({ errors }) => errors).join("")).toContain("holds a run already");
  const records = readRecords(out);
  expect(recordsOf(records, "begin")).toHaveLength(1);
  expect(recordsOf(records, "end")).toHaveLength(1);
});
