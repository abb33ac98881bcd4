import { describe, expect, test } from "vitest";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import { largestStableRate } from "../../src/analyses/beforeRun/stabilityCeiling.ts";
import { stabilityThreshold } from "../../src/theory/empirical/stabilityThreshold.ts";
import type { OptimizerFacts } from "../../src/theory/facts.ts";
import { gaussians } from "../oracle/tinyNetwork.ts";
import { sketchOf } from "./inlineScripts.ts";

async function predictionsOf(body: string) {
  return beforeRun(await sketchOf(`import * as tf from "@tensorflow/tfjs";\n${body}`));
}

function valueOf(prediction: Prediction | undefined): number | string {
  if (prediction === undefined) return "absent";
  return prediction.known ? prediction.value : prediction.reason;
}

describe("counted by hand", () => {
  const body = `
const model = tf.sequential();
model.add(tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, activation: "relu" }));
model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({ units: 10 }));
`;
  test("parameters, operations and memory of a small convolutional network", async () => {
    const [model] = (await predictionsOf(body)).models;
    // 8 kernels of 5×5×1 with biases; 12×12×8 inputs to 10 units with biases.
    expect(valueOf(model?.parameters)).toBe(8 * 26 + 10 * 1153);
    // Two operations for each of 24×24×8 outputs and 25 taps, and for each of 1152×10 weights.
    expect(valueOf(model?.operations)).toBe(2 * (24 * 24 * 8 * 25 + 1152 * 10));
    // Outputs of convolution, pooling and dense layer; flattening makes no numbers.
    expect(valueOf(model?.memory)).toBe(4 * (24 * 24 * 8 + 12 * 12 * 8 + 10));
  });

  test("its gain is known but for how alike neighbouring places are", async () => {
    const gain = (await predictionsOf(body)).models[0]?.signal.gain;
    // Glorot's variance, cut off: 2·0.7737/(1152 + 10) a weight; half of the units are on, or fifteen of sixteen.
    const square = (1152 * 2 * 0.7737413) / 1162;
    const [least, most] = [Math.sqrt(square / 2), Math.sqrt((square * 15) / 16)];
    if (gain?.known !== true) throw new Error("It is not predicted.");
    expect(gain.value).toBeCloseTo(Math.sqrt(least * most), 4);
    // Eight channels let it stray besides.
    expect(gain.low).toBeLessThan(least);
    expect(gain.high).toBeGreaterThan(most);
  });
});

describe("the gain of a plain stack", () => {
  const stack = (initializer: string) => `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [40], units: 40, activation: "relu", kernelInitializer: "${initializer}" }));
for (let index = 0; index < 5; index++) {
  model.add(tf.layers.dense({ units: 40, activation: "relu", kernelInitializer: "${initializer}" }));
}
model.add(tf.layers.dense({ units: 40, kernelInitializer: "${initializer}" }));
`;
  /** Norm of the gradient by the first layer's units over that by the last's, for one draw: products of random matrices. */
  function drawnGain(next: () => number, deviation: number): number {
    const width = 40;
    const matrix = () => Array.from({ length: width }, () => Array.from({ length: width }, () => deviation * next()));
    const layers = Array.from({ length: 7 }, matrix);
    let fed = Array.from({ length: width }, next);
    const alive: boolean[][] = [];
    for (const weights of layers) {
      const sums = weights.map((row) => row.reduce((sum, weight, index) => sum + weight * (fed[index] ?? 0), 0));
      alive.push(sums.map((each) => each > 0));
      fed = sums.map((each) => Math.max(0, each));
    }
    const start = Array.from({ length: width }, next);
    let back = start;
    for (let layer = 6; layer > 0; layer--) {
      const weights = layers[layer] ?? [];
      back = Array.from({ length: width }, (_, index) =>
        alive[layer - 1]?.[index] === true
          ? weights.reduce((sum, row, unit) => sum + (row[index] ?? 0) * (back[unit] ?? 0), 0)
          : 0,
      );
    }
    return Math.hypot(...back) / Math.hypot(...start);
  }

  test("is that of drawn networks on average, and four in five of them lie within its interval", async () => {
    const gain = (await predictionsOf(stack("leCunNormal"))).models[0]?.signal.gain;
    if (gain?.known !== true) throw new Error("The gain is not predicted.");
    const next = gaussians(7);
    // LeCun's variance is 1/fan-in, and TensorFlow.js cuts it off at two deviations.
    const drawn = Array.from({ length: 400 }, () => drawnGain(next, Math.sqrt(0.7737413 / 40)));
    const meanSquare = drawn.reduce((sum, each) => sum + each ** 2, 0) / drawn.length;
    // The root of a mean square of 400 draws, each of which scatters by less than its own size, is off by a tenth at most.
    expect(Math.sqrt(meanSquare) / gain.value).toBeGreaterThan(0.9);
    expect(Math.sqrt(meanSquare) / gain.value).toBeLessThan(1.1);
    const within = drawn.filter((each) => each >= gain.low && each <= gain.high).length / drawn.length;
    expect(within).toBeGreaterThan(0.7);
    expect(within).toBeLessThan(0.95);
  });

  test("is 1 at the critical initialization of rectifiers, at which any depth would train", async () => {
    const signal = (await predictionsOf(stack("heUniform"))).models[0]?.signal;
    expect(valueOf(signal?.gain)).toBeCloseTo(1, 3);
    expect(valueOf(signal?.usableDepth)).toBeGreaterThan(1000);
  });
});

describe("signals through more than a plain stack", () => {
  const torch = async (lines: string) => {
    const text = `import torch\nfrom torch import nn\n${lines}\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n`;
    return beforeRun(await sketchOf(text, "python")).models[0];
  };
  const rms = (model: Awaited<ReturnType<typeof torch>>) => model?.signal.layers.map((each) => valueOf(each.rms));

  test("are known behind a layer that is not, from the next normalization on", async () => {
    const model = await torch(
      "model = nn.Sequential(nn.Linear(64, 64), nn.Hardtanh(), nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 10))",
    );
    // PyTorch's own initializer has a variance of 1/(3·fan-in), of weights and of biases.
    expect(rms(model)).toEqual([
      expect.closeTo(Math.sqrt(1 / 3 + 1 / 192), 6),
      expect.stringMatching(/hardTanh/),
      expect.closeTo(1, 3),
      expect.closeTo(Math.sqrt(1 / 3 + 1 / 192), 3),
    ]);
    expect(valueOf(model?.signal.gain)).toMatch(/hardTanh/);
  });

  test("of a block that is skipped add to the stream", async () => {
    const model = await torch(`
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.up = nn.Linear(64, 256, bias=False)
        self.down = nn.Linear(256, 64, bias=False)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))

model = nn.Sequential(nn.Linear(64, 64, bias=False), Block(), Block(), nn.LayerNorm(64), nn.Linear(64, 10, bias=False))`);
    const third = Math.sqrt(1 / 3);
    // A branch has ⅓ behind its first matrix, half of that behind the rectifier, and a third of that in the end.
    const layers = [third, 1, Math.sqrt(1 / 6), Math.sqrt(1 / 18), 1, Math.sqrt(1 / 6), Math.sqrt(1 / 18), 1, third];
    expect(rms(model)).toEqual(layers.map((each): unknown => expect.closeTo(each, 3)));
    // Back: a normalization divides by the stream's square, ⅓ and then ⅓ + 1/18; a branch has ⅓·½·⅓ of the gradient.
    const branch = 1 / 18;
    const square = ((1 / 3) * (1 + branch / (1 / 3)) * (1 + branch / (1 / 3 + branch))) / (1 / 3 + 2 * branch);
    expect(valueOf(model?.signal.gain)).toBeCloseTo(Math.sqrt(square), 3);
    expect(valueOf(model?.signal.stream)).toBeCloseTo(Math.sqrt((1 / 3 + 2 * branch) / (1 / 3)), 3);
  });

  test.each([
    ["a softmax within", "nn.Linear(64, 64), nn.Softmax(dim=-1), nn.Linear(64, 10)", /softmax comes before/],
    [
      "a softplus with a β of its own",
      "nn.Linear(64, 64), nn.Softplus(beta=2), nn.Linear(64, 10)",
      /softplus with a β/,
    ],
    [
      "dropout that keeps means",
      "nn.Linear(64, 64), nn.SELU(), nn.AlphaDropout(0.1), nn.Linear(64, 10)",
      /AlphaDropout/,
    ],
    [
      "what bends units of few inputs",
      "nn.Conv2d(16, 16, 3, groups=16), nn.BatchNorm2d(16), nn.SiLU(), nn.Flatten(), nn.Linear(64, 10)",
      /few channels comes before silu/,
    ],
    [
      "copies of a layer",
      "nn.Linear(64, 64), *[copy.deepcopy(layer) for _ in range(2)], nn.Linear(64, 10)",
      /copies of one another/,
    ],
    [
      "a stack of copies of a block",
      "nn.Linear(64, 64), nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4), 2), nn.Linear(64, 10)",
      /TransformerEncoder/,
    ],
  ])("are not known behind %s", async (_, layers, reason) => {
    const model = await torch(`import copy\nlayer = nn.Linear(64, 64)\nmodel = nn.Sequential(${layers})`);
    expect(valueOf(model?.signal.gain)).toMatch(reason);
  });

  test("go by the slopes that are written", async () => {
    const model = await torch(
      "model = nn.Sequential(nn.Linear(64, 64, bias=False), nn.LeakyReLU(0.5), nn.Linear(64, 64, bias=False), nn.PReLU(), nn.Linear(64, 64))",
    );
    // A sixth of (1 + a²) a layer, of the squares; PyTorch's PReLU begins at a slope of ¼.
    const [first, second] = [(1 / 6) * (1 + 0.5 ** 2), (1 / 6) * (1 + 0.25 ** 2)];
    expect(rms(model)?.slice(0, 2)).toEqual(
      [first, first * second].map((square): unknown => expect.closeTo(Math.sqrt(square), 4)),
    );
    expect(valueOf(model?.signal.gain)).toBeCloseTo(Math.sqrt(first * second), 4);
  });

  test("of blocks that are rectified behind the sum are known, and gradients are not", async () => {
    const model = await torch(`
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 64, bias=False)
        self.second = nn.Linear(64, 64, bias=False)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.first(x))))

import torch.nn.functional as F
model = nn.Sequential(nn.Linear(64, 64, bias=False), nn.ReLU(), Block(), nn.Linear(64, 10, bias=False))`);
    const square = 1 / 6;
    const added = square / 18;
    // Of r + g, r rectified with mean square 1/6, g of variance v: the half in which r is zero leaves v/4, and r > 0 is made no smaller than it is.
    const last = Number(rms(model)?.at(-1)) ** 2 * 3;
    expect(last).toBeGreaterThan(square + added / 4);
    expect(last).toBeLessThan(square + added);
    expect(valueOf(model?.signal.gain)).toMatch(/behind a sum/);
  });

  test("of attention that is added lie between those of equal and of independent positions", async () => {
    const model = await torch(
      "model = nn.Sequential(nn.Embedding(50, 64), nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, norm_first=True), nn.Linear(64, 10, bias=False))",
    );
    const head = model?.signal.layers.at(-1)?.rms;
    if (head?.known !== true) throw new Error("It is not predicted.");
    // The stream has 1 of the embedding, up to 1/6 of attention, and of the layers what a normalized input makes: ⅓ + 1/192, half of that, a third.
    const layers = (1 / 3 + 1 / 192) / 2 / 3 + 1 / 384;
    const [least, most] = [1 + layers, 1 + 1 / 6 + layers].map((square) => Math.sqrt(square / 3));
    expect(head.value).toBeCloseTo(Math.sqrt((least ?? NaN) * (most ?? NaN)), 2);
    expect(head.low).toBeLessThan(least ?? NaN);
    expect(head.high).toBeGreaterThan(most ?? NaN);
  });

  test("of a model that a script calls by itself are not known where training changes them", async () => {
    const gainOf = async (train: string) => {
      const text = `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [50], units: 100 }));
model.add(tf.layers.dropout({ rate: 0.5 }));
model.add(tf.layers.dense({ units: 10, kernelInitializer: "heUniform" }));
const optimizer = tf.train.sgd(0.1);
model.compile({ optimizer, loss: "categoricalCrossentropy" });
${train}
`;
      return valueOf((await predictionsOf(text)).models[0]?.signal.gain);
    };
    // σ_w² = 2, and twice as much of the half that is left.
    expect(await gainOf("await model.fit(x, y);")).toBeCloseTo(2, 6);
    expect(await gainOf("optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.predict(x)));")).toMatch(
      /whether it is called as in training/,
    );
  });

  test("are not said of a gain that is not known", async () => {
    const model = (
      await predictionsOf(`
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [50], units: 100 }));
model.add(tf.layers.layerNormalization({ gammaInitializer: "randomNormal" }));
model.add(tf.layers.dense({ units: 10 }));
`)
    ).models[0];
    expect(valueOf(model?.signal.gain)).toMatch(/layerNormalization does not begin with a gain that is known/);
  });
});

describe("what descent can rest at", () => {
  const linear = (rate: string) => `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [8], units: 16, useBias: false }));
model.add(tf.layers.dense({ units: 16, useBias: false }));
model.add(tf.layers.dense({ units: 4, useBias: false }));
model.compile({ optimizer: tf.train.sgd(${rate}), loss: "meanSquaredError" });
await model.fit(x, y);
`;
  test("is a map whose flattest solution is as sharp as the limit", async () => {
    const largest = Number(valueOf((await predictionsOf(linear("0.05"))).optimizers[0]?.largestMap));
    // ¼ of the sum of squares over 4 outputs has half the curvature of ½ of it; L·s^(2−2/L) for L = 3.
    expect((2 / 4) * 3 * largest ** (4 / 3)).toBeCloseTo(2 / 0.05, 9);
  });
  test("is not said of networks that are not linear", async () => {
    const bent = linear("0.05").replace("units: 16,", 'units: 16, activation: "relu",');
    expect((await predictionsOf(bent)).optimizers[0]?.largestMap).toBeUndefined();
  });
});

describe("the loss at step 0", () => {
  const classifier = (loss: string, last: string) => `
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [50], units: 100, activation: "relu" }));
model.add(tf.layers.dense({ ${last} }));
model.compile({ optimizer: "sgd", loss: "${loss}" });
await model.fit(x, y);
`;
  test("of a classifier begins at ln C, and ends where its largest logits put it", async () => {
    const predicted = await predictionsOf(classifier("categoricalCrossentropy", 'units: 10, activation: "softmax"'));
    const first = predicted.models[0]?.firstLoss;
    if (first?.known !== true) throw new Error("It is not predicted.");
    expect(first.low).toBeCloseTo(0.98 * Math.log(10), 6);
    // Glorot's variance, cut off: hidden units have 2·0.7737·50/150 = 0.516 of the inputs', rectified to half of that; logits
    // have 2·0.7737·100/110 times as much, and ten of them scatter by 1.2816·√(2/9).
    const variance = (1.5474826 * 50) / 150 / 2;
    const logits = variance * ((1.5474826 * 100) / 110) * (1 + 1.2816 * Math.sqrt(2 / 9));
    expect(first.high).toBeCloseTo(1.02 * (Math.log(10) + logits / 2), 3);
  });
  test("of a binary classifier begins at ln 2", async () => {
    const predicted = await predictionsOf(classifier("binaryCrossentropy", 'units: 1, activation: "sigmoid"'));
    const first = predicted.models[0]?.firstLoss;
    expect(first?.known === true ? first.low : first?.reason).toBeCloseTo(0.98 * Math.LN2, 6);
  });
  test.each([
    ["binaryCrossentropy", "units: 1", "linear"],
    ["binaryCrossentropy", 'units: 1, activation: "tanh"', "tanh"],
    ["categoricalCrossentropy", "units: 10", "linear"],
    ["categoricalCrossentropy", 'units: 10, activation: "sigmoid"', "sigmoid"],
  ])("by %s of what ends in %s is not predicted: it is no probability", async (loss, last, ending) => {
    const reason = valueOf((await predictionsOf(classifier(loss, last))).models[0]?.firstLoss);
    expect(reason).toContain(`${loss} asks for what ends in `);
    expect(reason).toContain(`the model ends in ${ending}`);
  });
  test("of a regression is not predicted", async () => {
    const predicted = await predictionsOf(classifier("meanSquaredError", "units: 1"));
    expect(valueOf(predicted.models[0]?.firstLoss)).toMatch(/targets/);
  });
});

describe("an optimizer's ceiling", () => {
  test.each([
    ["tf.train.sgd(0.1)", 20, "2/η"],
    ["tf.train.momentum(0.1, 0.9)", 38, "2(1+β)/η"],
    ["tf.train.adam(0.001)", 38_000, "2(1+β₁)/((1−β₁)η)"],
  ])("of %s is %d", async (call, ceiling, formula) => {
    const [optimizer] = (await predictionsOf(`const optimizer = ${call};\noptimizer.minimize(() => loss());`))
      .optimizers;
    expect(valueOf(optimizer?.ceiling)).toBeCloseTo(ceiling, 6);
    expect(optimizer?.ceiling.known === true ? optimizer.ceiling.how : "").toBe(formula);
  });
  test("is unknown where its learning rate is", async () => {
    const [optimizer] = (await predictionsOf("const optimizer = tf.train.sgd(rates[0]);\noptimizer.minimize(f);"))
      .optimizers;
    expect(valueOf(optimizer?.ceiling)).toMatch(/^its learning rate is not known: /);
  });
});

describe("the largest stable learning rate", () => {
  const optimizer = (some: object): OptimizerFacts => ({
    id: "o",
    kind: "momentum",
    name: "Momentum",
    schedule: "constant",
    groups: [{ parameters: 1, learningRate: 0.1, momentum: 0.9, ...some }],
  });
  test("is 2(1 + β)/λ for the heavy ball", () => {
    expect(largestStableRate(optimizer({}), 100)).toBeCloseTo(3.8 / 100, 10);
  });
  test("has the sharpness as its ceiling, with weight decay too", () => {
    for (const weightDecayForm of ["coupled", "decoupled"] as const) {
      const facts = optimizer({ weightDecay: 0.1, weightDecayForm });
      const rate = largestStableRate(facts, 7) ?? NaN;
      expect(stabilityThreshold(facts, rate)?.value).toBeCloseTo(7, 8);
    }
  });
  test("is none where there is no limit, and where the sharpness is no number", () => {
    expect(largestStableRate({ ...optimizer({}), kind: "adagrad" }, 7)).toBeUndefined();
    for (const sharpness of [NaN, 0, -1, Infinity]) expect(largestStableRate(optimizer({}), sharpness)).toBeUndefined();
  });
});
