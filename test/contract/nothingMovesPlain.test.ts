import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { recordsOf, root, runBare, runProbed } from "./probeRun.ts";
import { budget, measuredOfSome, pathOf, stillScripts, timeout, unmeasured } from "./stillScripts.ts";

describe("with everything measured, in plain JavaScript", () => {
  it.each(stillScripts)(
    "$name ends with the bits, the memory, the random numbers and the output of the bare script after 200 steps",
    async (script) => {
      const [bare, probed] = await Promise.all([runBare(pathOf(script)), runProbed(pathOf(script), { budget })]);
      expect(probed.output).toBe(bare.output);
      expect(probed.errors).toBe(bare.errors);
      expect(probed.exitCode).toBe(0);
      expect(recordsOf(probed.records, "step")).toHaveLength(200);
      expect(unmeasured(script, probed)).toEqual([]);
    },
    timeout,
  );
});

it("every observable of docs/coverage.md is measured of some of these scripts", () => {
  const summary = /## Summary\n(?<rows>.*?)\n## /s.exec(readFileSync(path.join(root, "docs", "coverage.md"), "utf8"));
  const names = [...(summary?.groups?.["rows"] ?? "").matchAll(/^\| `(.+?)` /gm)].map(([, name = ""]) =>
    name.replace(/@.*|\/null$/, ""),
  );
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name) => !measuredOfSome.has(name))).toEqual([]);
});
