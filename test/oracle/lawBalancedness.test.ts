import { describe, expect, it } from "vitest";
import { Matrix } from "ml-matrix";
import { balancedness } from "../../src/theory/solvable/balancedness.ts";
import type { HistoryRecord } from "../../src/theory/history.ts";
import { follow, measured, opening, stepped } from "../unit/theoryStreams.ts";
import { gaussians } from "./tinyNetwork.ts";

interface Training {
  readonly activation: "linear" | "relu";
  readonly momentum?: number;
  /** Weight penalty λ/2·‖A‖², in the loss itself. */
  readonly penalty?: number;
  /** Rounds weights and gradients to float32 after each step, as a framework does. */
  readonly float32?: boolean;
  readonly steps?: number;
}

const rate = 0.05;

/** Squared error of x·A → f → ·B on 32 points, by backpropagation in matrices; the records are what a probe would write. */
function train({ activation, momentum = 0, penalty = 0, float32 = false, steps = 400 }: Training) {
  const next = gaussians(3);
  const random = (rows: number, columns: number, scale: number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * next())));
  const round = (matrix: Matrix) =>
    float32 ? new Matrix(matrix.to2DArray().map((row) => row.map(Math.fround))) : matrix;
  const [inputs, teacher] = [random(32, 5, 1), random(5, 3, 0.5)];
  const targets = inputs.mmul(teacher);
  let [a, b] = [round(random(5, 8, 0.4)), round(random(8, 3, 0.4))];
  let [velocityA, velocityB] = [Matrix.zeros(5, 8), Matrix.zeros(8, 3)];
  const records: HistoryRecord[] = opening({ group: { learningRate: rate } });
  const residuals: number[] = [];
  for (let step = 0; step < steps; step++) {
    const hidden = inputs.mmul(a);
    const slope = new Matrix(
      hidden.to2DArray().map((row) => row.map((z) => (activation === "linear" || z > 0 ? 1 : 0))),
    );
    const active = Matrix.mul(hidden, slope);
    const error = Matrix.sub(active.mmul(b), targets);
    const gradientB = round(
      active
        .transpose()
        .mmul(error)
        .mul(1 / 32),
    );
    const below = Matrix.mul(error.mmul(b.transpose()), slope);
    const gradientA = round(
      Matrix.add(
        inputs
          .transpose()
          .mmul(below)
          .mul(1 / 32),
        Matrix.mul(a, penalty),
      ),
    );
    velocityA = Matrix.add(Matrix.mul(velocityA, momentum), gradientA);
    velocityB = Matrix.add(Matrix.mul(velocityB, momentum), gradientB);
    const [afterA, afterB] = [
      round(Matrix.sub(a, Matrix.mul(velocityA, rate))),
      round(Matrix.sub(b, Matrix.mul(velocityB, rate))),
    ];
    const before = defect(a, b, activation);
    const drift = Matrix.sub(defect(afterA, afterB, activation), before);
    const exact = defect(gradientA, gradientB, activation).mul(rate ** 2);
    const residual = Matrix.sub(drift, exact).norm() / (a.norm() ** 2 + b.norm() ** 2);
    residuals.push(residual);
    records.push(stepped(step, error.norm() ** 2 / 64));
    if (step % 5 === 0) {
      records.push(
        measured(step, {
          "balance/defect@a→b": before.norm(),
          "balance/drift@a→b": drift.norm(),
          "balance/residual@a→b": residual,
          "balance/gradient@a→b": gradientA.norm() ** 2 + gradientB.norm() ** 2,
        }),
      );
    }
    [a, b] = [afterA, afterB];
  }
  return { records: [...records, { t: "end", step: steps, how: "finished" }] satisfies HistoryRecord[], residuals };
}

function defect(a: Matrix, b: Matrix, activation: Training["activation"]): Matrix {
  const whole = Matrix.sub(a.transpose().mmul(a), b.mmul(b.transpose()));
  return activation === "linear" ? whole : new Matrix([whole.diagonal()]);
}

function outcomes(records: readonly HistoryRecord[]) {
  const { verdicts, refusals } = follow(records, [balancedness]);
  expect(refusals).toEqual([]);
  return verdicts.map(({ outcome }) => outcome);
}

describe("balancedness of two layers", () => {
  it.each(["linear", "relu"] as const)("is an identity to float64's rounding for %s layers", (activation) => {
    // The law's table has 1.3e-15; forty products are summed here.
    expect(Math.max(...train({ activation }).residuals)).toBeLessThan(4e-15);
  });

  it.each(["linear", "relu"] as const)(
    "leaves no more than two roundoffs in float32 for %s layers, and is held",
    (activation) => {
      const { records, residuals } = train({ activation, float32: true });
      expect(Math.max(...residuals)).toBeLessThan(2 * 2 ** -24);
      expect(Math.max(...residuals)).toBeGreaterThan(1e-9);
      const { verdicts } = follow(records, [balancedness]);
      expect(verdicts.find(({ forecast }) => !forecast.includes("defect"))).toMatchObject({ outcome: "held" });
    },
  );

  it("bounds how far the defect moves in 500 steps", () => {
    const { records } = train({ activation: "linear", float32: true, steps: 800 });
    const { issued, verdicts } = follow(records, [balancedness]);
    const bound = issued.find(({ subject }) => subject === "a→b defect");
    expect(bound).toMatchObject({ issuedAt: 5, to: 505 });
    expect(verdicts.find(({ forecast }) => forecast === bound?.id)).toMatchObject({ outcome: "held" });
  });

  it("is broken by momentum that the optimizer does not own up to, at once and with what to look for", () => {
    const { records, residuals } = train({ activation: "linear", momentum: 0.9 });
    expect(Math.max(...residuals)).toBeGreaterThan(1e-4);
    const { verdicts } = follow(records, [balancedness]);
    const first = verdicts.find(({ forecast }) => !forecast.includes("defect"));
    expect(first).toMatchObject({ outcome: "broken" });
    expect(first?.scoredAt).toBeLessThan(20);
    expect(first?.reason).toContain("clipped");
  });

  it("is broken by a weight penalty that the loss does not own up to", () => {
    expect(outcomes(train({ activation: "linear", penalty: 0.1 }).records)).toContain("broken");
  });

  it("does not speak for momentum, weight decay, or a regularized loss", () => {
    const { records } = train({ activation: "linear" });
    for (const setting of [
      { kind: "momentum", group: { momentum: 0.9 } },
      { group: { weightDecay: 0.1, weightDecayForm: "decoupled" } },
      { objective: { regularized: true } },
    ] as const) {
      const other = [...opening(setting), ...records.slice(opening().length)];
      const { issued, standings } = follow(other, [balancedness]);
      expect(issued).toEqual([]);
      expect(standings[0]?.says).toContain("out of regime");
    }
  });
});
