import { describe, expect, test } from "vitest";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { said, sketchOf } from "./sourceSketches.ts";
import { esm, rates, torch, type Snippet } from "./sourceSnippets.ts";

const lengths = (sketch: SourceSketch | undefined) =>
  sketch?.trainings.map(({ batchSize, batchLimit, epochs, steps }) => [
    said(batchSize),
    said(batchLimit),
    said(epochs),
    said(steps),
  ]);
const schedules = (sketch: SourceSketch | undefined) =>
  sketch?.optimizers.map((each) => [said(each.hyperparameters.learningRate), each.schedules.map(({ kind }) => kind)]);

const dense = `const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });\n`;

/** A loop over a loader of `data` whose batches are made with `settings`. */
const loaded = (data: string, settings: string, after = "pass") => `${torch}x, y = ${data}
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), ${settings})
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for inputs, targets in loader:
        F.mse_loss(model(inputs), targets).backward()
        optimizer.step()
    ${after}
`;
const hundred = "torch.randn(100, 2), torch.randn(100, 1)";

const stepped = `${torch}model = nn.Linear(2, 1)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n`;

/** Mean squares of what models are fed. */
const fed = (sketch: SourceSketch | undefined) =>
  sketch?.trainings.map(({ inputSquare, someWeights = false }) => [
    inputSquare.known ? Number(inputSquare.value.toPrecision(6)) : "?",
    someWeights,
  ]);
const byHand = "const w = tf.variable(tf.randomNormal([2, 1]));\nconst optimizer = tf.train.sgd(0.1);\n";
const stepping = (x: string, rest = "") =>
  `${esm}${byHand}const x = ${x};\noptimizer.minimize(() => tf.losses.meanSquaredError(y, x.matMul(w))${rest});`;

const snippets: readonly Snippet[] = [
  {
    claim: "inputs are as large as they are drawn, also a part of them, in another shape or times a number",
    text: `${esm}${dense}const x = tf.randomUniform([64, 2], 0, 1);
await model.fit(x, y);
await model.fit(x.mul(3), y);
await model.fit(x.slice([0, 0], [8, 2]), y);
await model.fit(tf.randomNormal([128], 1, 2).reshape([64, 2]), y);`,
    finds: fed,
    expected: [
      [0.333333, false],
      [3, false],
      [0.333333, false],
      [5, false],
    ],
  },
  {
    claim: "inputs that are written out are as large as they are",
    text: `${esm}${dense}await model.fit(tf.tensor2d([1, 2, 3, 4], [2, 2]), y);\nawait model.fit(tf.tensor2d([[1, 7], [1, 7]]), y);`,
    finds: fed,
    expected: [
      [7.5, false],
      [25, false],
    ],
  },
  {
    claim: "how large inputs are is not known where they are computed or come from elsewhere",
    text: `${esm}${dense}const x = tf.randomNormal([64, 2]);\nawait model.fit(x.sub(x.mean()), y);\nawait model.fit(load(), y);`,
    finds: fed,
    expected: [
      ["?", false],
      ["?", false],
    ],
  },
  {
    claim: "of a loss that is computed by hand the inputs are those of the data",
    text: stepping("tf.randomNormal([64, 2], 0, 0.5)"),
    finds: fed,
    expected: [[0.25, false]],
  },
  {
    claim: "a step on weights that are named may leave others",
    text: stepping("tf.randomNormal([64, 2])", ", false, [w]"),
    finds: fed,
    expected: [[1, true]],
  },
  {
    claim: "in PyTorch as well inputs are as large as they are drawn",
    text: `${stepped}x = 2 * torch.rand(64, 2)\nF.mse_loss(model(torch.rand(64, 2)), y).backward()\noptimizer.step()`,
    language: "python",
    finds: fed,
    expected: [[0.333333, false]],
  },
  {
    claim: "a batch that is larger than the data is the data",
    text: `${esm}${dense}await model.fit(tf.ones([60, 2]), tf.ones([60, 1]), { batchSize: 4096, epochs: 3 });`,
    finds: lengths,
    expected: [[60, 4096, 3, 3]],
  },
  {
    claim: "so is one that is larger than what validation leaves of them",
    text: `${esm}${dense}await model.fit(tf.ones([60, 2]), tf.ones([60, 1]), { batchSize: 50, validationSplit: 0.25 });`,
    finds: lengths,
    expected: [[45, 50, 1, 1]],
  },
  {
    claim: "of data that are not known, a batch has no more than its limit",
    text: `${esm}${dense}await model.fit(inputs, labels, { batchSize: 64, epochs: 3 });`,
    finds: lengths,
    expected: [["unknown: at most 64: the data are not followed", 64, 3, "unknown: the data are not followed"]],
  },
  {
    claim: "a batch that is larger than the data is the data, in PyTorch too",
    language: "python",
    text: loaded(hundred, "batch_size=256"),
    finds: lengths,
    expected: [[100, 256, 5, 5]],
  },
  {
    claim: "a last batch that is smaller is a step",
    language: "python",
    text: loaded(hundred, "batch_size=30"),
    finds: lengths,
    expected: [[30, 30, 5, 20]],
  },
  {
    claim: "and is none where it is dropped",
    language: "python",
    text: loaded(hundred, "batch_size=30, drop_last=True"),
    finds: lengths,
    expected: [[30, 30, 5, 15]],
  },
  {
    claim: "whole batches alone have as many examples as the text says, however many data there are",
    language: "python",
    text: loaded("load()", "batch_size=30, drop_last=True"),
    finds: (sketch) => sketch?.trainings.map(({ batchSize }) => said(batchSize)),
    expected: [30],
  },
  {
    claim: "data that are fewer than a batch that is dropped make none",
    language: "python",
    text: loaded(hundred, "batch_size=256, drop_last=True"),
    finds: lengths,
    expected: [["unknown: the data are fewer than one batch, and what is left over is dropped", 256, 5, 0]],
  },
  {
    claim: "a loop that may be left has a number of rounds that is not known",
    language: "python",
    text: loaded(hundred, "batch_size=50", "if validate(model) > best: break"),
    finds: lengths,
    expected: [
      [50, 50, ...Array.from({ length: 2 }, () => "unknown: the loop may be left before its rounds are over")],
    ],
  },
  {
    claim: "so has one in a function that may return",
    language: "python",
    text: `${stepped}def train():
    for step in range(100):
        optimizer.step()
        if done():
            return
train()`,
    finds: (sketch) => sketch?.trainings.map(({ steps }) => said(steps)),
    expected: ["unknown: the loop may be left before its rounds are over"],
  },
  {
    claim: "a break that is never reached leaves no loop",
    language: "python",
    text: `DEBUG = False\n${loaded(hundred, "batch_size=50", "if DEBUG: break")}`,
    finds: lengths,
    expected: [[50, 50, 5, 10]],
  },
  {
    claim: "the break of a switch leaves no loop",
    text: `${esm}const optimizer = tf.train.sgd(0.1);
const w = tf.variable(tf.zeros([2]));
for (let step = 0; step < 9; step++) {
  optimizer.minimize(() => w.square().sum());
  switch (mode()) { case 1: log(step); break; }
}`,
    finds: (sketch) => sketch?.trainings.map(({ steps }) => said(steps)),
    expected: [9],
  },
  {
    claim: "epochs after which a callback may stop",
    text: `${esm}${dense}await model.fit(tf.ones([60, 2]), tf.ones([60, 1]), {
  epochs: 30,
  callbacks: tf.callbacks.earlyStopping({ monitor: "loss" }),
});`,
    finds: (sketch) => sketch?.trainings.map(({ epochs, steps }) => [said(epochs), said(steps)]),
    expected: [Array.from({ length: 2 }, () => "unknown: a callback may end it sooner")],
  },
  {
    claim: "epochs after which a function of the script's own may stop",
    text: `${esm}${dense}await model.fit(tf.ones([60, 2]), tf.ones([60, 1]), {
  epochs: 30,
  callbacks: { onEpochEnd: (epoch, logs) => { if (logs.loss < 0.1) model.stopTraining = true; } },
});`,
    finds: (sketch) => sketch?.trainings.map(({ epochs }) => said(epochs)),
    expected: ["unknown: a callback may end it sooner"],
  },
  {
    claim: "callbacks that only tell stop nothing",
    text: `${esm}import * as tfvis from "@tensorflow/tfjs-vis";
${dense}const callbacks = [tfvis.show.fitCallbacks(surface, ["loss"]), { onEpochEnd: (epoch) => console.log(epoch) }];
await model.fit(tf.ones([60, 2]), tf.ones([60, 1]), { epochs: 30, callbacks });`,
    finds: (sketch) => sketch?.trainings.map(({ epochs }) => said(epochs)),
    expected: [30],
  },
  {
    claim: "batches of an epoch of a data set that may run out",
    text: `${esm}${dense}await model.fitDataset(tf.data.csv(url).batch(16), { epochs: 4, batchesPerEpoch: 10 });
await model.fitDataset(tf.data.csv(url).repeat().batch(16, false), { epochs: 4, batchesPerEpoch: 10 });`,
    finds: lengths,
    expected: [
      ["unknown: at most 16: the data are not followed", 16, 4, "unknown: the data may run out"],
      [16, 16, 4, 40],
    ],
  },
  {
    claim: "a learning rate that a schedule of its own replaces",
    language: "python",
    text: `${stepped}torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=100)`,
    finds: (sketch) =>
      sketch?.optimizers.map(({ hyperparameters: { learningRate, momentum } }) => [said(learningRate), said(momentum)]),
    expected: [Array.from({ length: 2 }, () => "unknown: OneCycleLR sets its own")],
  },
  {
    claim: "an optimizer that is handed to a schedule from elsewhere has no constant rate",
    language: "python",
    text: `from transformers import get_cosine_schedule_with_warmup\n${stepped}scheduler = get_cosine_schedule_with_warmup(optimizer, 100, 1000)`,
    finds: schedules,
    expected: [[0.1, ["other"]]],
  },
  {
    claim: "an optimizer that a scaler of gradients steps keeps its rate",
    language: "python",
    text: `${stepped}scaler = torch.cuda.amp.GradScaler()
for step in range(9):
    scaler.unscale_(optimizer)
    scaler.step(optimizer)`,
    finds: schedules,
    expected: [[0.1, []]],
  },
  {
    claim: "a learning rate that is set in a group, by whatever place",
    language: "python",
    text: `${stepped}optimizer.param_groups[group]["lr"] = 0.01`,
    finds: schedules,
    expected: [[0.1, ["assigned"]]],
  },
  {
    claim: "a momentum that is set later",
    language: "python",
    text: `${stepped}for group in optimizer.param_groups:\n    group["momentum"] = 0.5`,
    finds: (sketch) => sketch?.optimizers.map(({ hyperparameters: { momentum } }) => said(momentum)),
    expected: ["unknown: it is assigned to later"],
  },
  {
    claim: "a learning rate that is set by its name in brackets",
    text: `${esm}const optimizer = tf.train.adam(0.1);\noptimizer["learningRate"] = 0.01;\noptimizer.beta1 = 0.5;`,
    finds: (sketch) => [
      schedules(sketch),
      sketch?.optimizers.map(({ hyperparameters }) => said(hyperparameters.beta1)),
    ],
    expected: [[[0.1, ["assigned"]]], ["unknown: it is assigned to later"]],
  },
  {
    claim: "a field of a data class that is given from elsewhere",
    language: "python",
    text: `${torch}from dataclasses import dataclass
@dataclass
class Settings:
    lr: float = 0.1
model = nn.Linear(2, 1)
torch.optim.SGD(model.parameters(), lr=Settings(**load()).lr)
settings = Settings()
settings.lr = load()
torch.optim.SGD(model.parameters(), lr=settings.lr)
others = Settings()
for name, value in load().items():
    setattr(others, name, value)
torch.optim.SGD(model.parameters(), lr=others.lr)
handed = Settings()
override(handed)
torch.optim.SGD(model.parameters(), lr=handed.lr)`,
    finds: (sketch) => rates(sketch)?.filter((rate) => typeof rate === "number"),
    expected: [],
  },
  {
    claim: "numbers that a file that is executed may change are defaults",
    language: "python",
    text: `${torch}lr = 0.1\nexec(open("settings.py").read())\ntorch.optim.Adam(nn.Linear(2, 1).parameters(), lr=lr)`,
    finds: (sketch) => sketch?.optimizers.map(({ hyperparameters: { learningRate } }) => learningRate),
    expected: [
      {
        known: true,
        value: 0.1,
        basis: "default",
        range: { start: { line: 3, column: 5 }, end: { line: 3, column: 8 } },
      },
    ],
  },
];

describe("no number of how a script trains is said that may be another one:", () => {
  test.each(snippets)("$claim", async ({ text, language, finds, expected }) => {
    expect(finds(await sketchOf(text, language ?? "typescript"))).toEqual(expected);
  });
});
