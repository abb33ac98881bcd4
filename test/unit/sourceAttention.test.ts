/** Attention of PyTorch, and what is looked up in tables, as a text has them. */
import { describe, expect, test } from "vitest";
import type { LayerSketch } from "../../src/source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../src/source/sketch/modelSketch.ts";
import { parameterCount } from "../../src/source/sketch/parameterCount.ts";
import { said, sketchOf } from "./sourceSketches.ts";
import { torch } from "./sourceSnippets.ts";

/** The last model of a script. */
async function modelOf(text: string): Promise<ModelSketch> {
  const model = (await sketchOf(`${torch}${text}`, "python"))?.models.at(-1);
  if (model === undefined) throw new Error("There is no model.");
  return model;
}

function attentionIn({ layers }: ModelSketch): Extract<LayerSketch, { kind: "attention" }> {
  const found = layers.find((layer) => layer.kind === "attention");
  if (found === undefined) throw new Error("There is no attention.");
  return found;
}

const block = (call: string, after = "") => `
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.attention = nn.MultiheadAttention(64, 4, dropout=0.1, batch_first=True)

    def forward(self, x):
        h = self.norm(x)
        return x + self.attention(${call})[0]

model = nn.Sequential(nn.Linear(8, 64), Block(), nn.Linear(64, 10))
${after}
`;

const init = `
def init(module):
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)

model.apply(init)
`;

describe("attention", () => {
  test("to its own positions is a layer of a branch", async () => {
    const model = await modelOf(block("h, h, h, need_weights=False"));
    expect(said(model.flow)).toBe("residual");
    expect(
      model.residuals.map(({ first, last }) => model.layers.slice(first, last + 1).map(({ call }) => call)),
    ).toEqual([["LayerNorm", "MultiheadAttention"]]);
    const { dropout, batchFirst } = attentionIn(model);
    expect([said(dropout), said(batchFirst)]).toEqual([0.1, true]);
  });

  test("to those of others is not followed", async () => {
    expect(said((await modelOf(block("h, x, x"))).flow)).toMatch(/several inputs/);
  });

  test("has the weights of the layer behind its heads but once, which begin as those of other linear layers where these are drawn", async () => {
    const [fresh, drawn] = [await modelOf(block("h, h, h")), await modelOf(block("h, h, h", init))];
    for (const model of [fresh, drawn]) {
      expect(said(parameterCount(model))).toBe(9 * 64 + 2 * 64 + 4 * 65 * 64 + 65 * 10);
      expect(attentionIn(model).kernelInitializer.name).toBe("xavier_uniform_");
      expect(said(model.fresh)).toBe(true);
    }
    expect(attentionIn(fresh).output.kernelInitializer.name).toBe("kaiming_uniform_");
    expect(attentionIn(fresh).output.biasInitializer.name).toBe("zeros_");
    expect(attentionIn(drawn).output.kernelInitializer).toMatchObject({ name: "normal_" });
  });

  test("whose layer behind the heads is drawn by itself begins so", async () => {
    const model = await modelOf(block("h, h, h", "nn.init.zeros_(model[1].attention.out_proj.weight)"));
    expect(attentionIn(model).output.kernelInitializer.name).toBe("zeros_");
  });

  test("that is frozen with its module is not counted", async () => {
    const model = await modelOf(block("h, h, h", "model[1].attention.out_proj.requires_grad_(False)"));
    expect(said(parameterCount(model))).toMatch(/may not be trained/);
  });
});

describe("a block of a transformer", () => {
  const model = (block: string) => `
model = nn.Sequential(nn.Linear(8, 64), ${block}, nn.Linear(64, 10))
`;
  /** Weights and biases of attention, two linear layers and two normalizations. */
  const parameters = 9 * 64 + 4 * 65 * 64 + 65 * 128 + 129 * 64 + 2 * 2 * 64 + 65 * 10;
  const callsOf = ({ layers }: ModelSketch) => layers.map(({ call }) => call);

  test("is its layers, normalized behind its sums", async () => {
    const sketch = await modelOf(model("nn.TransformerEncoderLayer(64, 4, 128)"));
    expect(callsOf(sketch).slice(1, -1)).toEqual([
      ...["MultiheadAttention", "dropout", "LayerNorm"],
      ...["Linear", "activation", "dropout", "Linear", "dropout", "LayerNorm"],
    ]);
    expect(sketch.layers.map(({ name }) => name).slice(1, 2)).toEqual(["1.self_attn"]);
    expect(sketch.residuals.map(({ first, last }) => [first, last])).toEqual([
      [1, 2],
      [4, 8],
    ]);
    expect(said(parameterCount(sketch))).toBe(parameters);
  });

  test("is normalized before its branches where it is told to be", async () => {
    const sketch = await modelOf(
      model("nn.TransformerEncoderLayer(64, 4, 128, 0.0, F.gelu, norm_first=True, batch_first=True)"),
    );
    expect(callsOf(sketch).slice(1, -1)).toEqual([
      ...["LayerNorm", "MultiheadAttention", "dropout"],
      ...["LayerNorm", "Linear", "activation", "dropout", "Linear", "dropout"],
    ]);
    const bent = sketch.layers.find((layer) => layer.kind === "activation");
    expect(said(bent?.activation)).toBe("gelu");
    expect(said(attentionIn(sketch).batchFirst)).toBe(true);
  });

  test("that may lack biases is counted by none, and one of an unknown form is not taken apart", async () => {
    expect(said(parameterCount(await modelOf(model("nn.TransformerEncoderLayer(64, 4, 128, bias=False)"))))).toMatch(
      /biases/,
    );
    const open = await modelOf(
      `import sys\n${model("nn.TransformerEncoderLayer(64, 4, 128, norm_first=len(sys.argv) > 1)")}`,
    );
    expect(callsOf(open)).toContain("TransformerEncoderLayer");
    expect(said(parameterCount(open))).toBe(parameters);
  });

  test("of which a stack is made is not taken apart, for its copies begin with the same numbers", async () => {
    const sketch = await modelOf(model("nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128), 3)"));
    expect(callsOf(sketch)).toEqual(["Linear", "TransformerEncoder", "Linear"]);
  });

  test("has weights that a loop over a model's parameters draws", async () => {
    const again = "for each in model.parameters():\n    if each.dim() > 1:\n        nn.init.xavier_uniform_(each)";
    const sketch = await modelOf(`${model("nn.TransformerEncoderLayer(64, 4, 128)")}${again}`);
    expect(said(sketch.fresh)).toBe(true);
    expect(attentionIn(sketch).output.kernelInitializer.name).toBe("xavier_uniform_");
    expect(attentionIn(sketch).kernelInitializer.range).toBeDefined();
  });
});

describe("what is looked up in tables", () => {
  const model = (sum: string) => `
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(50, 32)
        self.positions = nn.Embedding(16, 32)
        self.head = nn.Linear(32, 50)

    def forward(self, words):
        return self.head(${sum})

model = Model()
`;
  test.each([
    ["of words and of positions", "self.tokens(words) + self.positions(torch.arange(16))", "positions", "tokens"],
    ["of words, times a factor", "self.tokens(words) * 0.5 + self.positions(torch.arange(16))", "tokens", "positions"],
  ])("%s is added up", async (_, sum, added, skipped) => {
    const { flow, residuals, layers } = await modelOf(model(sum));
    expect(said(flow)).toBe("residual");
    expect(residuals.map(({ first, skip }) => [layers[first]?.name, skip.map((each) => layers[each]?.name)])).toEqual([
      [added, [skipped]],
    ]);
  });

  test("and something else is not", async () => {
    expect(said((await modelOf(model("self.tokens(words) + torch.randn(16, 32)"))).flow)).toMatch(/several inputs/);
  });
});

describe("copies of a layer", () => {
  const copies = (after = "") => `
import copy
layer = nn.Linear(10, 10)
model = nn.Sequential(*[copy.deepcopy(layer) for _ in range(3)])
${after}
`;
  test("begin with the same numbers", async () => {
    expect(said((await modelOf(copies())).fresh)).toMatch(/copies of one another/);
  });
  test("are drawn independently where each is drawn anew", async () => {
    const again = "for each in model:\n    nn.init.xavier_uniform_(each.weight)";
    expect(said((await modelOf(copies(again))).fresh)).toBe(true);
  });
});
