import { expect, test } from "vitest";
import { namedLiterals } from "../../src/editor/inline/namedLiterals.ts";
import { whatIfRows } from "../../src/editor/inline/whatIfRows.ts";
import { findingsIn, sketchOf, textAt } from "./inlineScripts.ts";

const script = `import * as tf from "@tensorflow/tfjs";
const WIDTH = 4 * 64;
const model = tf.sequential();
model.add(tf.layers.dense({ name: "first", inputShape: [784], units: WIDTH, activation: "relu" }));
model.add(tf.layers.dense({ units: WIDTH, activation: "relu" }));
model.add(tf.layers.dropout({ rate: 0.25 }));
model.add(tf.layers.dense({ units: 10 }));
model.compile({ optimizer: tf.train.sgd(0.1), loss: "categoricalCrossentropy" });
await model.fit(inputs, targets, { batchSize: 64, epochs: 5 });
`;

async function rowsFor(from: string, to: string) {
  if (!script.includes(from)) throw new Error(`There is no ${from}.`);
  return whatIfRows(await findingsIn(script), await findingsIn(script.replace(from, to)));
}

test("the numbers that decide what is predicted are named, each once, by the literal that sets it", async () => {
  const literals = namedLiterals(await sketchOf(script));
  expect(literals.map(({ name, value, range }) => [name, value, textAt(script, range)])).toEqual([
    ["learning rate", 0.1, "0.1"],
    ["batch size", 64, "64"],
    ["epochs", 5, "5"],
    ["units of first", 256, "4 * 64"],
    ["rate of dropout", 0.25, "0.25"],
    ["units of dense", 10, "10"],
  ]);
});

test("another learning rate moves the ceiling alone", async () => {
  expect(await rowsFor("sgd(0.1)", "sgd(0.2)")).toEqual([
    { what: "Largest stable sharpness", change: "20 → 10", kind: "prediction" },
  ]);
});

test("another width moves what is counted", async () => {
  const rows = await rowsFor("4 * 64", "128");
  // 785·256 + 257·256 + 257·10 and 785·128 + 129·128 + 129·10.
  expect(rows).toContainEqual({ what: "Parameters", change: "269,322 → 118,282", kind: "prediction" });
});

test("what would be marked is told, and what no longer would be", async () => {
  const plain = script.replace(/^.*dropout.*\n/m, "");
  const [calm, wild] = [plain, plain.replace("sgd(0.1)", "sgd(1e5)")];
  const findings = await Promise.all([calm, wild].map((text) => findingsIn(text)));
  const [before = [], after = []] = findings;
  expect(whatIfRows(before, after).map(({ kind, what }) => [kind, what])).toContainEqual([
    "marked",
    "L22 Largest first learning rate, and warmup",
  ]);
  expect(whatIfRows(after, before).some(({ kind }) => kind === "no longer marked")).toBe(true);
  expect(whatIfRows(before, before)).toEqual([]);
});
