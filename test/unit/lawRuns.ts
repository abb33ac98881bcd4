import type { HistoryRecord } from "../../src/theory/history.ts";
import type { RunView } from "../../src/theory/runView.ts";
import { classifierCurvature } from "./streams/classifierCurvature.ts";
import { cubicEdge } from "./streams/cubicEdge.ts";
import { decays, decaySweep } from "./streams/decaySweep.ts";
import { decayingWeights } from "./streams/decayingWeights.ts";
import { doubledBatch } from "./streams/doubledBatch.ts";
import { droppedRate } from "./streams/droppedRate.ts";
import { dyingUnits } from "./streams/dyingUnits.ts";
import { everyday } from "./streams/everyday.ts";
import { firstSteps } from "./streams/firstSteps.ts";
import { forkedRun } from "./streams/forkedRun.ts";
import { freeFeatures } from "./streams/freeFeatures.ts";
import { freshLayers, gaussianMatrix } from "./streams/freshLayers.ts";
import { freshSignals } from "./streams/freshSignals.ts";
import { lateBefore, lateGeneralization } from "./streams/lateGeneralization.ts";
import { learnedChange } from "./streams/learnedChange.ts";
import { linearBatch } from "./streams/linearBatch.ts";
import { linearNetwork } from "./streams/linearNetwork.ts";
import { penalizedNetwork } from "./streams/penalizedNetwork.ts";
import { powerLawRegression } from "./streams/powerLawRegression.ts";
import { regression } from "./streams/regression.ts";
import { representedRun } from "./streams/representedRun.ts";
import { residualRun } from "./streams/residualRun.ts";
import { risingCurvature } from "./streams/risingCurvature.ts";
import { endedRun, endedView, sameStart } from "./streams/sameStart.ts";
import { richNetwork, richSweep } from "./streams/richNetwork.ts";
import { scaleFreeWeights } from "./streams/scaleFreeWeights.ts";
import { scaledOutput } from "./streams/scaledOutput.ts";
import { grid, scaledRun, truth } from "./streams/scalingFamily.ts";
import { branches, cosine, scheduledRun } from "./streams/schedules.ts";
import { searchFlow } from "./streams/searchFlow.ts";
import { fallingLoss, sizedRun } from "./streams/sizedRun.ts";
import { smallStart } from "./streams/smallStart.ts";
import { slowFall } from "./streams/slowFall.ts";
import { twoLayers } from "./streams/twoLayers.ts";
import { wideNetwork } from "./streams/wideNetwork.ts";

/** A run on which a law speaks and is scored, made for the properties that every law must have. */
export interface LawRun {
  readonly records: readonly HistoryRecord[];
  /** For laws about several runs. */
  readonly earlier?: readonly RunView[];
}

/** By the id of the law; the catalogue's test holds this to the catalogue. */
export const lawRuns: Readonly<Record<string, () => LawRun>> = {
  catapult: () => ({ records: twoLayers(2.5, 256) }),
  "edge-of-stability": () => ({ records: everyday() }),
  "time-to-edge": () => ({ records: everyday() }),
  "central-flow": () => ({ records: cubicEdge() }),
  "step-zero-loss": () => ({ records: everyday() }),
  balancedness: () => ({ records: everyday() }),
  "deep-linear-modes": () => ({
    records: linearNetwork({ signals: [3, 1], start: { deviation: 0.03 }, rate: 0.03, steps: 300 }),
  }),
  "plateau-escape": () => ({ records: smallStart({ scale: 0.0005, rate: 0.05, steps: 200 }) }),
  "information-exponent": () => {
    const run = { degree: 3, rate: 0.05, steps: 400 };
    return {
      records: searchFlow({ ...run, inputs: 256 }),
      earlier: [64, 512].map((inputs) => endedView(searchFlow({ ...run, inputs, steps: 600 }))),
    };
  },
  "flattest-solution": () => ({
    records: linearNetwork({
      ...{ signals: [2, 1], start: { deviation: 0.5 }, rate: 0.1, steps: 200, width: 2, every: 10, sharpness: true },
    }),
  }),
  "learning-coefficient": () => ({
    records: linearNetwork({
      ...{ signals: [2, 1], start: { deviation: 0.3 }, rate: 0.1, steps: 300, width: 3, sampled: 64 },
    }),
  }),
  "kernel-regression": () => ({ records: regression({ examples: 40, inputs: 80, steps: 320, seed: 1 }) }),
  "early-stopping": () => ({
    records: regression({ examples: 40, inputs: 60, steps: 320, seed: 4, decay: 1, noise: 0.7, every: 8, speed: 0.2 }),
  }),
  "lazy-dynamics": () => ({ records: wideNetwork({ width: 400, steps: 250, every: 20, seed: 3 }) }),
  "lazy-or-rich": () => ({ records: wideNetwork({ width: 60, steps: 250, every: 10, seed: 3 }) }),
  richness: () => ({
    records: scaledOutput({ scale: 60, width: 12 }),
    earlier: [endedView(scaledOutput({ scale: 30, width: 12 }))],
  }),
  "rich-rate": () => ({
    records: richNetwork({ gamma: 32, rate: 5, steps: 120 }),
    earlier: [
      ...richSweep({ gamma: 8, steps: 120 }, [0.3, 1.2, 4.8]),
      ...richSweep({ gamma: 32, steps: 120 }, [1.2, 20]),
    ].map(endedView),
  }),
  "grokking-delay": () => ({
    records: lateGeneralization({ penalty: 0.02, rate: 0.1, seed: 1, steps: 320 }),
    earlier: [lateBefore({ penalty: 0.02, rate: 0.05, seed: 1, steps: 1600 })],
  }),
  "signal-propagation": () => ({ records: freshSignals() }),
  "stream-growth": () => ({
    records: residualRun({ blocks: 16, seed: 3 }),
    earlier: [4, 8].map((blocks) => endedView(residualRun({ blocks, seed: blocks }))),
  }),
  "step-size": () => ({
    records: sameStart({ rate: 0.05 }),
    earlier: [0.1, 0.2].map((rate) => endedView(sameStart({ rate }))),
  }),
  "width-convergence": () => ({
    records: sizedRun({ width: 256, loss: fallingLoss(-0.1) }),
    earlier: [64, 128].map((width) => endedView(sizedRun({ width, loss: fallingLoss(-12 / width) }))),
  }),
  "width-transfer": () => ({
    records: sizedRun({ width: 128, loss: fallingLoss(0.2) }),
    earlier: [endedView(sizedRun({ width: 64, loss: fallingLoss() }))],
  }),
  "depth-transfer": () => ({
    records: sizedRun({ width: 64, depth: 6, loss: fallingLoss(0.1) }),
    earlier: [endedView(sizedRun({ width: 64, depth: 2, loss: fallingLoss() }))],
  }),
  "stochastic-edge": () => ({ records: risingCurvature((step) => Math.min(17, 2 + step / 30)) }),
  "first-learning-rate": () => ({
    records: firstSteps({ seed: 1, steps: 120, rate: (step) => Math.min(3, (step + 1) / 30) }),
  }),
  "learning-rate-drop": () => ({ records: droppedRate({}) }),
  "noise-scale": doubledBatch,
  "weight-equilibrium": () => ({
    records: decayingWeights({ rate: 0.01, decay: 0.5, weights: 60, steps: 300, initial: 0.3 }),
  }),
  "power-lines": () => ({
    records: decaySweep({ decay: 0.3, best: 0.2, steps: 400 }),
    earlier: [...decays(0.6, 100), ...decays(0.2, 400).slice(0, 2)].map(endedView),
  }),
  "scaling-law": () => ({
    records: scaledRun({ parameters: 16_000, steps: 400, loss: truth(16_000, 3200) }),
    earlier: grid(),
  }),
  "scaling-exponent": () => ({
    records: powerLawRegression({ capacity: 1.4, source: 1.7, steps: 680, seed: 4, batch: 8 }),
  }),
  "random-matrix-spectrum": () => ({ records: freshLayers({ a: gaussianMatrix(48, 32, 0.2, 1) }) }),
  "schedule-law": () => ({ records: scheduledRun({ shape: cosine(300), steps: 300 }), earlier: branches() }),
  "neural-collapse": () => ({ records: freeFeatures({ steps: 250 }) }),
  "scale-symmetry": () => ({ records: scaleFreeWeights({ steps: 420 }).records }),
  "batch-transfer": linearBatch,
  "features-at-convergence": () => ({ records: penalizedNetwork() }),
  "hessian-outliers": () => ({ records: classifierCurvature() }),
  "representation-agreement": () => ({
    records: representedRun({ width: 32, seed: 3, steps: 100 }),
    earlier: [1, 2].map((seed) => endedView(representedRun({ width: 32, seed, steps: 100 }))),
  }),
  "linear-connectivity": () => {
    const first = forkedRun({});
    const others = [{ name: "first", weights: first.weights }];
    return {
      records: forkedRun({ after: 90, order: 2, others }).records,
      earlier: [
        endedRun("first", first.records),
        endedRun("second", forkedRun({ after: 40, order: 1, others }).records),
      ],
    };
  },
  "low-rank-updates": () => ({ records: learnedChange() }),
  "dead-units": () => ({ records: dyingUnits() }),
  "final-loss": () => ({ records: slowFall({ steps: 1200 }) }),
};
