/** When a coverage table is out of date. */
import { expect, test } from "vitest";
import { agree } from "./architectures/coverageTable.ts";
import { ofBackends } from "./architectures/documentedBackends.ts";

test("numbers rounded to a neighbouring power of ten, for one backend or for all, are the same", () => {
  expect(agree("| a | 1e-7 | 2σ |", "| a | 1e-6 | 3σ |")).toBe(true);
  expect(agree("| a | 1e-7 / 1e-6 | – |", "| a | 1e-7 | – |")).toBe(true);
  expect(agree("| a | 1e-7 | – |", "| a | 1e-7 / 1e-6 | – |")).toBe(true);
  expect(agree("| a | 1e-7 / 1e-6 / 1e-7 | – |", "| a | 1e-7 | – |")).toBe(true);
  expect(agree("| a | 1e-7 | – |", "| a | 1e-7 / 1e-7 / 1e-6 | – |")).toBe(true);
});

test("two powers of ten, a refusal and another observable are not the same", () => {
  expect(agree("| a | 1e-7 |", "| a | 1e-5 |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| a | 1e-7 / 1e-4 |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| a | 1e-7 / 1e-7 / 1e-4 |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| a | refused: x |")).toBe(false);
  expect(agree("| a | 1e-7 |", "| b | 1e-7 |")).toBe(false);
  expect(agree("", "| a | 1e-7 |")).toBe(false);
});

const section = `## A network

Of two layers / of three. 7 weights.

| of the network | cpu | wasm | webgpu |
|---|---|---|---|
| \`a\` | 1e-7 | 1e-6 | 1e-5 |
| \`b\` | refused: x | refused: x | refused: x |

| of a layer | \`first\` | \`second\` |
|---|---|---|
| \`c\` | 1e-7 / 1e-7 / 1e-6 | 2σ |`;

test("of some of a section's backends, only their numbers are looked at", () => {
  expect(ofBackends(section, ["cpu", "wasm", "webgpu"])).toBe(section);
  expect(ofBackends(section, ["cpu", "wasm"])).toBe(`## A network

Of two layers / of three. 7 weights.

| of the network | cpu | wasm |
|---|---|---|
| \`a\` | 1e-7 | 1e-6 |
| \`b\` | refused: x | refused: x |

| of a layer | \`first\` | \`second\` |
|---|---|---|
| \`c\` | 1e-7 | 2σ |`);
  expect(ofBackends(section, ["webgpu"])).toContain("| `c` | 1e-6 | 2σ |");
});

test("a section says nothing of a backend that it has no numbers of", () => {
  expect(ofBackends(section, ["cpu", "tensorflow"])).toBe(undefined);
  expect(ofBackends("", ["cpu"])).toBe(undefined);
});
