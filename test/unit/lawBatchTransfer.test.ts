import { describe, expect, it } from "vitest";
import { transferBatch, type OptimizerSetting } from "../../src/theory/hyperparameters/batchTransfer.ts";
import { batchTransferLaw } from "../../src/theory/hyperparameters/batchTransferLaw.ts";
import { RunHistory, type HistoryRecord } from "../../src/theory/history.ts";
import { adaptiveQuadratic } from "./streams/adaptiveQuadratic.ts";
import { linearRun } from "./streams/linearBatch.ts";
import { follow, measured } from "./theoryStreams.ts";

const adam: OptimizerSetting = { learningRate: 0.002, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };

function outcomes(records: readonly HistoryRecord[], before: readonly HistoryRecord[]) {
  const history = new RunHistory("earlier");
  for (const record of before) history.append(record);
  const { verdicts, ...followed } = follow(records, [batchTransferLaw], [history.view()]);
  return { ...followed, verdicts, said: verdicts.map(({ outcome }) => outcome) };
}

function changed(setting: OptimizerSetting, factor: number): OptimizerSetting {
  const transfer = transferBatch("adam", setting, factor);
  return "refusal" in transfer ? setting : transfer.setting;
}

const held = ["held", "held", "held", "held"];

describe("the law of the batch", () => {
  it("forecasts the loss against examples of gradient descent at a doubled and a quadrupled batch, and it holds", () => {
    const before = linearRun(4, 0.005, 2000, 1);
    for (const factor of [2, 4]) {
      const { said, refusals, issued, verdicts } = outcomes(
        linearRun(4 * factor, 0.005 * factor, 2100 / factor, 2),
        before,
      );
      expect(refusals).toEqual([]);
      expect(issued.map(({ issuedAt }) => issuedAt)).toEqual([0, 0, 0, 0]);
      expect(said).toEqual(held);
      expect(Math.max(...verdicts.map(({ skill }) => skill))).toBeGreaterThan(0.5);
    }
  });

  it("holds for Adam with rate, averages and ε changed, where noise dominates", () => {
    const before = adaptiveQuadratic({ setting: adam, batch: 2, steps: 2400, seed: 1, noise: 8 });
    const { said } = outcomes(
      adaptiveQuadratic({ setting: changed(adam, 4), batch: 8, steps: 620, seed: 2, noise: 8 }),
      before,
    );
    expect(said).toEqual(held);
  });

  it("is broken where a step does not do what the record says, as where updates are clipped", () => {
    const before = linearRun(4, 0.005, 2000, 1);
    const told = linearRun(8, 0.01, 0, 2).slice(0, -1);
    const clipped = linearRun(8, 0.004, 1050, 2).filter(({ t }) => t === "step" || t === "measure" || t === "end");
    expect(outcomes([...told, ...clipped], before).said).toContain("broken");
  });

  it("is out of regime where rate or averages are not changed with the batch, and says what the rule asks for", () => {
    const descent = outcomes(linearRun(8, 0.005, 600, 2), linearRun(4, 0.005, 1000, 1));
    expect(descent.issued).toEqual([]);
    expect(descent.standings[0]?.says).toContain("η 0.005 where the rule asks for 0.01");
    const before = adaptiveQuadratic({ setting: adam, batch: 2, steps: 1000, seed: 1 });
    const rateOnly = { ...adam, learningRate: 0.004 };
    const adaptive = outcomes(adaptiveQuadratic({ setting: rateOnly, batch: 8, steps: 300, seed: 2 }), before);
    expect(adaptive.issued).toEqual([]);
    expect(adaptive.standings[0]?.says).toContain("β₁ 0.9 where the rule asks for 0.6");
  });

  it("is out of regime for Adam where the batch is no longer dominated by noise", () => {
    const before = adaptiveQuadratic({ setting: adam, batch: 2, steps: 1000, seed: 1, noise: 0.1 });
    const { issued, standings } = outcomes(
      adaptiveQuadratic({ setting: changed(adam, 4), batch: 8, steps: 300, seed: 2, noise: 0.1 }),
      before,
    );
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("at most a tenth of the noise scale");
  });

  it("is out of regime for gradient descent where the learning rate comes near its stability limit", () => {
    const sharp = (records: readonly HistoryRecord[]) =>
      records.map((record) => (record.t === "measure" ? measured(record.step, { "sharpness/batch": 150 }) : record));
    const { issued, standings } = outcomes(sharp(linearRun(8, 0.01, 600, 2)), sharp(linearRun(4, 0.005, 1000, 1)));
    expect(issued).toEqual([]);
    expect(standings[0]?.says).toContain("at most half of its stability limit (0.75 of 2/η)");
  });

  it("cannot speak without an earlier run at another batch", () => {
    expect(follow(linearRun(4, 0.005, 100, 1), [batchTransferLaw]).standings[0]?.says).toContain(
      "cannot speak: needs an earlier run of the same model with another batch",
    );
  });
});
