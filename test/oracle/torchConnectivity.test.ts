/** Barriers between PyTorch trainings that began at the same weights, against the loss in float64 on the line between weights that the scripts saved. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findPython } from "../../scripts/python.ts";

const runSchema = z.object({
  measured: z.object({
    /** By name and step. */
    series: z.record(z.string(), z.record(z.string(), z.number())),
    methods: z.array(z.string()),
    samples: z.array(z.number()),
    notes: z.array(z.object({ severity: z.string(), code: z.string(), text: z.string() })),
  }),
  /** By name and step, the losses from the other's weights to the run's own. */
  expected: z.record(z.string(), z.record(z.string(), z.array(z.number()))),
  keptSteps: z.array(z.number()).nullable(),
  isLeftAlone: z.boolean(),
});
type Run = z.infer<typeof runSchema>;

const python = findPython();
const root = path.join(import.meta.dirname, "..", "..");

/** Losses in float32 differ by 1e-7 of themselves, of which the smallest barrier is a hundredth. */
const tolerance = 1e-4;

/** With the newest of the other's weights that are of as many steps or fewer, up to a quarter: of the first run these are of steps 205, 226, … 404. */
const grid = [248, 273, 301, 332, 366, 403, 444, 489];
const compared = [
  { run: "second", other: "first", steps: [225, ...grid] },
  { run: "third", other: "first", steps: [225, ...grid] },
  { run: "third", other: "second", steps: [...grid, 538] },
  { run: "double 2", other: "double 1", steps: [11, 19] },
];

function heightOf(losses: readonly number[]): number {
  return Math.max(...losses) - ((losses[0] ?? Number.NaN) + (losses.at(-1) ?? Number.NaN)) / 2;
}

describe.skipIf(python === undefined)("the barrier between PyTorch trainings", () => {
  let report: Record<string, Run> = {};

  beforeAll(() => {
    const script = path.join(root, "test", "oracle", "torch", "connectivity_cases.py");
    const { stdout, stderr, status } = spawnSync(
      python ?? "",
      [script, path.join(root, "src", "probe", "torch")],
      // Threads would only wait for each other on networks of this size.
      { encoding: "utf8", env: { ...process.env, OMP_NUM_THREADS: "1" } },
    );
    if (status !== 0) throw new Error(stderr);
    report = z.record(z.string(), runSchema).parse(JSON.parse(stdout));
  });

  function find(name: string): Run {
    const found = report[name];
    if (found === undefined) throw new Error(`The run ${name} was not made.`);
    return found;
  }

  test.each(compared)("of $run with $other is that of the loss on the line", ({ run, other, steps }) => {
    const { measured, expected } = find(run);
    const name = `connectivity/barrier@${other}`;
    expect(Object.keys(measured.series[name] ?? {}).map(Number)).toEqual(steps);
    for (const step of steps) {
      const wanted = heightOf(expected[name]?.[step] ?? []);
      const value = measured.series[name]?.[step] ?? Number.NaN;
      expect(Math.abs(value - wanted), `step ${step}`).toBeLessThanOrEqual(tolerance * wanted);
    }
  });

  test("stands between the ends in some of these, and not half-way", () => {
    // Else neither the ends alone nor the middle alone would have been found wrong.
    const places = Object.values(find("third").expected).flatMap((steps) =>
      Object.values(steps).map((losses) => losses.indexOf(Math.max(...losses))),
    );
    expect(places.filter((place) => ![0, 4, 8].includes(place))).not.toEqual([]);
  });

  test("is measured with no other run than these", () => {
    const found = Object.entries(report).flatMap(([run, { measured }]) =>
      Object.keys(measured.series).map((name) => `${run}: ${name}`),
    );
    expect(found.toSorted()).toEqual(
      compared.map(({ run, other }) => `${run}: connectivity/barrier@${other}`).toSorted(),
    );
  });

  test("is not measured by a run that began elsewhere, which is measured and kept all the same", () => {
    const { measured, keptSteps } = find("elsewhere");
    expect(measured).toMatchObject({ series: {}, notes: [] });
    // At these steps others' weights would be compared with.
    expect(keptSteps).toEqual([225, ...grid.slice(0, -1)]);
  });

  test("says where, and on how many examples", () => {
    expect(find("second").measured).toMatchObject({
      methods: [expect.stringMatching(/^loss in 9 places on the line between the weights, on 4 kept batches of 16 /)],
      samples: [64],
      notes: [],
    });
  });

  test("leaves weights, gradients and random numbers what they are", () => {
    expect(Object.entries(report).filter(([, { isLeftAlone }]) => !isLeftAlone)).toEqual([]);
  });

  test.each([
    ["too large", "information", "weights-size", "and at most"],
    ["no disk", "warning", "weights-not-kept", "could not be written to the run's folder ("],
  ])("%s: weights are not kept, and a note says why", (name, severity, code, text) => {
    const { measured, keptSteps } = find(name);
    expect(keptSteps).toBeNull();
    expect(measured.notes).toMatchObject([{ severity, code, text: expect.stringContaining(text) as string }]);
  });
});
