/** The quick fix that puts the wider network of a PyTorch script into the maximal-update parametrization. */
import { describe, expect, test } from "vitest";
import type { InlineEdit } from "../../src/editor/inline/inlineFinding.ts";
import type { OptimizerRecord } from "../../src/probe/record.ts";
import { descent, findingsIn, placed, runOf, siteOf } from "./inlineScripts.ts";

const scriptOf = (optimizer: string, layers = "nn.ReLU()") => `import torch
from torch import nn

WIDTH = 64

def train(x, y):
    model = nn.Sequential(nn.Linear(20, WIDTH), ${layers}, nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 10, bias=False))
    optimizer = ${optimizer}
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

train(torch.randn(64, 20), torch.randint(10, (64,)))
`;

function recordOf(
  kind: OptimizerRecord["kind"],
  script: string,
  more: Partial<OptimizerRecord["groups"][number]> = {},
) {
  const { line } = siteOf(script, "torch.optim");
  const groups = [{ parameters: 1, learningRate: 0.1, ...more }];
  return { ...descent(0.1, { file: "/project/train.ts", line, column: 1 }), kind, name: kind, groups };
}

const modules = [64, 64, 10].map((units, index) => {
  return { path: `${2 * index}`, kind: "Linear", parameters: 1, units, readings: {} };
});

function apply(text: string, edits: readonly InlineEdit[]): string {
  const lines = text.split("\n");
  const backwards = edits.toSorted(
    (one, other) => other.range.start.line - one.range.start.line || other.range.start.column - one.range.start.column,
  );
  for (const { range, text: put } of backwards) {
    const { start, end } = range;
    const joined = (lines[start.line] ?? "").slice(0, start.column) + put + (lines[end.line] ?? "").slice(end.column);
    lines.splice(start.line, end.line - start.line + 1, ...joined.split("\n"));
  }
  return lines.join("\n");
}

/** The script at four times the width as it is after the fix; undefined where there is none. */
async function fixed(before: string, record: OptimizerRecord): Promise<string | undefined> {
  const wider = before.replace("WIDTH = 64", "WIDTH = 256");
  const run = runOf({ models: [{ name: "m", parameters: 1, modules }], optimizers: [record] });
  const found = (await findingsIn(wider, placed(run, before, wider), "python")).find(
    ({ diagnostic }) => diagnostic?.law.number === "L31",
  );
  const [fix] = found?.diagnostic?.fixes ?? [];
  return fix && apply(wider, fix.edits);
}

describe("a wider network in PyTorch", () => {
  test("gets μP's rates of hidden matrices and readout, and the readout's fresh weights, under AdamW", async () => {
    const before = scriptOf("torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.02)");
    // Yang et al. 2022, table 8, without multipliers: 1/4 of the rate in both, λ·η as it was, and a readout of 1/4 where 1/2 is drawn.
    expect(await fixed(before, recordOf("adamw", before, { beta1: 0.9, beta2: 0.999, weightDecay: 0.02 }))).toContain(`
    model.get_parameter("4.weight").data.mul_(0.5)
    optimizer = torch.optim.AdamW([
        {"params": [each for name, each in model.named_parameters() if name not in ["2.weight", "4.weight"]]},
        {"params": [model.get_parameter("2.weight"), model.get_parameter("4.weight")], "lr": 0.025, "weight_decay": 0.08},
    ], lr=0.1, weight_decay=0.02)
    for _`);
  });

  test("gets those of the first layer and the biases, and of the readout, under gradient descent", async () => {
    const before = scriptOf("torch.optim.SGD(model.parameters(), lr=0.1)");
    const after = await fixed(before, recordOf("sgd", before));
    expect(after).toContain(`"2.bias")], "lr": 0.4},`);
    expect(after).toContain(`{"params": [model.get_parameter("4.weight")], "lr": 0.025},`);
    expect(after).not.toContain(`get_parameter("2.weight")`);
  });

  test("is one that the reader understands, and is not told again to change its optimizer", async () => {
    const before = scriptOf("torch.optim.Adam(model.parameters(), lr=0.1)");
    const record = recordOf("adam", before, { beta1: 0.9, beta2: 0.999 });
    const after = (await fixed(before, record)) ?? "";
    const run = runOf({ models: [{ name: "m", parameters: 1, modules }], optimizers: [record] });
    const found = await findingsIn(after, placed(run, before, after), "python");
    expect(found.filter(({ diagnostic }) => diagnostic?.law.number === "L31")).toEqual([]);
  });

  test.each([
    [
      "decay is added to the gradient, for which no rule is known",
      "torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)",
      undefined,
    ],
    ["parameters are put together otherwise", "torch.optim.Adam(list(model.parameters()), lr=0.1)", undefined],
    [
      "a layer is of a kind whose parameters have other roles",
      "torch.optim.SGD(model.parameters(), lr=0.1)",
      "nn.LayerNorm(WIDTH)",
    ],
  ])("gets none where %s", async (_, optimizer, layers) => {
    const before = scriptOf(optimizer, layers);
    const kind = optimizer.includes("Adam") ? "adam" : "sgd";
    expect(await fixed(before, recordOf(kind, before))).toBeUndefined();
  });
});
