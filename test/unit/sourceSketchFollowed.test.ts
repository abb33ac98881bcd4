import { describe, expect, test } from "vitest";
import { said, sketchOf } from "./sourceSketches.ts";
import { esm, torch, rates, counts, rateBases, type Snippet } from "./sourceSnippets.ts";

const followed: readonly Snippet[] = [
  {
    claim: "what Python's own functions make of numbers",
    language: "python",
    text: `${torch}model = nn.Sequential(
    nn.Linear(sum([1, 2], 10), round(2.5)),
    nn.Linear(round(3.5), 1),
    *[nn.Linear(place, width) for place, width in enumerate([5, 6], start=2)],
)`,
    finds: counts,
    expected: [14 * 2 + 5 * 1 + 3 * 5 + 4 * 6],
  },
  {
    claim: "fields of the base of a data class, and what is done after they are filled",
    language: "python",
    text: `${torch}from dataclasses import dataclass
@dataclass
class Base:
    inputs: int = 4
@dataclass
class Settings(Base):
    units: int = 5
    def __post_init__(self):
        self.units *= 2
settings = Settings(7, 8)
model = nn.Sequential(nn.Linear(settings.inputs, settings.units))`,
    finds: counts,
    expected: [8 * 16],
  },
  {
    claim: "copies of a layer, each with weights of its own",
    language: "python",
    text: `${torch}import copy
layer = nn.Linear(10, 10)
model = nn.Sequential(*[copy.deepcopy(layer) for _ in range(3)])`,
    finds: counts,
    expected: [3 * 110],
  },
  {
    claim: "settings of an LSTM that are given by their places",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.LSTM(10, 20, 2, True, True, 0.5, True))`,
    finds: counts,
    expected: [2 * (4 * 20 * (10 + 20 + 2) + 4 * 20 * (40 + 20 + 2))],
  },
  {
    claim: "what counting up gives before and after, and what is deleted",
    text: `${esm}let count = 3;
const settings: Record<string, number> = { units: 4, more: 1 };
Object.assign(settings, { more: 6 });
delete settings.units;
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: count++, inputShape: [1] }),
    tf.layers.dense({ units: ++count }),
    tf.layers.dense({ units: settings.units ?? 7 }),
    tf.layers.dense({ units: settings.more }),
  ],
});`,
    finds: counts,
    expected: [2 * 3 + 4 * 5 + 6 * 7 + 8 * 6],
  },
  {
    claim: "a constant made by arithmetic",
    text: `${esm}const WIDTH = 4 * 64;\nconst model = tf.sequential({ layers: [tf.layers.dense({ units: WIDTH, inputShape: [10] })] });`,
    finds: counts,
    expected: [11 * 256],
  },
  {
    claim: "a command line's default, marked as one",
    language: "python",
    text: `${torch}import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default=0.1)
args = parser.parse_args()
torch.optim.Adam(nn.Linear(2, 1).parameters(), lr=args.learning_rate)`,
    finds: rateBases,
    expected: ["default"],
  },
  {
    claim: "a field of a data class",
    language: "python",
    text: `${torch}from dataclasses import dataclass
@dataclass
class Settings:
    lr: float = 0.1
    width: int = 8
settings = Settings(lr=0.2)
model = nn.Sequential(nn.Linear(3, settings.width))
torch.optim.Adam(model.parameters(), lr=settings.lr)`,
    finds: (sketch) => [counts(sketch), rates(sketch)],
    expected: [[4 * 8], [0.2]],
  },
  {
    claim: "a default of a parameter that nobody is seen to give, marked as one",
    text: `${esm}export function train(rate = 0.1) { return tf.train.sgd(rate); }`,
    finds: rateBases,
    expected: ["default"],
  },
  {
    claim: "weights that are tied count once",
    language: "python",
    text: `${torch}class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 4)
        self.head = nn.Linear(4, 11, bias=False)
        self.head.weight = self.words.weight
    def forward(self, x):
        return self.head(self.words(x))
model = Model()`,
    finds: counts,
    expected: [11 * 4],
  },
  {
    claim: "blocks with skip connections",
    language: "python",
    text: `${torch}class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
    def forward(self, x):
        return x + 0.5 * self.down(F.gelu(self.up(self.norm(x))))
model = nn.Sequential(nn.Linear(3, 8), *[Block(8) for _ in range(2)], nn.Linear(8, 1))`,
    finds: (sketch) =>
      sketch?.models.map(({ flow, residuals }) => [
        said(flow),
        residuals.map(({ first, last, scale, kind }) => [first, last, said(scale), kind]),
      ]),
    expected: [
      [
        "residual",
        [
          [1, 4, 0.5, "identity"],
          [5, 8, 0.5, "identity"],
        ],
      ],
    ],
  },
  {
    claim: "both biases of a gate of an LSTM in PyTorch",
    language: "python",
    text: `${torch}class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = nn.LSTM(3, 6, num_layers=2, batch_first=True)
        self.head = nn.Linear(6, 2)
    def forward(self, x):
        states, _ = self.recurrent(x)
        return self.head(states[:, -1])
model = Model()`,
    finds: counts,
    expected: [4 * 6 * (3 + 6 + 2) + 4 * 6 * (6 + 6 + 2) + 14],
  },
  {
    claim: "layers by their paths in the model, and one that is the whole model by none",
    language: "python",
    text: `${torch}stack = nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 2))
whole = nn.Linear(4, 2)
torch.optim.SGD(whole.parameters(), lr=0.1)`,
    finds: (sketch) => sketch?.models.map(({ layers }) => layers.map(({ name }) => name)),
    expected: [["0", "1"], [undefined]],
  },
  {
    claim: "the default of PyTorch's linear layers, of variance 1/(3 fan in)",
    language: "python",
    text: `${torch}model = nn.Sequential(nn.Linear(4, 2))`,
    finds: (sketch) =>
      sketch?.models.map(
        ({ layers: [layer] }) =>
          layer?.kind === "dense" && [layer.kernelInitializer.fan, said(layer.kernelInitializer.gain)],
      ),
    expected: [["in", Math.sqrt(1 / 3)]],
  },
  {
    claim: "a module that asks what its framework has",
    language: "python",
    text: `${torch}class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.flash = hasattr(F, "scaled_dot_product_attention")
        self.out = nn.Linear(4, 4)
model = Attention()`,
    finds: counts,
    expected: [20],
  },
  {
    claim: "modules under names that are put together",
    language: "python",
    text: `${torch}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(3):
            self.add_module("layer%d" % i, nn.Linear(4, 4))
            self.add_module(name="norm{}".format(i), module=nn.LayerNorm(4))
            self.__setattr__("%s_%d" % ("head", i), nn.Linear(4, 1))
            object.__setattr__(self, "depth", i)
            setattr(self, "tail{0}{kind}".format(i, kind="x"), nn.Linear(4, 2))
model = Net()`,
    finds: counts,
    expected: [3 * (20 + 8 + 5 + 10)],
  },
  {
    claim: "an option that is not given and is asked for its size",
    text: `${esm}function build(units, dropout) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units, inputShape: [3] }));
  if (dropout > 0) model.add(tf.layers.dense({ units: 100 }));
  model.add(tf.layers.dense({ units: 2 }));
  return model;
}
build(8);`,
    finds: counts,
    expected: [3 * 8 + 8 + 8 * 2 + 2],
  },
  {
    claim: "models that are made where it is not known which of them is",
    text: `${esm}function wide() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, inputShape: [3] }));
  model.add(tf.layers.dense({ units: 2 }));
  return model;
}
function linear() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 2, inputShape: [3] }));
  return model;
}
let model;
if (process.argv[2] === "wide") model = wide();
else if (process.argv[2] === "linear") model = linear();
else throw new Error("which?");`,
    finds: counts,
    expected: [3 * 8 + 8 + 8 * 2 + 2, 3 * 2 + 2],
  },
  {
    claim: "the same in PyTorch, of modules that are put into a list",
    language: "python",
    text: `${torch}class Stack(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.Linear(4, 4))
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
if flag:
    model = Stack(3)
else:
    model = nn.Linear(4, 4)`,
    finds: counts,
    expected: [3 * 20],
  },
  {
    claim: "a model that is made in each round of a loop of unknown length",
    language: "python",
    text: `${torch}for seed in seeds():
    layers = [nn.Linear(3, 8)]
    layers.append(nn.Linear(8, 2))
    model = nn.Sequential(*layers)`,
    finds: counts,
    expected: [3 * 8 + 8 + 8 * 2 + 2],
  },
];

describe("what the text says is followed:", () => {
  test.each(followed)("$claim", async ({ text, language, finds, expected }) => {
    expect(finds(await sketchOf(text, language ?? "typescript"))).toEqual(expected);
  });
});
