import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { describe, expect, it } from "vitest";
import {
  hiddenChange,
  randomMatrixSpectrum,
  stableRankOfRandom,
} from "../../src/theory/universality/randomMatrixSpectrum.ts";
import { freshLayers, type FreshRun, gaussianMatrix, type Layers } from "./streams/freshLayers.ts";
import { follow } from "./theoryStreams.ts";

function followed(layers: Layers, run?: FreshRun) {
  const seen = follow(freshLayers(layers, run), [randomMatrixSpectrum]);
  expect(seen.refusals).toEqual([]);
  return seen;
}

function outcomes(layers: Layers, run?: FreshRun) {
  const { issued, verdicts } = followed(layers, run);
  return Object.fromEntries(
    issued.map(({ id, subject }) => [subject, verdicts.find(({ forecast }) => forecast === id)?.outcome]),
  );
}

function singularValues(matrix: Matrix): readonly number[] {
  return new SingularValueDecomposition(matrix).diagonal;
}

/** u·vᵀ of two unit vectors. */
function rankOne(rows: number, columns: number): Matrix {
  const [u, v] = [gaussianMatrix(rows, 1, 1, 71), gaussianMatrix(1, columns, 1, 72)];
  return u.mmul(v).div(u.norm() * v.norm());
}

describe("fresh weights", () => {
  it("have the stable rank of a random matrix, of which eight in ten lie in the interval of Tracy and Widom", () => {
    let within = 0;
    const draws = 120;
    for (let seed = 1; seed <= draws; seed++) {
      const matrix = gaussianMatrix(40, 32, 1, seed);
      const rank = (matrix.norm() / Math.max(...singularValues(matrix))) ** 2;
      if (rank >= stableRankOfRandom(40, 32, 0.45) && rank <= stableRankOfRandom(40, 32, -2.78)) within += 1;
    }
    // 80 % of 120 have a standard deviation of 3.7 %; and n, p are finite.
    expect(within / draws).toBeGreaterThan(0.68);
    expect(within / draws).toBeLessThan(0.92);
  });

  it("are forecast before they are looked at: stable rank, no spikes, and the bulk's edge from the norm", () => {
    const [a, b] = [gaussianMatrix(64, 48, 0.2, 1), gaussianMatrix(40, 96, 0.05, 3)];
    const { issued, verdicts } = followed({ a, b });
    expect(issued.map(({ subject }) => subject)).toEqual([
      ...["a stable rank", "a spikes", "b stable rank", "b spikes"],
      ...["a bulk", "b bulk"],
    ]);
    expect(issued.every(({ issuedAt }) => issuedAt === 0)).toBe(true);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => "held"));
  });

  it("have edges in the interval for about eight in ten of many", () => {
    const names = Array.from({ length: 24 }, (_, index) => `layer${index}`);
    const layers = Object.fromEntries(
      names.map((name, index) => [name, gaussianMatrix([32, 48, 64][index % 3] ?? 32, 32, 0.1, index + 1)]),
    );
    const all = Object.entries(outcomes(layers));
    const share = (what: string) => {
      const some = all.filter(([subject]) => subject.endsWith(what));
      return some.filter(([, outcome]) => outcome === "held").length / some.length;
    };
    // 80 % of 24: a standard deviation of 8 %.
    expect(share("bulk")).toBeGreaterThan(0.64);
    expect(share("spikes")).toBeGreaterThan(0.9);
  });

  it("that were loaded have a spike and a low stable rank, and the law is broken", () => {
    const noise = gaussianMatrix(64, 64, 1, 3);
    // Thrice what would show: s(np)^¼ = 8.
    const loaded = Matrix.add(noise, rankOne(64, 64).mul(24));
    expect(outcomes({ loaded })).toMatchObject({ "loaded stable rank": "broken", "loaded spikes": "broken" });
  });

  it("hide what is added to them up to a spectral norm of s(np)^¼", () => {
    const [n, p] = [128, 64];
    const noise = gaussianMatrix(n, p, 1, 4);
    const largestWith = (strength: number) =>
      Math.max(...singularValues(Matrix.add(noise, rankOne(n, p).mul(strength))));
    const threshold = hiddenChange(n, p) * Math.sqrt(n * p);
    const edge = largestWith(0);
    // Well below, the largest singular value hardly moves; above, it is √((n + θ²)(p + θ²))/θ (Benaych-Georges and Nadakuditi 2012).
    expect(largestWith(threshold / 2) / edge).toBeLessThan(1.03);
    const strong = 2 * threshold;
    expect(largestWith(strong) / (Math.sqrt((n + strong ** 2) * (p + strong ** 2)) / strong)).toBeCloseTo(1, 1);
  });

  it("that are orthogonal are out of its regime, and are not forecast further", () => {
    const values = new SingularValueDecomposition(gaussianMatrix(64, 48, 1, 5));
    const orthogonal = values.leftSingularVectors.mmul(values.rightSingularVectors.transpose());
    const { issued, standings } = followed({ orthogonal });
    expect(outcomes({ orthogonal })).toEqual({
      "orthogonal stable rank": "out of regime",
      "orthogonal spikes": "out of regime",
    });
    expect(issued).toHaveLength(2);
    expect(standings[0]?.says).toContain("out of regime");
  });

  it("are fresh no longer once steps may have made a spike, and the verdict says so", () => {
    const a = gaussianMatrix(64, 48, 0.2, 8);
    expect(outcomes({ a }, { at: 40, relative: 1e-4 })).toMatchObject({ "a stable rank": "held" });
    expect(outcomes({ a }, { at: 40, relative: 1e-2 })).toMatchObject({ "a stable rank": "out of regime" });
  });

  it("are left alone where they are small, since a bulk of few eigenvalues has no edge", () => {
    const { standings } = followed({ a: gaussianMatrix(64, 16, 0.2, 7) });
    expect(standings[0]?.says).toBe("cannot speak: needs a layer with weights of at least 32×32");
  });
});
