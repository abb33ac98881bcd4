import { describe, expect, test } from "vitest";
import type { InlineFinding } from "../../src/editor/inline/inlineFinding.ts";
import { descent, findingsIn, placed, reading, runOf, siteOf, textAt } from "./inlineScripts.ts";

const script = `import * as tf from "@tensorflow/tfjs";
const RATE = 0.1;
const model = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [784], units: 256, activation: "relu" }),
    tf.layers.dense({ units: 10, activation: "softmax" }),
  ],
});
model.compile({ optimizer: tf.train.sgd(RATE), loss: "categoricalCrossentropy" });
await model.fit(inputs, targets, { batchSize: 64, epochs: 5 });
`;

const optimizers = [descent(0.1, siteOf(script, "sgd(RATE)"))];
const threshold = { observable: "sharpness/batch", value: 20, formula: "2/η" } as const;
const sharp = (value: number) => ({ threshold, firstSharpness: reading("sharpness/batch", value) });

function hints(found: readonly InlineFinding[], text = script) {
  return found.flatMap(({ hint, range }) => (hint === undefined ? [] : [[textAt(text, range), hint.text]]));
}

function diagnostics(found: readonly InlineFinding[]) {
  return found.flatMap(({ diagnostic }) => diagnostic ?? []);
}

describe("before a run", () => {
  test("a lens over the model counts its parameters, and one over the training call names the ceiling", async () => {
    const lenses = (await findingsIn(script)).flatMap(({ lens }) => lens ?? []);
    expect(lenses.map(({ statement, text }) => [statement.line, text.split(" · ")[0]])).toEqual([
      [2, "203,530 parameters"],
      [9, "sharpness ceiling 2/η = 20"],
    ]);
  });

  test("nothing is beside a line, and nothing is marked", async () => {
    const found = await findingsIn(script);
    expect(hints(found)).toEqual([]);
    expect(diagnostics(found)).toEqual([]);
    expect(found.filter(({ measured }) => measured)).toEqual([]);
  });

  test("what is not in the text is unknown in the hover, and not in the lens", async () => {
    const found = await findingsIn(script.replace("units: 256", "units: Number(process.argv[2])"));
    expect(found.flatMap(({ lens }) => lens ?? []).map(({ text }) => text)).toEqual(["sharpness ceiling 2/η = 20"]);
    const parameters = found.flatMap(({ facts }) => facts).find(({ what }) => what === "Parameters");
    expect(parameters?.value).toMatch(/^unknown: /);
  });

  test("the learning rate's literal is found through its name", async () => {
    const about = (await findingsIn(script)).filter(({ facts }) => facts[0]?.what === "Largest stable sharpness");
    expect(about.map(({ range }) => textAt(script, range))).toContain("0.1");
  });

  test("a script that does not parse is no reason to throw", async () => {
    for (let end = 0; end < script.length; end += 7) await findingsIn(script.slice(0, end));
  });
});

describe("after a run", () => {
  test("the learning rate has how near the edge it came, and the batch size the noise scale", async () => {
    const run = runOf({
      optimizers,
      ...sharp(5),
      lastSharpness: reading("sharpness/batch", 19.4, { step: 90 }),
      noiseScale: reading("gradient/noiseScale", 310),
      data: { t: "data", time: 0, step: 0, batch: 64, how: "" },
    });
    expect(hints(await findingsIn(script, placed(run, script)))).toEqual([
      ["0.1", "η·λ = 1.94 of 2 after run 3"],
      ["64", "noise scale 310 after run 3"],
    ]);
  });

  test("a rate that was not the one that is written says so", async () => {
    const run = runOf({
      optimizers: [descent(0.05, siteOf(script, "sgd(RATE)"))],
      threshold: { ...threshold, value: 40 },
      lastSharpness: reading("sharpness/batch", 20),
    });
    expect(hints(await findingsIn(script, placed(run, script)))).toEqual([
      ["0.1", "ran at 0.05: η·λ = 1 of 2 at step 0 of run 3"],
    ]);
  });

  const layers = {
    name: "m",
    parameters: 203_530,
    modules: [
      {
        path: "dense_1",
        kind: "Dense",
        parameters: 200_960,
        units: 256,
        source: siteOf(script, "dense({ inputShape"),
        readings: {
          "activation/effectiveRank": reading("activation/effectiveRank@dense_1", 34.2, { nullValue: 180 }),
          "activation/deadFraction": reading("activation/deadFraction@dense_1", 0),
          "update/relative": reading("update/relative@dense_1", 1.1e-3),
        },
      },
    ],
  };

  test("a layer has rank, dead units and update at its end", async () => {
    const found = await findingsIn(script, placed(runOf({ models: [layers] }), script));
    expect(hints(found)).toEqual([
      [
        'tf.layers.dense({ inputShape: [784], units: 256, activation: "relu" })',
        "rank 34 of 256 · 0 % dead · update 0.0011",
      ],
    ]);
  });

  test("what was recorded moves with its line, and goes with it", async () => {
    const run = runOf({ models: [layers], optimizers, ...sharp(5), lastSharpness: reading("sharpness/batch", 19.4) });
    const moved = script.replace("const RATE", "// A comment.\n\nconst RATE");
    expect(hints(await findingsIn(moved, placed(run, script, moved)), moved).map(([text]) => text)).toEqual([
      "0.1",
      'tf.layers.dense({ inputShape: [784], units: 256, activation: "relu" })',
    ]);
    const edited = script.replace("units: 256", "units: 128").replace("0.1;", "0.2;");
    expect(hints(await findingsIn(edited, placed(run, script, edited)), edited)).toEqual([]);
  });

  test("layers half of whose units are dead are marked", async () => {
    const [module] = layers.modules;
    const dead = { ...module?.readings, "activation/deadFraction": reading("activation/deadFraction@dense_1", 0.75) };
    const model = { ...layers, modules: layers.modules.map((each) => ({ ...each, readings: dead })) };
    const [found, ...others] = diagnostics(await findingsIn(script, placed(runOf({ models: [model] }), script)));
    expect(others).toEqual([]);
    expect(found?.message).toMatch(/^75 % of the units of dense_1 were zero on all 64 examples at step 0 of run 3/);
    expect(found?.law.number).toBe("L41");
  });

  test("a layer whose updates are next to none beside the others' is marked, and one that is frozen is not", async () => {
    const updated = (updates: readonly number[]) => ({
      ...layers,
      modules: updates.map((value, index) => ({
        ...layers.modules[0],
        path: `dense_${index + 1}`,
        kind: "Dense",
        parameters: 1,
        source: siteOf(script, index === 0 ? "dense({ inputShape" : "dense({ units: 10"),
        readings: { "update/relative": reading("update/relative", value) },
      })),
    });
    const marked = async (updates: readonly number[]) =>
      diagnostics(await findingsIn(script, placed(runOf({ models: [updated(updates)] }), script)));
    const [found, ...others] = await marked([1e-7, 1e-3]);
    expect(others).toEqual([]);
    expect(found?.message).toMatch(/^dense_1 hardly learns: its update at step 0 of run 3 was 1\.00e−7 of its size/);
    expect(found?.law.number).toBe("L13");
    expect(await marked([0, 1e-3])).toEqual([]);
    expect(await marked([2e-5, 1e-3])).toEqual([]);
  });

  test("a run that diverged is marked at its optimizer, with the largest stable rate to set", async () => {
    const firstSharpness = reading("sharpness/batch", 163, { error: 1 });
    const run = runOf({ status: "diverged", step: 41, optimizers, threshold, firstSharpness });
    const found = (await findingsIn(script, placed(run, script))).filter(({ diagnostic }) => diagnostic !== undefined);
    expect(found.map(({ range }) => textAt(script, range))).toEqual(["tf.train.sgd(RATE)"]);
    const [diagnostic] = diagnostics(found);
    expect(diagnostic?.severity).toBe("warning");
    expect(diagnostic?.message).toContain("Run 3 diverged at step 41. The sharpness at step 0, 163, was 8.15 times");
    const [fix] = diagnostic?.fixes ?? [];
    // 2/163 = 0.012270, never rounded up; 2/164 = 0.012195 and 2/162 = 0.012346 are its interval.
    expect(fix?.title).toContain("Set the learning rate to 0.0122,");
    expect(fix?.title).toContain("(0.0121 to 0.0123)");
    expect(fix?.edits.map(({ range, text }) => [textAt(script, range), text])).toEqual([["0.1", "0.0122"]]);
  });

  test("a learning rate that was raised beyond the measured limit is marked before it runs", async () => {
    const run = runOf({ models: [layers], optimizers, ...sharp(15) });
    const raised = script.replace("0.1;", "0.4;");
    const [found] = diagnostics(await findingsIn(raised, placed(run, script, raised)));
    expect(found?.message).toMatch(/^This learning rate is 3 times the largest that is stable/);
    expect(found?.fixes[0]?.edits[0]?.text).toBe("0.133");
    const lowered = script.replace("0.1;", "0.13;");
    expect(diagnostics(await findingsIn(lowered, placed(run, script, lowered)))).toEqual([]);
  });

  test("a run whose steps were taken in evaluation mode is marked at its optimizer", async () => {
    const text = "Steps are taken with the model in evaluation mode: dropout is off.";
    const evaluation = { t: "note", time: 0, step: 0, severity: "warning", code: "evaluation-mode", text } as const;
    const found = await findingsIn(script, placed(runOf({ optimizers, evaluation }), script));
    const marked = found.flatMap(({ diagnostic, range }) =>
      diagnostic === undefined ? [] : [[textAt(script, range), diagnostic.message]],
    );
    expect(marked).toEqual([["tf.train.sgd(RATE)", `Run 3: ${text}`]]);
    const another = script.replace("sgd(RATE)", "adam(RATE)");
    expect(diagnostics(await findingsIn(another, placed(runOf({ optimizers, evaluation }), script, another)))).toEqual(
      [],
    );
  });

  test("a larger batch asks for a larger learning rate", async () => {
    const run = runOf({ optimizers, data: { t: "data", time: 0, step: 0, batch: 64, how: "" } });
    const larger = script.replace("batchSize: 64", "batchSize: 256");
    const [found] = diagnostics(await findingsIn(larger, placed(run, script, larger)));
    expect(found?.message).toContain("The batch is 4 times that of run 3");
    expect(found?.fixes[0]?.edits.map(({ range, text }) => [textAt(larger, range), text])).toEqual([["0.1", "0.4"]]);
  });

  test("a first loss above its forecast is marked at the loss", async () => {
    const verdict = {
      forecast: "f",
      outcome: "broken",
      scoredAt: 0,
      measured: 5,
      error: 9,
      skill: NaN,
      reason: "The first loss was 5.000.",
    } as const;
    const common = { law: "step-zero-loss", statement: "The first loss is ln 10.", assumptions: [] };
    const missed = { ...common, low: 2.2, central: 2.3, high: 2.4, verdict };
    const found = await findingsIn(script, placed(runOf({ verdicts: [missed] }), script));
    expect(diagnostics(found).map(({ message }) => message)).toEqual([
      "The first loss was 5.000. The first loss is ln 10.",
    ]);
    const below = { ...missed, verdict: { ...verdict, measured: 1 } };
    expect(diagnostics(await findingsIn(script, placed(runOf({ verdicts: [below] }), script)))).toEqual([]);
  });
});

describe("an initialization off criticality in a deep stack", () => {
  const deep = (activation: string, initializer: string) => `import * as tf from "@tensorflow/tfjs";
const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [64], units: 64, activation: "${activation}", kernelInitializer: '${initializer}' }));
for (let index = 0; index < 20; index++) {
  model.add(tf.layers.dense({ units: 64, activation: "${activation}", kernelInitializer: '${initializer}' }));
}
model.add(tf.layers.dense({ units: 10 }));
`;
  test("is marked, and rectifiers get an initializer of critical gain", async () => {
    const text = deep("relu", "glorotNormal");
    const [found, ...others] = diagnostics(await findingsIn(text));
    expect(others).toEqual([]);
    expect(found?.message).toMatch(/^At initialization gradients shrink to ×.* over 22 layers/);
    expect(found?.law.number).toBe("L13");
    const edits = found?.fixes[0]?.edits ?? [];
    expect(new Set(edits.map(({ range, text: put }) => `${textAt(text, range)} ${put}`))).toEqual(
      new Set(["'glorotNormal' 'heUniform'"]),
    );
  });
  test("is not seen where the gain is critical", async () => {
    expect(diagnostics(await findingsIn(deep("relu", "heUniform")))).toEqual([]);
    expect(diagnostics(await findingsIn(deep("tanh", "glorotUniform")))).toEqual([]);
  });
});

describe("layers that a gradient does not come to", () => {
  /** No two layers are alike, so that no depth is known up to which they would train. */
  const stack = (widths: readonly number[]) => {
    const layers = widths.slice(1).map((units, index) => `nn.Linear(${widths[index] ?? ""}, ${units})`);
    return `import torch
from torch import nn
model = nn.Sequential(${layers.join(", nn.Sigmoid(), ")})
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
`;
  };
  test("are marked at the first of them", async () => {
    const text = stack([256, 128, 64, 32, 16, 8]);
    const [found, ...others] = (await findingsIn(text, undefined, "python")).filter(({ diagnostic }) => diagnostic);
    expect(others).toEqual([]);
    expect(found && textAt(text, found.range)).toBe("nn.Linear(256, 128)");
    // Each of four layers multiplies by √(⅓·E[σ′²]), which is somewhat below ¼/√3.
    expect(found?.diagnostic?.message).toMatch(/only ×3\.\d+e−4 of the last layer's gradient/);
  });
  test("or that it explodes at, where nothing holds what blocks add", async () => {
    const text = `import torch
from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 64, bias=False)
        nn.init.kaiming_normal_(self.layer.weight)

    def forward(self, x):
        return x + self.layer(x)

model = nn.Sequential(*[Block() for _ in range(20)], nn.Linear(64, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
`;
    const found = diagnostics(await findingsIn(text, undefined, "python"));
    // Nineteen sums of 1 and 2 and a last layer of ⅓ multiply the square: 3⁹ = 19,683.
    expect(found.map(({ law, message }) => `${law.number} ${message}`)).toEqual([
      expect.stringMatching(/^L13 Before training ×19700 of the last layer's gradient comes to this layer/),
    ]);
  });
  test("are not where two layers let a fiftieth through", async () => {
    const found = await findingsIn(stack([64, 32, 16, 4]), undefined, "python");
    expect(found.filter(({ diagnostic }) => diagnostic)).toEqual([]);
    const facts = found.flatMap((each) => each.facts).filter(({ what }) => what.includes("behind sigmoid"));
    // A sigmoid of little has a mean square of ¼ and a sixteenth of the variance before it.
    expect(facts.map(({ value }) => value)).toEqual(
      [0, 1].map((): unknown => expect.stringMatching(/^0\.[45]\d* to 0\.5\d*$/)),
    );
  });
});

describe("weight decay", () => {
  const decaying = (decay: string) => `import torch
from torch.utils.data import DataLoader, TensorDataset
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=${decay})
loader = DataLoader(TensorDataset(torch.randn(6400, 4), torch.randn(6400, 2)), batch_size=64)
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
`;
  const said = async (decay: string) =>
    diagnostics(await findingsIn(decaying(decay), undefined, "python")).map(({ message }) => message);
  test("that does nothing in the training that is written, or makes weights forget within a part of a pass, is marked", async () => {
    // A pass is 100 steps and training 1,000: τ = 1/(0.01·λ).
    expect(await said("1e-4")).toEqual([
      expect.stringMatching(/^This weight decay hardly acts: .*1,000,000 steps.*1,000 steps/),
    ]);
    expect(await said("20")).toEqual([expect.stringMatching(/^This weight decay acts at once: .*5 steps.*100 steps/)]);
    expect(await said("0.1")).toEqual([]);
  });
});
