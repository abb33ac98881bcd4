/** The local learning coefficient of PyTorch trainings whose own is known in closed form or by quadrature, and where it is not measured. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findPython } from "../../scripts/python.ts";

const caseSchema = z.object({
  measured: z.object({
    values: z.record(z.string(), z.number()),
    error: z.number().nullable(),
    sample: z.number().nullable(),
    method: z.string().nullable(),
    step: z.number().nullable(),
    notes: z.array(z.object({ code: z.string(), text: z.string() })),
  }),
  expected: z.number().nullable(),
  isLeftAlone: z.boolean(),
});
type Case = z.infer<typeof caseSchema>;

const python = findPython();
const root = path.join(import.meta.dirname, "..", "..");

/** Linear regressions of other data each. */
const regressions = Array.from({ length: 6 }, (_, index) => `regression ${index + 1}`);

describe.skipIf(python === undefined)("the local learning coefficient of a PyTorch training", () => {
  let report: Record<string, Case> = {};

  beforeAll(() => {
    const script = path.join(root, "test", "oracle", "torch", "learning_coefficient_cases.py");
    const { stdout, stderr, status } = spawnSync(
      python ?? "",
      [script, path.join(root, "src", "probe", "torch")],
      // Threads would only wait for each other on models of this size.
      { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1" } },
    );
    if (status !== 0) throw new Error(stderr);
    report = z.record(z.string(), caseSchema).parse(JSON.parse(stdout));
  });

  function find(name: string) {
    const found = report[name];
    if (found === undefined) throw new Error(`The case ${name} was not run.`);
    const { values, error } = found.measured;
    return {
      ...found,
      ...found.measured,
      value: values["learningCoefficient/local"] ?? Number.NaN,
      error: error ?? Number.NaN,
      chance: values["learningCoefficient/local/null"],
      exact: found.expected ?? Number.NaN,
    };
  }

  test.each([...regressions, "two batches", "accumulation", "idle weights", "product", "drawing"])(
    "%s: it is that of the loss, but for its error",
    (name) => {
      const { value, error, exact, values, notes } = find(name);
      expect(notes).toEqual([]);
      // One standard error is stated; seeds are fixed, so that this cannot come out otherwise another time.
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(4 * error);
      // An error that allowed anything would tell nothing: thirty draws of ten weights are to be known to a tenth or so.
      expect(error).toBeLessThan(0.35 * exact);
      expect(values["learningCoefficient/acceptance"]).toBeGreaterThanOrEqual(0.5);
    },
  );

  test("of linear regressions it is, on the average, half the number of weights within a tenth", () => {
    // A tenth of five is two standard errors of the mean of six samples, each known to a twelfth or so.
    const mean = regressions.reduce((sum, name) => sum + find(name).value / regressions.length, 0);
    expect(Math.abs(mean / 5 - 1)).toBeLessThan(0.1);
  });

  test("its null is half the number of weights, and its sample all that the probe set holds", () => {
    expect(find("regression 1")).toMatchObject({ chance: 5, sample: 64 });
    expect(find("two batches")).toMatchObject({ chance: 5, sample: 128 });
    expect(find("two batches").method).toContain("on 2 kept batches of 64 examples");
  });

  test("weights and directions that the loss does not rise along are not counted", () => {
    const [idle, product] = [find("idle weights"), find("product")];
    expect(idle.chance).toBe(10);
    expect(idle.value).toBeLessThan(0.7 * 10);
    expect(product.chance).toBe(1);
    expect(product.value).toBeLessThan(0.8 * 1);
  });

  test("is the same in a run of the same script", () => {
    expect(find("again").values).toEqual(find("regression 1").values);
  });

  test("is begun when it has been seen that the weights are at a minimum and what it costs has been saved up for", () => {
    const [unlimited, limited] = [find("regression 1").step, find("saved up for").step];
    expect(limited).toBe((unlimited ?? Number.NaN) + 1);
  });

  test("leaves weights, buffers, gradients and random numbers what they are", () => {
    expect(Object.entries(report).filter(([, { isLeftAlone }]) => !isLeftAlone)).toEqual([]);
  });

  test("is not measured, without a word, while the gradient is not small", () => {
    expect(find("on the way")).toMatchObject({ values: {}, notes: [] });
  });

  test.each([
    ["saddle", "learning-coefficient-drift", "went on to lower losses"],
    ["few examples", "learning-coefficient-examples", "fewer than 16 kept examples; there are 15"],
    ["half precision", "learning-coefficient-precision", "in half precision"],
    ["large loss", "learning-coefficient-precision", "rounded by about as much as it differs"],
    ["no time", "learning-coefficient-time", "s, more than 0."],
    ["no room", "learning-coefficient-memory", "vectors of 10 weights would not fit"],
  ])("%s: is left out, and a note says why", (name, code, text) => {
    const { values, notes } = find(name);
    expect(values).toEqual({});
    expect(notes.map((note) => note.code)).toEqual([code]);
    expect(notes[0]?.text).toContain(text);
  });
});
