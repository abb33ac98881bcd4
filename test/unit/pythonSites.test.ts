import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Grammars } from "../../src/source/grammar.ts";
import { SourceFile } from "../../src/source/sourceFile.ts";

const wasm = path.join(import.meta.dirname, "../../node_modules/@vscode/tree-sitter-wasm/wasm");
const grammars = new Grammars({
  runtime: path.join(wasm, "tree-sitter.wasm"),
  read: (grammar) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
});

async function sitesOf(text: string) {
  using file = new SourceFile(await grammars.parser("python"), "python");
  return file.sites(text);
}

/** `call@line` of the statement, lines from 1. */
async function found(text: string): Promise<string[]> {
  return (await sitesOf(text)).map((site) => `${site.call}@${site.statement.line + 1}`);
}

describe("training calls and model definitions are found in", () => {
  test.each<readonly [claim: string, text: string, finds: readonly string[]]>([
    [
      "a plain loop, once, at its first call that trains",
      `import torch
model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Sequential(torch.nn.Tanh()))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    scheduler.step()
`,
      ["Sequential@2", "backward@8"],
    ],
    [
      "two loops, each with a lens of its own, under a main guard",
      `import torch.nn as nn
from torch import optim
def pretrain(opt):
    while True:
        opt.step(closure)
if __name__ == "__main__":
    for batch in batches:
        scaler.scale(loss(batch)).backward()
        scaler.step(optimizer)
`,
      ["step@5", "backward@8"],
    ],
    [
      "a function that takes one step",
      `from torch import nn
def train_step(x):
    loss = f(x)
    loss.backward()
    optimizer.step()
`,
      ["backward@4"],
    ],
    [
      "classes of models, decorated, inherited and renamed; not what their constructors make",
      `from torch import nn as layers
import torch
@torch.jit.script
class Block(layers.Module):
    def __init__(self):
        self.net = layers.Sequential(layers.Linear(1, 1))
class Wide(Block):
    pass
class Data(torch.utils.data.Dataset):
    pass
`,
      ["Module@3", "Block@7"],
    ],
    [
      "Lightning",
      `import lightning as L
class Net(L.LightningModule):
    def training_step(self, batch):
        return loss
trainer = L.Trainer(max_epochs=3)
trainer.fit(Net(), data)
`,
      ["LightningModule@2", "fit@6"],
    ],
    [
      "transformers, with a trainer of the script's own",
      `from transformers import Trainer, AutoModel
class Weighted(Trainer):
    pass
model = AutoModel.from_pretrained("x")
model.train()
Weighted(model=model).train()
`,
      ["train@6"],
    ],
    [
      "accelerate",
      `from accelerate import Accelerator
accelerator = Accelerator()
model, optimizer = accelerator.prepare(model, optimizer)
for batch in loader:
    accelerator.backward(model(batch))
    optimizer.step()
`,
      ["backward@5"],
    ],
    [
      "L-BFGS, whose backward pass is in a closure",
      `import torch
optimizer = torch.optim.LBFGS(model.parameters())
for _ in range(9):
    def closure():
        loss = f()
        loss.backward()
        return loss
    optimizer.step(closure)
`,
      ["backward@6"],
    ],
    [
      "a class that trains",
      `import torch
class Runner:
    def __init__(self):
        self.solver = torch.optim.AdamW(self.model.parameters())
    def run(self):
        for batch in self.data:
            self.solver.step()
`,
      ["step@7"],
    ],
    ["code that does not parse yet", "import torch\nfor x in y:\n    loss.backward()\n    print(\n", ["backward@3"]],
    ["columns after characters outside the basic plane", 'import torch\nη = "🪐"; loss.backward()\n', ["backward@2"]],
  ])("%s", async (_claim, text, finds) => {
    expect(await found(text)).toEqual(finds);
  });
});

describe("nothing is found in", () => {
  test.each([
    ["a file that only names PyTorch", "# import torch\nx = 'torch'\nloss.backward()\n"],
    ["steps that are no optimizer's", "import torch\nimport gym\nenv = gym.make('x')\nfor a in b:\n    env.step(a)\n"],
    ["estimators", "import torch\nfrom sklearn.svm import SVC\nmodel = SVC()\nmodel.fit(x, y)\n"],
    ["a switch to training mode", "import torch\nfor x in y:\n    model.train()\n"],
    [
      "a backward pass that is defined",
      "import torch\nclass F(torch.autograd.Function):\n    def backward(ctx, g): return g\n",
    ],
    ["other frameworks", "import tensorflow as tf\nmodel.fit(x, y)\nloss.backward()\n"],
    ["an empty file", ""],
  ])("%s", async (_claim, text) => {
    expect(await found(text)).toEqual([]);
  });
});

test("a site's range is the call's own text", async () => {
  const text = 'import torch\nη = "🪐"; loss.backward()\n';
  const [site] = await sitesOf(text);
  const line = text.split("\n")[1] ?? "";
  expect(line.slice(site?.range.start.column, site?.range.end.column)).toBe("loss.backward()");
});
