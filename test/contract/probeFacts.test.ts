import path from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { fixtures, recordsOf, runProbed, series } from "./probeRun.ts";

const fixture = (name: string) => path.join(fixtures, name);

describe("what the probe finds out about a run", () => {
  it("names layers, widths and the lines where they are made", async () => {
    const { records } = await runProbed(fixture("fit.mjs"));
    const [model] = recordsOf(records, "model");
    expect(model).toMatchObject({ parameters: 81, width: 16, depth: 2, source: { line: 6, column: 18 } });
    expect(model?.modules.map(({ kind, parameterShapes, activation }) => [kind, parameterShapes, activation])).toEqual([
      ["Dense", [[3, 16], [16]], "tanh"],
      ["Dense", [[16, 1], [1]], "linear"],
    ]);
    expect(model?.modules.map(({ source }) => source)).toMatchObject([
      { file: fixture("fit.mjs"), line: 8 },
      { file: fixture("fit.mjs"), line: 15 },
    ]);
    expect(recordsOf(records, "optimizer")[0]).toMatchObject({ kind: "sgd", source: { line: 16 } });
    expect(recordsOf(records, "objective")[0]).toMatchObject({
      kind: "meanSquaredError",
      reduction: "mean",
      outputs: 1,
      regularized: false,
    });
    expect(recordsOf(records, "data")[0]).toMatchObject({ examples: 64, batch: 64, fullBatch: true });
    expect(recordsOf(records, "note").find(({ code }) => code === "training-call")?.source).toMatchObject({ line: 18 });
  });

  it("gives positions in the TypeScript that was written, not in what it was compiled to", async () => {
    const { records } = await runProbed(fixture("minimize.ts"));
    expect(recordsOf(records, "optimizer")[0]?.source).toMatchObject({ file: fixture("minimize.ts"), line: 21 });
    expect(recordsOf(records, "note")[0]?.source).toMatchObject({ file: fixture("minimize.ts"), line: 24 });
  });

  it("knows a model of bare variables by their names and shapes, and a full batch by its tensors", async () => {
    const { records } = await runProbed(fixture("minimize.ts"));
    const [model] = recordsOf(records, "model");
    expect(model?.modules.map((module) => module.path)).toEqual(["first", "second"]);
    expect(model).toMatchObject({ parameters: 36, width: 12, depth: 2 });
    expect(recordsOf(records, "optimizer")[0]).toMatchObject({
      kind: "momentum",
      groups: [{ learningRate: 0.02, momentum: 0.9, nesterov: false }],
    });
    expect(recordsOf(records, "data").at(-1)).toMatchObject({ examples: 32, batch: 32, fullBatch: true });
  });

  const waysOfTaking = [
    ["rows by number", "numbers", false],
    ["the next rows", "next", false],
    ["the next of several parts", "split", false],
    ["the same rows every time", "first", true],
  ] as const;
  it.each(
    waysOfTaking.flatMap(([what, way, isFull]) => [
      [what, { WAY: way }, isFull] as const,
      [`${what}, of something computed of all`, { WAY: way, COMPUTED: "yes" }, isFull] as const,
    ]),
  )("takes a batch for what the loss takes out of all examples: %s", async (_, environment, isFull) => {
    const { records } = await runProbed(fixture("gathered.mjs"), { environment });
    const found = recordsOf(records, "data").at(-1);
    expect(found?.batch).toBe(8);
    expect(found?.fullBatch === true).toBe(isFull);
    expect(recordsOf(records, "step").map(({ values }) => values["batch/size"])).not.toContain(48);
  });

  it.each([
    ["several batches out of the same examples", "several"],
    ["examples that are no rows", "columns"],
  ])("knows no batch where the loss takes %s", async (_, way) => {
    const { records } = await runProbed(fixture("gathered.mjs"), { environment: { WAY: way } });
    expect(recordsOf(records, "data")).toEqual([]);
    expect(new Set(recordsOf(records, "step").map(({ values }) => values["batch/size"]))).toEqual(new Set([undefined]));
  });

  it("reads a cross-entropy off the kernels, measures logits before the first loss, and takes clipping for what it is", async () => {
    const { records } = await runProbed(fixture("variableGrads.mjs"));
    expect(recordsOf(records, "objective")[0]).toMatchObject({
      kind: "crossEntropy",
      reduction: "mean",
      classes: 3,
      regularized: false,
    });
    const firstStep = records.findIndex(({ t }) => t === "step");
    const logits = records.findIndex((record) => record.t === "measure" && "logit/variance" in record.values);
    expect(logits).toBeGreaterThan(0);
    expect(logits).toBeLessThan(firstStep);
    for (const [, cosine] of series(records, "gradient/cosine")) expect(cosine).toBeCloseTo(1, 6);
    expect(series(records, "gradient/ratio")[0]?.[1]).toBeLessThan(0.9);
    // Clipped to 0.2 in float32.
    expect(series(records, "gradient/norm")[0]?.[1]).toBeCloseTo(0.2, 5);
    expect(recordsOf(records, "note").map(({ code }) => code)).not.toContain("gradient-differs");
  });

  it("writes an optimizer anew when its learning rate begins to move", async () => {
    const { records } = await runProbed(fixture("nesterov.js"));
    expect(recordsOf(records, "optimizer")).toMatchObject([
      { step: 0, schedule: "constant", groups: [{ learningRate: 0.1, momentum: 0.8, nesterov: true }] },
      { step: 10, schedule: "moves", groups: [{ learningRate: 0.05 }] },
    ]);
    expect(series(records, "optimizer/learningRate").map(([, rate]) => rate)).toEqual([
      ...Array<number>(10).fill(0.1),
      ...Array<number>(10).fill(0.05),
    ]);
  });

  it("tells two optimizers apart and counts their steps as one sequence", async () => {
    const { records } = await runProbed(fixture("twoOptimizers.mjs"));
    expect(recordsOf(records, "optimizer").map(({ id, kind }) => [id, kind])).toEqual([
      ["optimizer-1", "rmsprop"],
      ["optimizer-2", "sgd"],
    ]);
    expect(series(records, "loss/train").map(([step]) => step)).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
    expect(series(records, "loss/train@optimizer-2").map(([step]) => step)).toEqual([1, 3, 5, 7, 9, 11, 13, 15]);
  });

  it("knows nothing of the optimizer of a script that assigns its variables itself, and says so", async () => {
    const { records } = await runProbed(fixture("byHand.mjs"));
    expect(recordsOf(records, "optimizer")[0]).toMatchObject({ kind: "other" });
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("unknown-optimizer");
    expect(series(records, "loss/train")).toHaveLength(10);
  });

  it("finds balance conserved to float32's precision under plain gradient descent, and is silent about other optimizers", async () => {
    const names = (records: readonly SpoolRecord[]) =>
      recordsOf(records, "measure").flatMap(({ values }) =>
        Object.keys(values).filter((name) => name.startsWith("balance/")),
      );
    const { records } = await runProbed(fixture("linearNetwork.mjs"));
    const residuals = series(records, "balance/residual@first→second").map(([, residual]) => residual);
    expect(residuals).toHaveLength(25);
    // A few units in the last place of weights of order one.
    expect(Math.max(...residuals)).toBeLessThan(1e-6);
    // The drift itself is far larger, or the identity would hold trivially.
    expect(series(records, "balance/drift@first→second")[0]?.[1]).toBeGreaterThan(1e-3);
    expect(names((await runProbed(fixture("coreLayers.mjs"))).records)).toEqual([]);
  });

  it("takes the batch of each step of fit from its tensors, and leaves out what is set aside for validation", async () => {
    const { records } = await runProbed(fixture("tfjsNode.mjs"));
    expect(recordsOf(records, "data")[0]).toMatchObject({ examples: 24, batch: 8, fullBatch: false });
    expect(series(records, "batch/size").map(([, size]) => size)).toEqual(Array<number>(36).fill(8));
    expect(series(records, "loss/train")).toHaveLength(36);
  });

  it("records the losses of fit's own validation after each epoch, and no other evaluation", async () => {
    const { records, output } = await runProbed(fixture("validated.mjs"));
    const told = JSON.parse(output) as readonly number[];
    expect(told).toHaveLength(5);
    // 32 examples in batches of 8.
    expect(series(records, "loss/validation")).toEqual(told.map((loss, epoch) => [4 * (epoch + 1), loss]));
    const measured = recordsOf(records, "measure").filter(({ values }) => "loss/validation" in values);
    expect(measured.map(({ sample }) => sample)).toEqual([8, 8, 8, 8, 8]);
  });
});
