/** A learning rate, a width or a depth that was changed since the last run: what is said of it. */
import { describe, expect, test } from "vitest";
import type { InlineFinding } from "../../src/editor/inline/inlineFinding.ts";
import type { OptimizerRecord } from "../../src/probe/record.ts";
import { descent, findingsIn, placed, runOf, siteOf, textAt } from "./inlineScripts.ts";

const script = `import * as tf from "@tensorflow/tfjs";
const RATE = 0.1;
const WIDTH = 64;
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [20], units: WIDTH, activation: "relu" }));
model.add(tf.layers.dense({ units: WIDTH, activation: "relu" }));
model.add(tf.layers.dense({ units: 10 }));
model.compile({ optimizer: tf.train.sgd(RATE), loss: "categoricalCrossentropy" });
await model.fit(x, y, { batchSize: 64 });
`;

const adam = (site: OptimizerRecord["source"]): OptimizerRecord => ({
  ...descent(0.1, site),
  kind: "adam",
  name: "Adam",
  groups: [{ parameters: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.999 }],
});

const data = { t: "data", time: 0, step: 0, batch: 64, how: "" } as const;

function recorded(units: readonly number[]) {
  const modules = units.map((each, index) => ({
    path: `dense_${index}`,
    kind: "Dense",
    parameters: 1,
    units: each,
    readings: {},
  }));
  return { name: "m", parameters: 1, modules };
}

function marked(found: readonly InlineFinding[], law: string) {
  return found.filter(({ diagnostic }) => diagnostic?.law.number === law);
}

describe("a learning rate that was changed", () => {
  const hintsOf = async (text: string, ran: OptimizerRecord, from = script) =>
    (await findingsIn(text, placed(runOf({ optimizers: [ran], data }), from, text))).flatMap(
      ({ hint }) => hint?.text ?? [],
    );

  test("suits a batch in proportion, under gradient descent", async () => {
    const raised = script.replace("0.1;", "0.2;");
    expect(await hintsOf(raised, descent(0.1, siteOf(script, "sgd(RATE)")))).toEqual(["×2: suits a batch of 128"]);
    expect(await hintsOf(script, descent(0.1, siteOf(script, "sgd(RATE)")))).toEqual([]);
  });
  test("suits a batch in proportion to its square under Adam, as long as averages are left", async () => {
    const before = script.replace("sgd(", "adam(");
    const site = siteOf(before, "adam(RATE)");
    expect(await hintsOf(before.replace("0.1;", "0.2;"), adam(site), before)).toEqual(["×2: suits a batch of 256"]);
    // 1 − β₁ = 0.1 goes with the square: at four times the rate it would be 1.6.
    const text = before.replace("0.1;", "0.4;");
    const found = await findingsIn(text, placed(runOf({ optimizers: [adam(site)], data }), before, text));
    expect(found.flatMap(({ hint }) => hint ?? [])).toEqual([]);
    const fact = found.flatMap(({ facts }) => facts).find(({ what }) => what.startsWith("Batch for"));
    expect(fact?.value).toMatch(/^unknown: 1 − β would/);
  });
  test("suits none that has less than one example, and says nothing of a run that diverged", async () => {
    const ran = descent(0.1, siteOf(script, "sgd(RATE)"));
    const lowered = script.replace("0.1;", "0.0005;");
    expect(await hintsOf(lowered, ran)).toEqual([]);
    const diverged = runOf({ optimizers: [ran], data, status: "diverged" });
    const found = await findingsIn(lowered, placed(diverged, script, lowered));
    expect(found.flatMap(({ facts }) => facts).filter(({ law }) => law?.number === "L35")).toEqual([]);
  });
  test("says nothing where the batch was changed with it", async () => {
    const both = script.replace("0.1;", "0.2;").replace("batchSize: 64", "batchSize: 128");
    expect(await hintsOf(both, descent(0.1, siteOf(script, "sgd(RATE)")))).toEqual([]);
  });
});

describe("a width that was changed", () => {
  const before = script.replace("sgd(", "adam(");
  const run = runOf({ models: [recorded([64, 64, 10])], optimizers: [adam(siteOf(before, "adam(RATE)"))] });
  test("has what μP asks for beside it", async () => {
    const wider = before.replace("WIDTH = 64", "WIDTH = 256");
    const [found, ...others] = marked(await findingsIn(wider, placed(run, before, wider)), "L31");
    expect(others).toEqual([]);
    expect(found && textAt(wider, found.range)).toBe("256");
    const { message = "" } = found?.diagnostic ?? {};
    expect(message).toContain("The network is 4 times as wide as that of run 3");
    // Hidden matrices at 1/4 of the rate; the readout as large as it was, which is twice what is drawn, and a quarter of what it gives; ε with
    // the gradients (Yang et al. 2022, table 8).
    expect(message).toContain(
      "the learning rate of hidden matrices 0.025, fresh weights of the last matrix ×2, what the last layer gives ×0.25, ε ×0.25.",
    );
  });
  test("is not spoken of where only one layer grew beside others, or the optimizer was changed too", async () => {
    const rate = before.replace("WIDTH = 64", "WIDTH = 256").replace("0.1;", "0.2;");
    expect(marked(await findingsIn(rate, placed(run, before, rate)), "L31")).toEqual([]);
    const classes = before.replace("units: 10", "units: 20");
    expect(marked(await findingsIn(classes, placed(run, before, classes)), "L31")).toEqual([]);
    expect(marked(await findingsIn(before, placed(run, before)), "L31")).toEqual([]);
  });
  test("in the hover over a model, twice the width is told beforehand", async () => {
    const facts = (await findingsIn(before)).flatMap((finding) => finding.facts);
    const wider = facts.find(({ law }) => law?.number === "L31");
    expect(wider?.value).toBe(
      "the learning rate of hidden matrices ×0.5, fresh weights of the last matrix ×1.41, what the last layer gives ×0.5, ε ×0.5",
    );
  });
});

describe("a depth that was changed", () => {
  const stacked = (blocks: number) => `import torch
from torch import nn

SCALE = 0.25

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.up = nn.Linear(64, 64)
        self.down = nn.Linear(64, 64)

    def forward(self, x):
        return x + SCALE * self.down(torch.relu(self.up(self.norm(x))))

class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(20, 64)
        self.blocks = nn.Sequential(*[Block() for _ in range(${blocks})])
        self.last = nn.Linear(64, 10)

    def forward(self, x):
        return self.last(self.blocks(self.first(x)))

model = Stack()
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
loss = nn.functional.cross_entropy(model(x), y)
loss.backward()
optimizer.step()
`;
  test("has what CompleteP asks for, and a fix where one literal multiplies all branches", async () => {
    const [before, deeper] = [stacked(2), stacked(4)];
    const site = { file: "/project/train.ts", line: siteOf(before, "torch.optim.Adam").line, column: 1 };
    const run = runOf({ models: [recorded([64, 64, 64, 64, 64, 10])], optimizers: [adam(site)] });
    const [found, ...others] = marked(await findingsIn(deeper, placed(run, before, deeper), "python"), "L32");
    expect(others).toEqual([]);
    expect(found?.diagnostic?.message).toContain("2 times the blocks of that of run 3");
    expect(found?.diagnostic?.message).toContain("what each block adds ×0.5");
    const edits = found?.diagnostic?.fixes[0]?.edits ?? [];
    expect(edits.map(({ range, text }) => [textAt(deeper, range), text])).toEqual([["0.25", "0.125"]]);
  });
});
