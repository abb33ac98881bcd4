/** Which value is a layer's activation in PyTorch, which layers are balanced or all that there is, and which weights the loss does not scale with. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findPython } from "../../scripts/python.ts";

const reportSchema = z.object({
  activations: z.record(z.string(), z.record(z.string(), z.number().nullable())),
  pairs: z.record(z.string(), z.array(z.array(z.string()))),
  stacks: z.record(
    z.string(),
    z.object({ layers: z.array(z.string()), isBiased: z.boolean(), error: z.number() }).nullable(),
  ),
  recurrences: z.record(z.string(), z.record(z.string(), z.number().nullable())),
  invariance: z.record(z.string(), z.object({ degree: z.number().nullable(), moves: z.number() })),
});

/** CUDA's elementary functions are up to two units in the last place off, and its sums come in an order of their own. */
const roundings = (process.env["ORRERY_TEST_TORCH_DEVICE"] ?? "cpu") === "cpu" ? 1 : 4;

const python = findPython();
const root = path.join(import.meta.dirname, "..", "..");

const functions = [
  ...["relu", "relu6", "tanh", "sigmoid", "gelu", "silu", "elu", "selu", "leaky", "softplus", "hardswish", "mish"],
  ...["identity", "ReLU in place", "PReLU", "composed module", "dropout after it", "batch normalization"],
  "written out error",
];

describe.skipIf(python === undefined)("layers of a PyTorch network", () => {
  let report: z.infer<typeof reportSchema>;

  beforeAll(() => {
    const script = path.join(root, "test", "oracle", "torch", "layer_cases.py");
    const { stdout, stderr, status } = spawnSync(python ?? "", [script, path.join(root, "src", "probe", "torch")], {
      encoding: "utf8",
      // Threads would only wait for each other on networks of this size.
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    });
    if (status !== 0) throw new Error(stderr);
    report = reportSchema.parse(JSON.parse(stdout));
  });

  test.each(functions)("the activation is what the layer gives with %s", (name) => {
    for (const error of Object.values(report.activations[name] ?? { missing: null })) {
      // Float32 of values of a few units: a rounding or two.
      expect(error ?? Infinity).toBeLessThanOrEqual(roundings * 1e-6);
    }
  });

  test("hidden states of recurrent layers are those of the recurrence written out", () => {
    const unknown = Object.entries(report.recurrences).flatMap(([name, layers]) =>
      Object.entries(layers).flatMap(([layer, error]) => (error === null ? [`${name}: ${layer}`] : [])),
    );
    // What dropout has left of the layer below is not known.
    expect(unknown).toEqual(["dropout between layers: recurrent.weight_hh_l0"]);
    // With dropout the layer above is known by what the module gave, which cannot be written out without the mask.
    const errors = Object.entries(report.recurrences)
      .filter(([name]) => name !== "dropout between layers")
      .flatMap(([, layers]) => Object.values(layers));
    expect(errors).toHaveLength(9);
    // Float32 of values of about one, through four positions.
    for (const error of errors) expect(error ?? Infinity).toBeLessThanOrEqual(roundings * 2e-6);
  });

  test("a function that is composed where no module gives its result is refused", () => {
    expect(report.activations["composed function"]?.["first"]).toBeNull();
  });

  test("only layers with nothing else between them are balanced", () => {
    const names = ["first.weight", "second.weight"];
    expect(report.pairs).toEqual({
      linear: [[...names, "linear"]],
      rectified: [[...names, "rectified"]],
      tanh: [],
      dropout: [],
      "skip connection": [],
      normalization: [],
      "shared weights": [],
      penalty: [],
    });
  });

  test("only a network that is nothing but layers under a squared error is linear, and its data are read off its graph", () => {
    const modules = ["first.weight", "second.weight"];
    const seen = Object.entries(report.stacks).map(([name, stack]) => [name, stack && [stack.layers, stack.isBiased]]);
    expect(Object.fromEntries(seen)).toEqual({
      modules: [modules, false],
      biases: [modules, true],
      "matrices, an error that is written out": [["first", "second"], true],
      "an error the other way round": [modules, true],
      views: [modules, true],
      "a factor of the outputs": null,
      "biases below only": null,
      tanh: null,
      dropout: null,
      "skip connection": null,
      "shared weights": null,
      penalty: null,
      "frozen weights": null,
      "more targets than outputs": null,
      "cross-entropy": null,
    });
    // Float32 of values of a few units.
    for (const stack of Object.values(report.stacks)) expect(stack?.error ?? 0).toBeLessThanOrEqual(roundings * 2e-6);
  });

  test("the loss is said not to scale with weights exactly where it does not move when they are doubled", () => {
    for (const [name, { degree, moves }] of Object.entries(report.invariance)) {
      // In float64, with a guard of 1e-12 under the root.
      expect(moves < 1e-9, name).toBe(degree === 0);
    }
    expect(Object.values(report.invariance).map(({ degree }) => degree)).toEqual([0, 0, 0, null, null, null]);
  });
});
