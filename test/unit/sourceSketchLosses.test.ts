import { describe, expect, test } from "vitest";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { said, sketchOf } from "./sourceSketches.ts";
import { torch, type Snippet } from "./sourceSnippets.ts";

/** The calls of the losses that the steps are on. */
const stepped = (sketch: SourceSketch | undefined) =>
  sketch?.trainings.map(({ loss }) => (loss === undefined ? "unknown" : sketch.losses[loss]?.call));

const made = `${torch}model = nn.Linear(2, 2)
other = nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
`;
/** Another loss of the same text, so that it does not follow from there being one. */
const tested = `
@torch.no_grad()
def test():
    return F.l1_loss(model(x), y).item()
`;

const snippets: readonly Snippet[] = [
  {
    claim: "that on which backward is called, and not that which is only looked at",
    language: "python",
    text: `${made}def train(net, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
${tested}
for epoch in range(3):
    train(model, 10)
    print(test())`,
    finds: stepped,
    expected: ["mse_loss"],
  },
  {
    claim: "that of a class, where it is called",
    language: "python",
    text: `${made}criterion = nn.CrossEntropyLoss()\nmetric = nn.L1Loss()
for _ in range(10):
    loss = criterion(model(x), y)
    metric(model(x), y)
    loss.to("cpu").backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["CrossEntropyLoss"],
  },
  {
    claim: "that which a gradient scaler scales, or an accelerator is handed",
    language: "python",
    text: `${made}from accelerate import Accelerator
accelerator = Accelerator()
for _ in range(10):
    scaler.scale(F.mse_loss(model(x), y)).backward()
    scaler.step(optimizer)
for _ in range(10):
    accelerator.backward(F.cross_entropy(model(x), y))
    optimizer.step()${tested}`,
    finds: stepped,
    expected: ["mse_loss", "cross_entropy"],
  },
  {
    claim: "that which a model gives beside its outputs",
    language: "python",
    text: `${torch}class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 2)
    def forward(self, x, targets):
        logits = self.head(x)
        return logits, F.cross_entropy(logits, targets)
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(10):
    logits, loss = model(torch.randn(8, 2), targets)
    loss.backward()
    optimizer.step()${tested}`,
    finds: stepped,
    expected: ["cross_entropy"],
  },
  {
    claim: "that which a module of Lightning gives its trainer, and none of its sum with something else",
    language: "python",
    text: `${torch}import lightning as L
class Module(L.LightningModule):
    def __init__(self, penalty):
        super().__init__()
        self.head = nn.Linear(2, 2)
        self.penalty = penalty
    def training_step(self, batch, index):
        x, y = batch
        loss = F.cross_entropy(self.head(x), y)
        if self.penalty is not None:
            loss = loss + self.penalty * self.head.weight.norm()
        self.log("loss", loss)
        return {"loss": loss}
    def validation_step(self, batch, index):
        x, y = batch
        self.log("error", F.l1_loss(self.head(x), y))
L.Trainer(max_epochs=3).fit(Module(None))
L.Trainer(max_epochs=3).fit(Module(0.1))`,
    finds: stepped,
    expected: ["cross_entropy", "unknown"],
  },
  {
    claim: "none of several whose gradients add up",
    language: "python",
    text: `${made}criterion = nn.MSELoss()
for _ in range(10):
    criterion(model(x), y).backward()
    criterion(model(z), y).backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["unknown"],
  },
  {
    claim: "none where it depends on a condition which it is",
    language: "python",
    text: `${made}for _ in range(10):
    if robust:
        loss = F.l1_loss(model(x), y)
    else:
        loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["unknown"],
  },
  {
    claim: "none of a sum of them",
    language: "python",
    text: `${made}for _ in range(10):
    (F.l1_loss(model(x), y) + F.mse_loss(model(x), y)).backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["unknown"],
  },
  {
    claim: "none of its sum with something else, though the text has no other",
    language: "python",
    text: `${made}for _ in range(10):
    (F.mse_loss(model(x), y) + penalty).backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["unknown"],
  },
  {
    claim: "that of which each of several batches gives a share, and none where there is but one",
    language: "python",
    text: `${made}for step, (x, y) in enumerate(loader):
    loss = F.mse_loss(model(x), y) / 4
    loss.backward()
    if (step + 1) % 4 == 0:
        optimizer.step()
for _ in range(10):
    loss = F.cross_entropy(model(x), y) / 4
    loss.backward()
    optimizer.step()`,
    finds: stepped,
    expected: ["mse_loss", "unknown"],
  },
  {
    claim: "each of two that are stepped on in turn",
    language: "python",
    text: `${made}second = torch.optim.Adam(other.parameters())
for _ in range(10):
    F.mse_loss(model(x), y).backward()
    optimizer.step()
    F.l1_loss(other(x), y).backward()
    second.step()`,
    finds: stepped,
    expected: ["mse_loss", "l1_loss"],
  },
];

describe("the loss of a step is", () => {
  test.each(snippets)("$claim", async ({ text, language, finds, expected }) => {
    expect(finds(await sketchOf(text, language ?? "typescript"))).toEqual(expected);
  });
});

describe("settings that are put together", () => {
  test("under a condition stay known as far as all ways agree", async () => {
    const sketch = await sketchOf(
      `${made}settings = {"batch_size": 32, "drop_last": True}
if torch.cuda.is_available():
    settings.update({"num_workers": 2}, pin_memory=True)
    settings.update({"drop_last": False})
loader = torch.utils.data.DataLoader(data, **settings)
for inputs, targets in loader:
    F.mse_loss(model(inputs), targets).backward()
    optimizer.step()`,
      "python",
    );
    expect(sketch?.trainings.map(({ batchLimit, batchSize }) => [said(batchLimit), said(batchSize)])).toEqual([
      [32, "unknown: at most 32: the data are not followed"],
    ]);
  });

  test("with some that are not known are not known", async () => {
    const sketch = await sketchOf(
      `${made}settings = {"batch_size": 32}\nsettings.update(load())
for inputs, targets in torch.utils.data.DataLoader(data, **settings):
    F.mse_loss(model(inputs), targets).backward()
    optimizer.step()`,
      "python",
    );
    expect(sketch?.trainings.map(({ batchLimit }) => batchLimit.known)).toEqual([false]);
  });
});
