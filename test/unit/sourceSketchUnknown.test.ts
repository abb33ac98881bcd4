import { describe, expect, test } from "vitest";
import { said, sketchOf } from "./sourceSketches.ts";
import { esm, torch, rates, counts, type Snippet } from "./sourceSnippets.ts";

const snippets: readonly Snippet[] = [
  {
    claim: "a constant that is changed under a condition",
    text: `${esm}let rate = 0.1;\nif (process.env.FAST) rate = 0.5;\ntf.train.sgd(rate);`,
    finds: rates,
    expected: ["unknown: depends on a condition"],
  },
  {
    claim: "a rate that a loop changes",
    language: "python",
    text: `${torch}model = nn.Linear(2, 1)\nlr = 0.1\nwhile loss > 1:\n    lr *= 0.5\ntorch.optim.SGD(model.parameters(), lr=lr)`,
    finds: rates,
    expected: ["unknown: assigned in a loop"],
  },
  {
    claim: "a rate that is assigned before and after a function that nobody calls",
    text: `${esm}let rate = 0.3;\nexport function train() { return tf.train.sgd(rate); }\nrate = 0.2;`,
    finds: rates,
    expected: ["unknown: assigned in more than one place"],
  },
  {
    claim: "optimizers made in a loop over rates",
    language: "python",
    text: `${torch}for lr in [0.1, 0.01]:\n    model = nn.Linear(2, 1)\n    optimizer = torch.optim.SGD(model.parameters(), lr=lr)\n    loss.backward()\n    optimizer.step()`,
    finds: rates,
    expected: ["unknown: differs from round to round"],
  },
  {
    claim: "the rate of plain SGD, where PyTorch's default depends on its version",
    language: "python",
    text: `${torch}torch.optim.SGD(nn.Linear(2, 1).parameters())`,
    finds: rates,
    expected: ["unknown: its default depends on the version of PyTorch"],
  },
  {
    claim: "a setting from another file",
    text: `${esm}import { settings } from "./settings";\ntf.train.adam(settings.rate);`,
    finds: rates,
    expected: ["unknown: comes from ./settings"],
  },
  {
    claim: "arguments that are spread in",
    language: "python",
    text: `${torch}torch.optim.AdamW(nn.Linear(2, 1).parameters(), **options)`,
    finds: rates,
    expected: ["unknown: arguments that are not known are put in"],
  },
  {
    claim: "a layer that is added in a loop of unknown length",
    text: `${esm}import { depth } from "./settings";
const model = tf.sequential();
model.add(tf.layers.dense({ units: 4, inputShape: [2] }));
for (let i = 0; i < depth; i++) model.add(tf.layers.dense({ units: 4 }));`,
    finds: counts,
    expected: ["unknown: it is not known which layers the model has"],
  },
  {
    claim: "blocks in a number that is not known",
    language: "python",
    text: `${torch}class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])
    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x`,
    finds: (sketch) => sketch?.models.map(({ complete }) => complete.known),
    expected: [false],
  },
  {
    claim: "a backbone from another package",
    language: "python",
    text: `${torch}import timm
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("resnet18")
        self.head = nn.Linear(512, 10)
    def forward(self, x):
        return self.head(self.backbone(x))`,
    finds: (sketch) => sketch?.models.map(({ complete, flow }) => [complete.known, flow.known]),
    expected: [[false, false]],
  },
  {
    claim: "a layer behind a condition on a command line's argument",
    language: "python",
    text: `${torch}import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--norm", action="store_true")
args = parser.parse_args()
layers = [nn.Linear(4, 4)]
if args.norm:
    layers.append(nn.LayerNorm(4))
model = nn.Sequential(*layers)`,
    finds: (sketch) => sketch?.models.map(({ complete }) => complete.known),
    expected: [false],
  },
  {
    claim: "weights that are loaded",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.Linear(4, 2))\nmodel.load_state_dict(torch.load("weights.pt"))`,
    finds: (sketch) => sketch?.models.map(({ fresh }) => fresh.known),
    expected: [false],
  },
  {
    claim: "weights that code from elsewhere may draw anew",
    text: `${esm}import { initialize } from "./initialize";
const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
initialize(model);`,
    finds: (sketch) => sketch?.models.map(({ fresh }) => fresh.known),
    expected: [false],
  },
  {
    claim: "an initializer that is chosen under a condition",
    language: "python",
    text: `${torch}layer = nn.Linear(4, 2)
if mode == "xavier":
    nn.init.xavier_uniform_(layer.weight)
model = nn.Sequential(layer)`,
    finds: (sketch) =>
      sketch?.models.map(({ layers: [layer] }) => layer?.kind === "dense" && said(layer.kernelInitializer.gain)),
    expected: ["unknown: depends on a condition"],
  },
  {
    claim: "a batch size where gradients of several batches are added",
    language: "python",
    text: `${torch}loader = torch.utils.data.DataLoader(data, batch_size=8)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    F.mse_loss(model(x), y).backward()
    if (i + 1) % 4 == 0:
        optimizer.step()`,
    finds: (sketch) => sketch?.trainings.map(({ batchSize }) => said(batchSize)),
    expected: ["unknown: not every round takes a step"],
  },
  {
    claim: "how many parameters are trained, where some are frozen",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
for parameter in model[0].parameters():
    parameter.requires_grad = False`,
    finds: counts,
    expected: ["unknown: some of its weights may not be trained"],
  },
  {
    claim: "how many parameters are trained, where a layer is frozen",
    text: `${esm}const model = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] })] });
model.layers[0].trainable = false;`,
    finds: counts,
    expected: ["unknown: some of its weights may not be trained"],
  },
  {
    claim: "the parameters of a layer whose weights have a size of their own",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.utils.weight_norm(nn.Linear(10, 10)))`,
    finds: counts,
    expected: ["unknown: the size of its weights is trained apart"],
  },
  {
    claim: "the parameters of an LSTM with a projection",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.LSTM(10, 20, proj_size=5))`,
    finds: counts,
    expected: ["unknown: the weights of LSTM are not known"],
  },
  {
    claim: "the layers of a class that derives from a stack",
    language: "python",
    text: `${torch}class Stack(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 4))
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = Stack()
        self.out = nn.Linear(4, 1)
    def forward(self, x):
        return self.out(self.stack(x))
net = Net()`,
    finds: counts,
    expected: ["unknown: Stack derives from a class that is not followed"],
  },
  {
    claim: "the weights of a part that derives from a class of another file",
    language: "python",
    text: `${torch}from .blocks import Base
class Block(Base):
    pass
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block(4)
        self.out = nn.Linear(4, 1)
    def forward(self, x):
        return self.out(self.block(x))
net = Net()`,
    finds: counts,
    expected: ["unknown: block of it may have weights"],
  },
  {
    claim: "a default whose name had another value where the function was defined",
    language: "python",
    text: `${torch}LR = 0.1
model = nn.Linear(2, 2)
def make(lr=LR):
    return torch.optim.SGD(model.parameters(), lr=lr)
LR = 0.5
make()`,
    finds: rates,
    expected: ["unknown: assigned in more than one place"],
  },
  {
    claim: "how a loss with weights is reduced",
    language: "python",
    text: `${torch}criterion = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]))`,
    finds: (sketch) => sketch?.losses.map(({ reduction }) => said(reduction)),
    expected: ["unknown: classes have weights"],
  },
  {
    claim: "the batch of a step that adds two gradients",
    text: `${esm}const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
const optimizer = tf.train.sgd(0.1);
const gradients = () => tf.variableGrads(() => tf.losses.meanSquaredError(tf.ones([8, 1]), model.apply(tf.ones([8, 2]))));
for (let step = 0; step < 9; step++) {
  const first = gradients();
  const second = gradients();
  optimizer.applyGradients(sum(first.grads, second.grads));
}`,
    finds: (sketch) => sketch?.trainings.map(({ batchSize }) => said(batchSize)),
    expected: ["unknown: gradients of several batches are added"],
  },
  {
    claim: "arguments that are given in place of the command line",
    language: "python",
    text: `${torch}import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=3)
args = parser.parse_args(["--width", "7"])
model = nn.Sequential(nn.Linear(args.width, 1))`,
    finds: counts,
    expected: ["unknown: given in place of the command line"],
  },
  {
    claim: "batches that a data set makes itself",
    language: "python",
    text: `${torch}model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in torch.utils.data.DataLoader(data, batch_size=None):
    model(x).mean().backward()
    optimizer.step()`,
    finds: (sketch) => sketch?.trainings.map(({ batchSize }) => said(batchSize)),
    expected: ["unknown: the data set makes the batches"],
  },
  {
    claim: "an attribute that a setter of the class sets",
    language: "python",
    text: `${torch}class Sizes:
    @property
    def width(self):
        return self._width
    @width.setter
    def width(self, value):
        self._width = 2 * value
sizes = Sizes()
sizes.width = 4
model = nn.Sequential(nn.Linear(sizes.width, 1))`,
    finds: counts,
    expected: ["unknown: width is set by the class"],
  },
  {
    claim: "rounds of a loop that changes its own variable",
    text: `${esm}const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [2] })] });
for (let i = 0; i < 6; i++) {
  model.add(tf.layers.dense({ units: 2 }));
  i++;
}`,
    finds: counts,
    expected: ["unknown: it is not known which layers the model has"],
  },
  {
    claim: "the largest by a key, a power by a modulus, a number of another base",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.Linear(max([1, 5], key=lambda v: -v), pow(2, 5, 7)), nn.Linear(int("10", 2), 1))`,
    finds: (sketch) =>
      sketch?.models.map(({ layers }) =>
        layers.map((layer) => layer.kind === "dense" && [said(layer.inputs), said(layer.units)]),
      ),
    expected: [
      [
        ["unknown: not followed", "unknown: not followed"],
        ["unknown: not followed", 1],
      ],
    ],
  },
  {
    claim: "modules under names that are put together in another way",
    language: "python",
    text: `${torch}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for share in [0.25, 0.75]:
            self.__setattr__("at_%.1f" % share, nn.Linear(4, 4))
class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module(name(), nn.Linear(4, 4))
models = Net(), Other()`,
    finds: counts,
    expected: ["unknown: set by a name that is not known", "unknown: a module of a name that is not known is added"],
  },
  {
    claim: "the parameters of what a condition alone gives a module, and of either of two",
    language: "python",
    text: `${torch}class Optional(nn.Module):
    def __init__(self, deep, plain):
        super().__init__()
        self.head = nn.Linear(4, 2)
        if deep:
            self.extra = nn.Linear(4, 4)
class Either(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.body = nn.Linear(4, 4) if deep else nn.LayerNorm(4)`,
    finds: counts,
    expected: [
      "unknown: extra of it may have weights: depends on a condition",
      "unknown: body of it may have weights: depends on a condition",
    ],
  },
  {
    claim: "an entry that a condition alone gives a dictionary, by its key or in an update",
    language: "python",
    text: `${torch}model = nn.Linear(2, 1)
given, updated = {}, {}
if fast():
    given["lr"] = 0.5
    updated.update({"lr": 0.5})
torch.optim.Adam(model.parameters(), **given)
torch.optim.Adam(model.parameters(), **updated)`,
    finds: rates,
    expected: ["unknown: depends on a condition", "unknown: depends on a condition"],
  },
  {
    claim: "the parameters of what is handed in from elsewhere, of which a part is called",
    language: "python",
    text: `${torch}class Wrapped(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(4, 2)
    def forward(self, x):
        return self.head(self.encoder.features(x))`,
    finds: counts,
    expected: ["unknown: encoder of it may have weights: a parameter"],
  },
  {
    claim: "the parameters of what is handed in from elsewhere, and called",
    language: "python",
    text: `${torch}class Wrapped(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.width = width
        self.head = nn.Linear(4, 2)
    def forward(self, x):
        return self.head(self.encoder(x))`,
    finds: counts,
    expected: ["unknown: encoder of it may have weights: a parameter"],
  },
  {
    claim: "a layer that is added under a condition to a model that is made under another",
    text: `${esm}if (process.env.TRAIN) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 2, inputShape: [2] }));
  if (process.env.DEEP) model.add(tf.layers.dense({ units: 2 }));
}`,
    finds: counts,
    expected: ["unknown: it is not known which layers the model has"],
  },
  {
    claim: "layers that are put in, round by round of unknown number, where the model is made under a condition",
    language: "python",
    text: `${torch}if flag:
    layers = [nn.Linear(2, 2)]
    for _ in range(depth()):
        layers.append(nn.Linear(2, 2))
    model = nn.Sequential(*layers)`,
    finds: counts,
    expected: ["unknown: it is not known which modules it has: arguments that are not known are put in"],
  },
  {
    claim: "a call whose bracket is not closed",
    text: `${esm}const optimizer = tf.train.sgd(0.1`,
    finds: (sketch) => rates(sketch)?.filter((rate) => typeof rate === "number"),
    expected: [],
  },
];

describe("what cannot be known is not guessed:", () => {
  test.each(snippets)("$claim", async ({ text, language, finds, expected }) => {
    expect(finds(await sketchOf(text, language ?? "typescript"))).toEqual(expected);
  });
});
