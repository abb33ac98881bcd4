import { describe, expect, test } from "vitest";
import { hoverCommands, hoverMarkdown } from "../../src/editor/inline/hoverMarkdown.ts";
import type { InlineFact } from "../../src/editor/inline/inlineFinding.ts";
import { commands } from "../../src/ids.ts";

const fact: InlineFact = {
  what: "Sharpness on the batch",
  value: "38.8 of 2/η = 40 in run 3",
  uncertainty: "± 1e−3",
  method: "Lanczos, 5 products",
  step: 1480,
  sample: 64,
  nullValue: "0.5",
  assumptions: ["The learning rate is constant."],
  law: {
    id: "edge-of-stability",
    number: "L18",
    title: "Edge of stability",
    citation: "Cohen et al. 2021",
    address: "https://arxiv.org/abs/2103.00065",
  },
  run: "/runs/a b",
};

describe("a hover", () => {
  test("has number, uncertainty, step, sample, method, null value, assumptions and reference", () => {
    expect(hoverMarkdown([fact]).split("  \n")).toEqual([
      "**Sharpness on the batch** 38.8 of 2/η = 40 in run 3",
      "± 1e−3 · step 1,480 · 64 examples · Lanczos, 5 products",
      "By chance: 0.5",
      "— The learning rate is constant.",
      `[L18 Edge of stability](https://arxiv.org/abs/2103.00065) (Cohen et al. 2021) · [Open Run](command:${commands.openRun}?%5B%22%2Fruns%2Fa%20b%22%5D)`,
    ]);
  });

  test("leaves out what is not known", () => {
    expect(hoverMarkdown([{ what: "Parameters", value: "unknown: a loop", assumptions: [] }])).toBe(
      "**Parameters** unknown: a loop",
    );
  });

  test("links to no command but those that it may call", () => {
    expect(hoverCommands).toEqual([commands.openRun]);
  });

  test("puts in what a script named as text, never as Markdown", () => {
    const nasty = "[x](command:evil) <b>`*_~$(zap)\n# y &amp;";
    const text = hoverMarkdown([{ what: nasty, value: nasty, method: nasty, assumptions: [nasty] }]);
    expect(text).not.toMatch(/(?<!\\)[[\]<>`~$#]/);
    expect(text.split("  \n")).toHaveLength(3);
    expect(text).toContain("&amp;amp;");
  });
});
