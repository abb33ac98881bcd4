/** Steps in evaluation mode, told where the text says so for certain, and nowhere else. */
import { describe, expect, test } from "vitest";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import { findingsIn, sketchOf, textAt } from "./inlineScripts.ts";

const made = (
  layers = "nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2)",
) => `import torch
from torch import nn
import torch.nn.functional as F
import sys

model = nn.Sequential(${layers})
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
`;

const step = `        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
`;

const loop = (before: string, after: string) => `for epoch in range(10):
${before}    for x, y in batches:
${step}${after}`;

const validate = `    model.eval()
    with torch.no_grad():
        print(F.cross_entropy(model(held), labels))
`;

async function messagesIn(text: string) {
  const found = await findingsIn(text, undefined, "python");
  return found.flatMap(({ diagnostic, range }) =>
    diagnostic?.message.includes("evaluation mode") === true ? [[textAt(text, range), diagnostic.message]] : [],
  );
}

describe("steps in evaluation mode", () => {
  test("are told where validation leaves the model in it", async () => {
    const text = made() + loop("", validate);
    const line = text.split("\n").findIndex((each) => each.includes("model.eval()")) + 1;
    const [[code, message] = [], ...others] = await messagesIn(text);
    expect(others).toEqual([]);
    expect(code).toBe("optimizer.step()");
    expect(message).toMatch(new RegExp(`^Once line ${line} has put`));
    expect(message).toMatch(/batch normalization goes by its running averages/);
    expect(message).toMatch(/dropout is off/);
  });

  test("are told where a function that validates does", async () => {
    const helper = "def validate():\n    model.eval()\n    return model(held)\n\n";
    expect(await messagesIn(made() + helper + loop("", "    validate()\n"))).toHaveLength(1);
  });

  test("are told where the model is put into it before all steps", async () => {
    expect(await messagesIn(`${made()}model.eval()\n${loop("", "")}`)).toHaveLength(1);
  });

  test.each([
    ["where each round begins in training", made() + loop("    model.train()\n", validate)],
    ["where it is brought back at once", made() + loop("", `${validate}    model.train()\n`)],
    ["where it may be brought back", made() + loop("    if epoch > 0:\n        model.train()\n", validate)],
    ["where validation comes when all steps are taken", made() + loop("", "") + validate.replace(/^ {4}/gm, "")],
    ["where the one round is over then", made() + loop("", validate).replace("range(10)", "range(1)")],
    ["where it is done under a condition", `${made()}if len(sys.argv) > 1:\n    model.eval()\n${loop("", "")}`],
    ["where a part of it alone is put there", `${made()}model[1].eval()\n${loop("", "")}`],
    [
      "of a model that does the same in both",
      made("nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2)") + loop("", validate),
    ],
    ["where nobody is seen to call what validates", `${made()}def validate():\n    model.eval()\n\n${loop("", "")}`],
    [
      "where other code may bring it back",
      `${made()}from elsewhere import prepare\n${loop("    prepare(model)\n", validate)}`,
    ],
  ])("are not told %s", async (_, text) => {
    expect(await messagesIn(text)).toEqual([]);
  });

  test("are none of training, of which alone it is known how large signals are", async () => {
    const sketch = await sketchOf(made() + loop("", validate), "python");
    const rms = beforeRun(sketch).models[0]?.signal.layers[1]?.rms;
    expect(rms?.known === false ? rms.reason : rms?.value).toMatch(/called as in training/);
  });
});
