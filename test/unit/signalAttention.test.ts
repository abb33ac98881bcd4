/** What fresh self-attention makes of a signal, against attention that is drawn and computed position by position. */
import { describe, expect, test } from "vitest";
import { followSignal, type SignalStage } from "../../src/theory/limits/signalFlow.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";

const [width, heads, positions] = [64, 4, 12];
/** As PyTorch draws them. */
const [valueVariance, outputVariance] = [1 / 2, 1 / 3];

type Rows = readonly (readonly number[])[];

function stage(some: object = {}): SignalStage {
  return { kind: "attention", valueVariance, outputVariance, positions, kept: 1, width, ...some };
}

/** Between a first layer that keeps the size and one behind, which shows the size. */
function sizeBehind(extreme: "least" | "most", some: object = {}): number | string {
  const weights = { kind: "weights", weightVariance: 1, biasVariance: 0, width } as const;
  const { output } = followSignal([{ ...weights, layer: 0 }, stage(some), { ...weights, layer: 1 }], 1, extreme);
  return output.kind === "flowing" ? output.meanSquare : output.reason;
}

/** Mean square of what drawn attention gives for its inputs, one row for each position. */
function drawn(inputs: Rows, next: () => number): number {
  const matrix = (variance: number): Rows =>
    Array.from({ length: width }, () => Array.from({ length: width }, () => Math.sqrt(variance / width) * next()));
  const inner = (one: readonly number[], other: readonly number[]) =>
    one.reduce((sum, each, place) => sum + each * (other[place] ?? 0), 0);
  const through = (weights: Rows) => inputs.map((row) => weights.map((each) => inner(each, row)));
  const [queries, keys, values] = [
    through(matrix(valueVariance)),
    through(matrix(valueVariance)),
    through(matrix(valueVariance)),
  ];
  const size = width / heads;
  const concatenated = queries.map((query) =>
    Array.from({ length: heads }, (_, head) => {
      const part = (row: readonly number[]) => row.slice(head * size, (head + 1) * size);
      const powers = keys.map((key) => Math.exp(inner(part(query), part(key)) / Math.sqrt(size)));
      const total = powers.reduce((sum, each) => sum + each, 0);
      return Array.from({ length: size }, (__, unit) =>
        values.reduce((sum, value, place) => sum + ((powers[place] ?? 0) / total) * (part(value)[unit] ?? 0), 0),
      );
    }).flat(),
  );
  const last = matrix(outputVariance);
  const given = concatenated.flatMap((row) => last.map((each) => inner(each, row)));
  return given.reduce((sum, each) => sum + each ** 2, 0) / given.length;
}

function meanOver(count: number, of: () => number): number {
  return Array.from({ length: count }, of).reduce((sum, each) => sum + each, 0) / count;
}

describe("fresh self-attention", () => {
  test("gives of equal positions what its projections make of one", () => {
    const next = gaussians(3);
    const measured = meanOver(12, () => {
      const row = Array.from({ length: width }, next);
      return drawn(Array<readonly number[]>(positions).fill(row), next);
    });
    expect(sizeBehind("most")).toBeCloseTo(valueVariance * outputVariance, 12);
    // Two matrices of 64 let a mean square stray by √(6/64), which twelve draws bring to a tenth.
    expect(measured / Number(sizeBehind("most"))).toBeGreaterThan(0.7);
    expect(measured / Number(sizeBehind("most"))).toBeLessThan(1.3);
  });

  test("gives of independent positions as much less as there are, but for how uneven the softmax is", () => {
    const next = gaussians(5);
    const measured = meanOver(12, () =>
      drawn(
        Array.from({ length: positions }, () => Array.from({ length: width }, next)),
        next,
      ),
    );
    expect(sizeBehind("least")).toBeCloseTo((valueVariance * outputVariance) / positions, 12);
    // Logits have a variance of σ⁴ = ¼, so that Σp² is e^¼/T in the limit of many positions.
    const uneven = Math.exp(valueVariance ** 2);
    expect(measured / Number(sizeBehind("least"))).toBeGreaterThan(0.85);
    expect(measured / Number(sizeBehind("least"))).toBeLessThan(1.15 * uneven);
    expect(measured).toBeLessThan(Number(sizeBehind("most")));
  });

  test("is added to what skips it within the bounds of both, and nothing is said of its gradients", () => {
    const weights = { kind: "weights", weightVariance: 1, biasVariance: 0, width } as const;
    const stages: readonly SignalStage[] = [
      { ...weights, layer: 0 },
      { kind: "sum", skip: [], branch: [stage({ positions: undefined })], scale: 1 },
      { ...weights, layer: 1 },
    ];
    const [least, most] = (["least", "most"] as const).map((extreme) => followSignal(stages, 1, extreme));
    expect(least?.output).toMatchObject({ meanSquare: 1 });
    expect(most?.output).toMatchObject({ meanSquare: 1 + valueVariance * outputVariance });
    expect(least?.layers[0]?.gradient).toMatchObject({
      kind: "obstacle",
      reason: expect.stringMatching(/alike/) as string,
    });
  });

  test("of which a part is dropped gives more, by the part that is kept at most", () => {
    expect(Number(sizeBehind("most", { kept: 0.8 })) / Number(sizeBehind("most"))).toBeCloseTo(1.25, 12);
    expect(sizeBehind("least", { kept: 0.8 })).toBe(sizeBehind("least"));
  });
});
