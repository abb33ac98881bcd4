import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findPython } from "../../scripts/python.ts";

const numbers = z.record(z.string(), z.number());
const caseSchema = z.object({
  measured: z.object({
    values: numbers,
    errors: numbers,
    vectors: z.record(z.string(), z.array(z.number())),
    methods: z.record(z.string(), z.string()),
    notes: z.array(z.object({ code: z.string(), text: z.string() })),
  }),
  expected: z.object({ eigenvalues: z.array(z.number()) }).catchall(z.number().nullable()),
});
type Case = z.infer<typeof caseSchema>;

const python = findPython();
const root = path.join(import.meta.dirname, "..", "..");

/** Products in float32 of some tens of weights: measured errors are below 1e-6, the eigenvalue's tolerance is 1e-3 of a quarter's move. */
const curvatureTolerance = 1e-4;

const along = {
  graph: "along the living graph",
  replay: "by replay of the model",
  tape: "by a recorded tape of operations",
} as const;

const cases = [
  { name: "mean", how: along.graph },
  { name: "sum", how: along.graph },
  { name: "coupled weight decay", how: along.graph },
  { name: "Adam", how: along.graph },
  { name: "label smoothing", how: along.graph },
  { name: "batch normalization", how: along.graph },
  { name: "dropout", how: along.graph },
  { name: "repeated eigenvalue", how: along.graph },
  { name: "accumulation", how: along.graph },
  { name: "once differentiable", how: along.tape },
  { name: "detached backward", how: along.tape },
  { name: "checkpoint", how: along.replay },
] as const;

function errorOfSlope({ errors }: Case["measured"]): number {
  return errors["sharpness/gradientNorm"] ?? 0;
}

describe.skipIf(python === undefined)("curvature of a PyTorch training against the dense Hessian of the loss", () => {
  let report: Record<string, Case> = {};

  beforeAll(() => {
    const script = path.join(root, "test", "oracle", "torch", "curvature_cases.py");
    const { stdout, stderr, status } = spawnSync(
      python ?? "",
      [script, path.join(root, "src", "probe", "torch")],
      // Threads would only wait for each other on networks of this size.
      { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1" }, maxBuffer: 64 * 1024 ** 2 },
    );
    if (status !== 0) throw new Error(stderr);
    report = z.record(z.string(), caseSchema).parse(JSON.parse(stdout));
  });

  function find(name: string): Case {
    const found = report[name];
    if (found === undefined) throw new Error(`The case ${name} was not run.`);
    return found;
  }

  function expectNear(name: string, series: string, tolerance = curvatureTolerance): void {
    const { measured, expected } = find(name);
    const wanted = expected[series];
    if (typeof wanted !== "number") throw new Error(`${series} of ${name} is not known.`);
    expect(Math.abs((measured.values[series] ?? Number.NaN) - wanted), `${series} of ${name}`).toBeLessThanOrEqual(
      tolerance * Math.abs(wanted),
    );
  }

  test.each(cases)("$name: the sharpness is the largest eigenvalue, $how", ({ name, how }) => {
    expectNear(name, "sharpness/batch");
    expectNear(name, "sharpness/directional");
    expect(find(name).measured.methods["sharpness/batch"]).toContain(how);
  });

  test.each(cases)("$name: the largest eigenvalues and the gradient's share in their space are right", ({ name }) => {
    const { measured, expected } = find(name);
    const values = measured.vectors["hessian/eigenvalues"] ?? [];
    const scale = Math.abs(expected.eigenvalues[0] ?? 0);
    expect(values).toHaveLength(expected.eigenvalues.length);
    for (const [index, value] of values.entries()) {
      expect(Math.abs(value - (expected.eigenvalues[index] ?? Number.NaN))).toBeLessThanOrEqual(
        curvatureTolerance * scale,
      );
    }
    expectNear(name, "gradient/topShare", 1e-3);
  });

  test.each(cases)("$name: trace, mean and root mean square of the eigenvalues are within their errors", ({ name }) => {
    const { measured, expected } = find(name);
    for (const series of ["hessian/trace", "hessian/meanEigenvalue", "hessian/rootMeanSquareEigenvalue"]) {
      const difference = Math.abs((measured.values[series] ?? Number.NaN) - (expected[series] ?? Number.NaN));
      // Errors are one standard error; the directions are drawn from fixed seeds, so that this cannot come out otherwise.
      expect(difference, series).toBeLessThanOrEqual(4 * (measured.errors[series] ?? 0));
    }
  });

  test.each(cases)("$name: the rate of progressive sharpening is within its error", ({ name }) => {
    const { measured, expected } = find(name);
    const [value, wanted] = [measured.values["sharpness/progressive"], expected["sharpness/progressive"]];
    const difference = Math.abs((value ?? Number.NaN) - (wanted ?? Number.NaN));
    expect(difference).toBeLessThanOrEqual(measured.errors["sharpness/progressive"] ?? 0);
    // The network's own scale of that rate is its sharpness times its gradient's length; an error of the order of the rate says nothing.
    if (name !== "repeated eigenvalue") {
      expect(measured.errors["sharpness/progressive"] ?? Infinity).toBeLessThan(0.02 * Math.abs(wanted ?? 0));
    }
  });

  test.each(cases)("$name: the norm of the sharpness' gradient is within its error, where it has one", ({ name }) => {
    const { measured, expected } = find(name);
    const wanted = expected["sharpness/gradientNorm"] ?? Number.NaN;
    const value = measured.values["sharpness/gradientNorm"];
    // A quadratic form's curvature is the same everywhere.
    if (name === "repeated eigenvalue") expect(value).toBeUndefined();
    else expect(Math.abs((value ?? Number.NaN) - wanted)).toBeLessThanOrEqual(errorOfSlope(measured));
    if (value !== undefined) expect(errorOfSlope(measured)).toBeLessThanOrEqual(0.1 * value);
  });

  test("a layer's block of the Hessian has its own largest eigenvalue", () => {
    const { measured, expected } = find("mean");
    const difference = Math.abs(
      (measured.values["sharpness/block@2"] ?? Number.NaN) - (expected["block"] ?? Number.NaN),
    );
    expect(difference).toBeLessThanOrEqual(curvatureTolerance * (expected["block"] ?? 0));
  });

  test.each(["mean", "dropout"])(
    "%s: micro-batches of single examples, each with its own mask, show the gradients' covariance and the curvature along each",
    (name) => {
      for (const series of ["gradient/noise", "gradient/signal", "sharpness/directional@microBatch"]) {
        expectNear(name, series);
      }
    },
  );

  test("with batch normalization the batch is not taken apart, and a note says so", () => {
    const { measured } = find("batch normalization");
    expect(measured.values).not.toHaveProperty("gradient/noise");
    expect(measured.values).not.toHaveProperty("sharpness/directional@microBatch");
    expect(measured.notes.map(({ code }) => code)).toContain("batch-not-split");
  });

  test("backward passes that are added up are the micro-batches", () => {
    const { measured } = find("accumulation");
    expect(measured.methods["gradient/noise"]).toMatch(/^3 micro-batches/);
  });

  test("the tangent kernel is that of the written-out Jacobian, and so is its way from the start", () => {
    for (const series of ["kernel/largest", "kernel/alignment", "kernel/distance"]) expectNear("mean", series);
  });

  test("a coupled weight decay is no part of the loss, nor of its curvature", () => {
    // The dense Hessian is that of the mean of squared errors alone, which the first test has compared; the weights differ by the decay.
    const [decayed, plain] = [find("coupled weight decay"), find("mean")];
    expect(decayed.measured.values["sharpness/batch"]).not.toBe(plain.measured.values["sharpness/batch"]);
    expect(decayed.measured.values["gradient/cosine"]).toBeGreaterThan(1 - 1e-6);
  });

  test("Adam's preconditioned sharpness is that of its own second moments at this step", () => {
    expectNear("Adam", "sharpness/preconditioned");
  });

  test("a gradient scaler's scale is taken out of the curvature, where the processor has one", ({ skip }) => {
    if (report["gradient scaler"] === undefined) skip("this PyTorch has none");
    expectNear("gradient scaler", "sharpness/batch");
    expect(find("gradient scaler").measured.values["sharpness/batch"]).toBe(
      find("mean").measured.values["sharpness/batch"],
    );
  });

  test("what the probe makes itself lies where it says, whatever device the script makes the default", ({ skip }) => {
    if (report["default device"] === undefined) skip("this PyTorch has none");
    const [other, plain] = [find("default device").measured, find("mean").measured];
    expect(Object.keys(other.values).sort()).toEqual(Object.keys(plain.values).sort());
    expect(other.notes).toEqual(plain.notes);
    for (const name of ["sharpness/batch", "hessian/trace", "gradient/noise", "kernel/alignment"])
      expect(other.values[name]).toBe(plain.values[name]);
  });
});
