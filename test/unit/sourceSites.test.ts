import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Grammars, type SourceLanguage } from "../../src/source/grammar.ts";
import { SourceFile } from "../../src/source/sourceFile.ts";

const wasm = path.join(import.meta.dirname, "../../node_modules/@vscode/tree-sitter-wasm/wasm");
const grammars = new Grammars({
  runtime: path.join(wasm, "tree-sitter.wasm"),
  read: (grammar) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
});

interface Snippet {
  readonly claim: string;
  readonly language?: SourceLanguage;
  readonly text: string;
  /** `call@line` of the statement, lines from 1. */
  readonly finds: readonly string[];
}

const esm = `import * as tf from "@tensorflow/tfjs";\n`;

const snippets: readonly Snippet[] = [
  {
    claim: "a sequential model and its fit, in TypeScript",
    text: `${esm}const model = tf.sequential();
model.add(tf.layers.dense({ units: 1, inputShape: [1] }));
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
await model.fit(xs, ys, { epochs: 10 });`,
    finds: ["sequential@2", "fit@5"],
  },
  {
    claim: "CommonJS require",
    language: "javascript",
    text: `const tf = require("@tensorflow/tfjs-node");
async function main() {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1 })] });
  const history = await model.fit(x, y, { epochs: 3 });
}
main();`,
    finds: ["sequential@3", "fit@4"],
  },
  {
    claim: "a require for its side effects beside a require for its value",
    language: "javascript",
    text: `require("@tensorflow/tfjs-node-gpu");
const tf = require("@tensorflow/tfjs");
const model = tf.model({ inputs, outputs });
model.trainOnBatch(x, y);`,
    finds: ["model@3", "trainOnBatch@4"],
  },
  {
    claim: "named imports, renamed",
    text: `import { sequential as stack, layers, train } from "@tensorflow/tfjs-layers";
export const net = stack({ layers: [layers.dense({ units: 2 })] });
net.fit(x, y);`,
    finds: ["sequential@2", "fit@3"],
  },
  {
    claim: "names destructured out of the namespace",
    language: "javascript",
    text: `const tf = require("@tensorflow/tfjs");
const { sequential, model: functional } = tf;
const a = sequential();
const b = functional({ inputs, outputs });`,
    finds: ["sequential@3", "model@4"],
  },
  {
    claim: "names destructured out of a require",
    language: "javascript",
    text: `const { sequential, train } = require("@tensorflow/tfjs");
const net = sequential();
const optimizer = train.adam(0.01);
optimizer.minimize(() => loss());`,
    finds: ["sequential@2", "minimize@4"],
  },
  {
    claim: "a default import",
    language: "javascript",
    text: `import tf from "@tensorflow/tfjs";\nconst m = tf.sequential();`,
    finds: ["sequential@2"],
  },
  {
    claim: "a dynamic import",
    language: "javascript",
    text: `const tf = await import("@tensorflow/tfjs");
const m = tf.sequential();
await m.fitDataset(dataset, { epochs: 2 });`,
    finds: ["sequential@2", "fitDataset@3"],
  },
  {
    claim: "the default of a dynamic import",
    language: "javascript",
    text: `const tf = (await import("@tensorflow/tfjs")).default;\nconst m = tf.sequential();`,
    finds: ["sequential@2"],
  },
  {
    claim: "import equals require",
    text: `import tf = require("@tensorflow/tfjs");\nconst m = tf.sequential();\nm.fit(x, y);`,
    finds: ["sequential@2", "fit@3"],
  },
  {
    claim: "minimize in a loop, its value kept",
    text: `${esm}const optimizer = tf.train.sgd(0.1);
for (let step = 0; step < 10; step++) {
  const loss = optimizer.minimize(() => f(x), true);
}`,
    finds: ["minimize@4"],
  },
  {
    claim: "an optimizer made on the spot",
    text: `${esm}tf.train.momentum(0.1, 0.9).minimize(() => f(x));`,
    finds: ["minimize@2"],
  },
  {
    claim: "variableGrads and applyGradients inside tidy",
    text: `${esm}const optimizer: tf.Optimizer = make();
tf.tidy(() => {
  const { value, grads } = tf.variableGrads(() => f(x));
  optimizer.applyGradients(grads);
});`,
    finds: ["applyGradients@5"],
  },
  {
    claim: "a model handed out by the user's own module",
    text: `import * as tf from "@tensorflow/tfjs-core";
import { model } from "./model.ts";
await model.fit(x, y, {});`,
    finds: ["fit@3"],
  },
  {
    claim: "a parameter typed as a model, and one typed as something of another package",
    text: `${esm}import { Scaler } from "ml-scaler";
async function train(model: tf.LayersModel, scaler: Scaler) {
  scaler.fit(x, y);
  return await model.fit(x, y);
}`,
    finds: ["fit@5"],
  },
  {
    claim: "a field of a class of the user's own; calls of that class's own fit are not training calls",
    text: `${esm}class Trainer {
  model: tf.Sequential;
  async fit(x: tf.Tensor, y: tf.Tensor) {
    await this.model.fit(x, y, { epochs: 1 });
  }
}
const trainer = new Trainer();
await trainer.fit(x, y);`,
    finds: ["fit@5"],
  },
  {
    claim: "a call chain over several lines is found at its first line",
    text: `${esm}await model
  .fit(
    x,
    y,
  )
  .then(done);`,
    finds: ["fit@2"],
  },
  {
    claim: "a variable that is declared first and assigned later",
    language: "javascript",
    text: `const tf = require("@tensorflow/tfjs");
let model;
model = tf.sequential();
model.fit(x, y);`,
    finds: ["sequential@3", "fit@4"],
  },
  {
    claim: "a model inside a model counts once",
    text: `${esm}const both = tf.sequential({
  layers: [tf.sequential({ layers: [] }), tf.layers.dense({ units: 1 })],
});`,
    finds: ["sequential@2"],
  },
  {
    claim: "other packages' fit in a file with TensorFlow.js",
    text: `${esm}import { RandomForest } from "ml-random-forest";
import chart from "chart-kit";
import * as solver from "solver";
const forest = new RandomForest();
forest.fit(x, y);
chart.fit(x, y);
solver.minimize(f, x0);
const map = L.map("map");
map.fit(bounds);`,
    finds: [],
  },
  {
    claim: "other people's model() and sequential()",
    text: `${esm}import mongoose from "mongoose";
const User = mongoose.model("User", schema);
const colours = d3.sequential(scale, other);`,
    finds: [],
  },
  {
    claim: "a name is the one of the nearest scope",
    text: `${esm}import { kit } from "kit";
function one(model = kit.thing()) {
  const tf = kit;
  return tf.sequential();
}
function two() {
  return tf.sequential();
}`,
    finds: ["sequential@8"],
  },
  {
    claim: "a file without TensorFlow.js says nothing",
    text: `import { Model } from "other-framework";\nconst model = new Model();\nmodel.fit(x, y, { epochs: 10 });`,
    finds: [],
  },
  {
    claim: "the package's name in a comment or a string is no import",
    text: `// uses @tensorflow/tfjs\nconst name = "@tensorflow/tfjs";\nmodel.fit(x, y);`,
    finds: [],
  },
  {
    claim: "calls in comments and strings are no calls",
    text: `${esm}// model.fit(x, y)\nconst help = "tf.sequential(); model.fit(x, y)";\n/* optimizer.minimize(f) */`,
    finds: [],
  },
  {
    claim: "code that breaks off in the middle of a call",
    text: `${esm}const model = tf.sequential();
await model.fit(x, y, { epochs: 10 });
model.evaluate(x, `,
    finds: ["sequential@2", "fit@3"],
  },
  {
    claim: "code with an unclosed block and a stray bracket",
    text: `${esm}async function run() {
  const model = tf.sequential();
  if (ready {
    await model.fit(x, y);
  }
  ]`,
    finds: ["sequential@3", "fit@5"],
  },
  {
    claim: "a component in TSX",
    language: "tsx",
    text: `${esm}export function Train() {
  const model = tf.sequential();
  return <button onClick={() => model.fit(x, y, { epochs: 1 })}>Train</button>;
}`,
    finds: ["sequential@3", "fit@4"],
  },
  {
    claim: "JSX in JavaScript",
    language: "javascript",
    text: `${esm}const App = () => <Run go={async () => { await net.fit(x, y); }} />;\nconst net = tf.sequential();`,
    finds: ["fit@2", "sequential@3"],
  },
  {
    claim: "non-null, casts and optional chaining",
    text: `${esm}await model!.fit(x, y);
await (model as tf.LayersModel).fit(x, y);
await this.model?.fit(x, y);
await (await build()).fit(x, y);`,
    finds: ["fit@2", "fit@3", "fit@4", "fit@5"],
  },
  {
    claim: "a fit with one argument is not TensorFlow.js's",
    text: `${esm}scaler.fit(data);\nwindow.minimize();`,
    finds: [],
  },
  {
    claim: "names that refer to each other in a circle end",
    text: `${esm}var a = b;\nvar b = a;\na.fit(x, y);`,
    finds: ["fit@4"],
  },
  {
    claim: "columns are UTF-16 code units, after characters outside the basic plane",
    text: `${esm}const 𝜂 = "🪐"; model.fit(x, y);`,
    finds: ["fit@2"],
  },
  { claim: "an empty file", text: "", finds: [] },
];

async function sitesOf(text: string, language: SourceLanguage) {
  using file = new SourceFile(await grammars.parser(language), language);
  return file.sites(text);
}

describe("training calls and model definitions are found in", () => {
  test.each(snippets)("$claim", async ({ text, language, finds }) => {
    const sites = await sitesOf(text, language ?? "typescript");
    expect(sites.map((site) => `${site.call}@${site.statement.line + 1}`)).toEqual(finds);
  });
});

test("a site's range is the call's own text, and its statement the start of the statement", async () => {
  const text = `${esm}const 𝜂 = "🪐"; await model.fit(x, y);`;
  const [site] = await sitesOf(text, "typescript");
  const line = text.split("\n")[1] ?? "";
  expect(line.slice(site?.range.start.column, site?.range.end.column)).toBe("model.fit(x, y)");
  expect(line.slice(site?.statement.column)).toBe("await model.fit(x, y);");
});

test("after any edit an incrementally kept file finds what a fresh one finds", async () => {
  const parser = await grammars.parser("typescript");
  let text = `${esm}const model = tf.sequential();\nfor (const x of xs) {\n  await model.fit(x, y);\n}\n`;
  using kept = new SourceFile(parser, "typescript");
  kept.sites(text);
  const edits: [string, string][] = [
    ["const model", "\n\nconst model"],
    ["await model.fit(x, y);", "await model.fit(x"],
    ["await model.fit(x", "await model.fit(x, y); optimizer.minimize(f)"],
    ["@tensorflow/tfjs", "other"],
    ["other", "@tensorflow/tfjs-node"],
    ["tf.sequential();", "tf.sequential();\nconst 🪐 = 1;\n"],
    ["for (const x of xs) {", ""],
  ];
  for (const [from, to] of edits) {
    const start = text.indexOf(from);
    expect(start).toBeGreaterThanOrEqual(0);
    const place = (offset: number) => {
      const lines = text.slice(0, offset).split("\n");
      return { line: lines.length - 1, column: lines.at(-1)?.length ?? 0 };
    };
    const oldEnd = start + from.length;
    kept.edit({ start, oldEnd, inserted: to, startPosition: place(start), oldEndPosition: place(oldEnd) });
    text = text.slice(0, start) + to + text.slice(oldEnd);
    expect(kept.sites(text)).toEqual(await sitesOf(text, "typescript"));
  }
});

test("all of 273 training calls in 3,000 lines are found again after an edit, as in a file that is read anew", async () => {
  const block = `export async function train7(model: tf.LayersModel, xs: tf.Tensor, ys: tf.Tensor) {
  const optimizer = tf.train.adam(1e-3);
  const history: number[] = [];
  for (let epoch = 0; epoch < 10; epoch++) {
    const loss = optimizer.minimize(() => model.predict(xs).sub(ys).square().mean(), true);
    history.push(loss?.dataSync()[0] ?? Number.NaN);
    console.log(\`epoch \${epoch}: \${history.at(-1)}\`, { epoch, rate: 1e-3, names: ["a", "b"] });
    loss?.dispose();
  }
  return history;
}
`;
  let text = esm + block.repeat(273);
  using file = new SourceFile(await grammars.parser("typescript"), "typescript");
  file.sites(text);
  const start = text.indexOf("epoch: ");
  const line = text.slice(0, start).split("\n").length - 1;
  const column = start - text.lastIndexOf("\n", start) - 1;
  file.edit({ start, oldEnd: start, inserted: "x", startPosition: { line, column }, oldEndPosition: { line, column } });
  text = `${text.slice(0, start)}x${text.slice(start)}`;
  expect(file.sites(text)).toHaveLength(273);
  expect(file.sites(text)).toEqual(await sitesOf(text, "typescript"));
});
