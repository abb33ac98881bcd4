/**
 * Random runs of random settings, for the coverage of the laws' intervals: a seed decides both. Only laws that give intervals of 10 % to 90 % are here;
 * bounds, directions and identities, of which all should hold, are not.
 */
import type { HistoryRecord } from "../../src/theory/history.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import type { LawRun } from "./lawRuns.ts";
import { adaptiveQuadratic } from "./streams/adaptiveQuadratic.ts";
import { atTheEdge } from "./streams/atTheEdge.ts";
import { decayingWeights } from "./streams/decayingWeights.ts";
import { droppedRate } from "./streams/droppedRate.ts";
import { freshClassifier } from "./streams/freshClassifier.ts";
import { freshLayers, gaussianMatrix } from "./streams/freshLayers.ts";
import { freshSignals } from "./streams/freshSignals.ts";
import { dividedBlocks, grownNetwork, maximalUpdates } from "./streams/grownNetworks.ts";
import { lateBefore, lateGeneralization } from "./streams/lateGeneralization.ts";
import { linearNetwork } from "./streams/linearNetwork.ts";
import { noisyQuadratic } from "./streams/noisyQuadratic.ts";
import { onlineRegression } from "./streams/onlineRegression.ts";
import { powerLawRegression } from "./streams/powerLawRegression.ts";
import { regression } from "./streams/regression.ts";
import { endedView, sameStart } from "./streams/sameStart.ts";
import { representedRun } from "./streams/representedRun.ts";
import { residualRun } from "./streams/residualRun.ts";
import { scaledOutput } from "./streams/scaledOutput.ts";
import { richNetwork, richSweep } from "./streams/richNetwork.ts";
import { scaleFreeWeights } from "./streams/scaleFreeWeights.ts";
import { grid, scaledRun, truth } from "./streams/scalingFamily.ts";
import { cosine, decaying, dropping, scheduledRun, scheduledView, type Shape } from "./streams/schedules.ts";
import { smallBatches } from "./streams/smallBatches.ts";
import { smallStart } from "./streams/smallStart.ts";
import { wideNetwork } from "./streams/wideNetwork.ts";
import { measured } from "./theoryStreams.ts";

/** Settings that a seed decides. */
class Draw {
  readonly seed: number;
  readonly gaussian: () => number;

  constructor(seed: number) {
    this.seed = seed;
    this.gaussian = gaussians(7919 + seed);
  }

  between(low: number, high: number): number {
    // Evenly between 0 and 1: half of the sum of two squares has the exponential distribution.
    const even = Math.exp(-(this.gaussian() ** 2 + this.gaussian() ** 2) / 2);
    return low + (high - low) * even;
  }

  byFactor(low: number, high: number): number {
    return low * (high / low) ** this.between(0, 1);
  }

  whole(low: number, high: number): number {
    return Math.min(high, Math.floor(this.between(low, high + 1)));
  }

  one<Item>(...items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)];
    if (item === undefined) throw new Error("There is nothing to draw from.");
    return item;
  }
}

/** A tanh network of one hidden layer beyond its stability limit, with its tangent kernel's largest eigenvalue for the sharpness, which it nearly is. */
function thrown(draw: Draw): readonly HistoryRecord[] {
  const width = draw.whole(110, 300);
  const run = wideNetwork({ width, steps: 220, product: draw.between(2.25, 2.8), every: 5, seed: draw.seed });
  const model = {
    ...({ t: "model", step: 0, id: "m", parameters: 4 * width, width, depth: 2 } as const),
    modules: [{ path: "a", kind: "Dense", parameterShapes: [[3, width]], parameters: 3 * width, activation: "tanh" }],
  };
  const seen = run.flatMap((record): readonly HistoryRecord[] => {
    if (record.t !== "vector") return [record];
    return record.name === "kernel/spectrum"
      ? [measured(record.step, { "sharpness/batch": record.values[0] ?? NaN })]
      : [];
  });
  return [model, ...seen];
}

/** Laws whose runs are the same ones: each is made once. */
const edges = new Map<number, readonly HistoryRecord[]>();

function edgeRun(draw: Draw): LawRun {
  const known = edges.get(draw.seed);
  const records = known ?? atTheEdge({ ...edgeSetting(draw), steps: 1000, every: 32, width: 6, seed: draw.seed });
  edges.set(draw.seed, records);
  return { records };
}

function edgeSetting(draw: Draw) {
  const [fourth, third] = [draw.between(0.5, 1), draw.between(-1, 1)];
  const target = (x: number) => fourth * (8 * x ** 4 - 8 * x ** 2 + 1) + third * (4 * x ** 3 - 3 * x);
  return { rate: draw.between(0.12, 0.25), target };
}

interface Descent {
  readonly batch: number;
  readonly rate: number;
  readonly steps: number;
  readonly every: number;
}

/** Two runs of gradient descent on one noisy quadratic. */
function quadratics(draw: Draw, now: Descent, before: Descent): LawRun {
  const [fall, alike] = [draw.between(0.3, 1.2), draw.one(0, 0.5, 1)];
  const powers = Array.from({ length: 20 }, (_, index) => (index + 1) ** -fall);
  const variances = powers.map((power) => power ** alike);
  const trained = (run: Descent, of: number) =>
    noisyQuadratic({
      ...run,
      rate: () => run.rate,
      seed: of,
      curvatures: powers,
      start: powers.map(() => 1),
      optimum: powers.map(() => 0),
      variances,
    });
  return { records: trained(now, 2 * draw.seed), earlier: [endedView(trained(before, 2 * draw.seed + 1))] };
}

export const simulations: Readonly<Record<string, (draw: Draw) => LawRun>> = {
  "deep-linear-modes": (draw) => ({
    records: linearNetwork({
      signals: [draw.between(2.6, 3.5), draw.between(1.2, 1.8), draw.between(0.5, 0.8)],
      start: { deviation: draw.byFactor(0.005, 0.08) },
      width: draw.whole(4, 12),
      seed: draw.seed,
      rate: 0.04,
      steps: 500,
    }),
  }),
  "learning-coefficient": (draw) => {
    const [layers, size] = [draw.one(2, 2, 3), draw.whole(2, 4)];
    return {
      records: linearNetwork({
        signals: Array.from({ length: size }, () => draw.between(1, 2.5)),
        layers,
        start: { deviation: 0.3 },
        width: draw.whole(size, 6),
        seed: draw.seed,
        rate: 0.08,
        steps: 600,
        sampled: draw.one(64, 128, 256),
      }),
    };
  },
  "plateau-escape": (draw) => {
    const { seed } = draw;
    if (draw.whole(0, 1) === 0)
      return {
        records: smallStart({ scale: draw.byFactor(3e-4, 0.003), rate: draw.between(0.04, 0.08), steps: 420, seed }),
      };
    const layers = draw.one(3, 4);
    const signals = [draw.between(1.6, 2.2), draw.between(0.5, 0.9)];
    const start = { deviation: layers === 3 ? draw.between(0.03, 0.06) : draw.between(0.08, 0.11) };
    return { records: linearNetwork({ layers, signals, start, rate: 0.02, steps: 1400, every: 10, seed }) };
  },
  "kernel-regression": (draw) => ({
    records: regression({
      examples: draw.whole(40, 60),
      inputs: draw.whole(30, 100),
      decay: draw.between(0.2, 1.5),
      noise: draw.between(0.2, 0.7),
      steps: 320,
      seed: draw.seed,
    }),
  }),
  "early-stopping": (draw) => ({
    records: regression({
      examples: draw.whole(36, 48),
      inputs: draw.whole(40, 64),
      decay: draw.between(0.5, 1.2),
      noise: draw.between(0.6, 0.9),
      steps: 320,
      seed: draw.seed,
      every: 8,
      speed: 0.2,
    }),
  }),
  "step-zero-loss": (draw) => ({
    records: freshClassifier({
      classes: draw.one(2, 5, 10, 30),
      examples: draw.one(16, 64, 256),
      size: draw.byFactor(0.1, 0.8),
      seed: draw.seed,
    }),
  }),
  "lazy-dynamics": (draw) => ({
    records: wideNetwork({ width: draw.one(300, 500, 800), steps: 250, every: 20, seed: draw.seed }),
  }),
  "lazy-or-rich": (draw) => ({
    records: wideNetwork({ width: Math.round(draw.byFactor(8, 200)), steps: 300, every: 10, seed: draw.seed }),
  }),
  richness: (draw) => {
    const width = draw.one(12, 20);
    const scale = draw.byFactor(15, 40);
    const other = scale * draw.one(1 / 3, 1 / 2, 2, 3);
    return {
      records: scaledOutput({ scale, width, seed: draw.seed }),
      earlier: [endedView(scaledOutput({ scale: other, width, seed: draw.seed }))],
    };
  },
  "rich-rate": (draw) => {
    const [matrices, gamma] = [draw.one(2, 2, 3), draw.byFactor(12, 40)];
    const setting = { matrices, width: draw.one(12, 24), seed: draw.seed, steps: 200 };
    const factor = draw.one(1 / 4, 1 / 2, 2, 4, 8);
    const about = (other: number) => draw.byFactor(0.1, 0.25) * other ** (2 / matrices);
    const [near, far] = [about(gamma * factor), about(gamma)];
    const own = { ...setting, gamma: gamma * factor };
    return {
      records: richNetwork({ ...own, rate: near }),
      earlier: [
        ...richSweep(
          { ...setting, gamma },
          [0.25, 0.5, 1, 2, 4].map((each) => each * far),
        ),
        ...richSweep(
          own,
          [0.35, 2.8].map((each) => each * near),
        ),
      ].map(endedView),
    };
  },
  "signal-propagation": (draw) => ({
    records: freshSignals({
      activation: draw.one("tanh", "relu", "gelu", "elu", "sigmoid"),
      sizes: [20, ...Array.from({ length: draw.whole(2, 5) }, () => draw.whole(60, 140)), 4],
      weightVariance: draw.between(0.8, 2),
      biasVariance: draw.one(0, 0.05),
      correlation: draw.between(0, 0.5),
      seed: draw.seed,
    }),
  }),
  catapult: (draw) => ({ records: thrown(draw) }),
  "stream-growth": (draw) => {
    const setting = {
      ...{ width: draw.one(32, 48, 64), normalized: draw.one(true, false), power: draw.one(0, 0.5, 1) },
      activation: draw.one<"tanh" | "relu">("tanh", "relu"),
    };
    const [blocks, ...before] = draw.one([16, 4, 8], [6, 3, 12], [4, 8, 16]);
    const of = (many: number, which: number) => residualRun({ ...setting, blocks: many, seed: 3 * draw.seed + which });
    return { records: of(blocks, 0), earlier: before.map((many, index) => endedView(of(many, index + 1))) };
  },
  "step-size": (draw) => {
    const rate = draw.byFactor(0.03, 0.1);
    const setting = { seed: draw.seed, task: draw.whole(1, 5) };
    return {
      records: sameStart({ ...setting, rate }),
      earlier: [2, draw.one(0.5, 4)].map((factor) => endedView(sameStart({ ...setting, rate: rate * factor }))),
    };
  },
  "width-convergence": (draw) => {
    const trained = (width: number, seed: number) =>
      grownNetwork({ width, seed, steps: 300, rate: 0.0007, change: maximalUpdates(width) });
    return {
      records: trained(96, 3 * draw.seed),
      earlier: [endedView(trained(48, 3 * draw.seed + 1)), endedView(trained(64, 3 * draw.seed + 2))],
    };
  },
  "grokking-delay": (draw) => {
    const rate = draw.between(0.06, 0.1);
    const penalty = draw.one(0.01, 0.014, 0.02);
    return {
      records: lateGeneralization({ penalty, rate, seed: draw.seed, steps: 500 }),
      earlier: [lateBefore({ penalty: 0.02, rate: 0.05, seed: draw.whole(1, 1000), steps: 1600 })],
    };
  },
  "edge-of-stability": edgeRun,
  "time-to-edge": edgeRun,
  "central-flow": edgeRun,
  "stochastic-edge": (draw) => ({
    records: smallBatches({ batch: draw.one(4, 5, 10), rate: draw.between(0.15, 0.3), seed: draw.seed, steps: 1700 }),
  }),
  "scaling-exponent": (draw) => {
    const capacity = draw.between(1.1, 1.8);
    return {
      records: powerLawRegression({
        capacity,
        source: 1 + capacity * draw.between(0.5, 0.9),
        steps: 1300,
        seed: draw.seed,
        batch: 8,
        inKernel: draw.one(100, 140),
      }),
    };
  },
  "learning-rate-drop": (draw) => {
    const drop = draw.between(2, 10);
    const rate = draw.between(0.2, 0.7);
    return {
      records: droppedRate({
        seed: draw.seed,
        batch: draw.whole(2, 16),
        curvatures: [1, 0.5, draw.byFactor(0.02, 0.5), draw.byFactor(0.02, 0.5), draw.byFactor(0.02, 0.5)],
        rate: (step: number) => (step < 800 ? rate : rate / drop),
      }),
    };
  },
  "scale-symmetry": (draw) => ({
    records: scaleFreeWeights({
      steps: 560,
      rate: draw.byFactor(0.01, 0.3),
      noise: draw.byFactor(0.02, 0.5),
      decay: draw.one(0, 0, 0.01, 0.05),
      seed: draw.seed,
    }).records,
  }),
  "scaling-law": (draw) => {
    const noise = () => 0.004 * draw.gaussian();
    return {
      records: scaledRun({ parameters: 16_000, steps: 400, loss: truth(16_000, 3200) * (1 + noise()) }),
      earlier: grid(noise),
    };
  },
  "schedule-law": (draw) => {
    const noise = () => 0.02 * draw.gaussian();
    const run = (shape: Shape, steps: number, seed: number) => ({
      ...{ shape, steps, noise, losses: onlineRegression(shape, steps, seed, 0.15) },
    });
    const dropped = run(dropping(400, 0.3), 900, 3 * draw.seed);
    const decayed = run(decaying(700, 1000), 1000, 3 * draw.seed + 1);
    return {
      records: scheduledRun(run(cosine(800), 800, 3 * draw.seed + 2)),
      earlier: [scheduledView("dropped", dropped), scheduledView("decayed", decayed)],
    };
  },
  "width-transfer": (draw) => {
    const trained = (width: number, seed: number) =>
      grownNetwork({ width, seed, steps: 300, rate: 0.0007, change: maximalUpdates(width) });
    return {
      records: trained(draw.one(96, 112), 2 * draw.seed),
      earlier: [endedView(trained(draw.one(48, 64), 2 * draw.seed + 1))],
    };
  },
  "depth-transfer": (draw) => {
    const trained = (depth: number, seed: number) =>
      grownNetwork({ depth, residual: true, seed, steps: 200, rate: 0.0007, change: dividedBlocks(depth) });
    return {
      records: trained(draw.one(7, 9), 2 * draw.seed),
      earlier: [endedView(trained(draw.one(3, 4), 2 * draw.seed + 1))],
    };
  },
  "batch-transfer": (draw) => {
    const factor = draw.one(2, 4);
    const rate = draw.byFactor(0.003, 0.01);
    if (draw.whole(0, 1) === 1) {
      const setting = { learningRate: 0.002, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
      const other = {
        learningRate: setting.learningRate * Math.sqrt(factor),
        beta1: 1 - factor * 0.1,
        beta2: 1 - factor * 0.01,
        epsilon: setting.epsilon / Math.sqrt(factor),
      };
      return {
        records: adaptiveQuadratic({ setting: other, batch: 4 * factor, steps: 1200 / factor, seed: 2 * draw.seed }),
        earlier: [endedView(adaptiveQuadratic({ setting, batch: 4, steps: 1200, seed: 2 * draw.seed + 1 }))],
      };
    }
    return quadratics(
      draw,
      { batch: 4 * factor, rate: rate * factor, steps: 1000 / factor + 20, every: 10 },
      { batch: 4, rate, steps: 1000, every: 10 },
    );
  },
  "representation-agreement": (draw) => {
    const trained = (seed: number) =>
      representedRun({ width: draw.one(24, 32, 48), seed: 4 * draw.seed + seed, steps: 100, data: draw.seed });
    return { records: trained(3), earlier: [1, 2].map((seed) => endedView(trained(seed))) };
  },
  "noise-scale": (draw) => {
    const [before, now] = [draw.one(2, 4), draw.one(8, 16, 32)];
    // Of a rate for whole data, what suits a batch at a noise scale that is not quite known.
    const [rate, scale] = [draw.byFactor(0.01, 0.03), draw.byFactor(3, 12)];
    const [steps, every] = [420, 3];
    const suited = (batch: number) => ({ batch, rate: rate / (1 + scale / batch), steps, every });
    return quadratics(draw, suited(now), suited(before));
  },
  "weight-equilibrium": (draw) => ({
    records: decayingWeights({
      rate: draw.byFactor(0.003, 0.02),
      decay: draw.byFactor(0.2, 1),
      weights: draw.whole(40, 120),
      steps: 600,
      initial: draw.byFactor(0.05, 0.5),
      signal: draw.between(0, 0.6),
      seed: draw.seed,
    }),
  }),
  "random-matrix-spectrum": (draw) => ({
    records: freshLayers({ a: gaussianMatrix(draw.whole(48, 90), draw.whole(32, 64), 0.2, draw.seed) }),
  }),
};

/** The run of a seed on which a law's intervals are counted. */
export function simulated(law: string, seed: number): LawRun | undefined {
  return simulations[law]?.(new Draw(seed));
}
