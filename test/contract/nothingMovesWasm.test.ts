import { describe, expect, it } from "vitest";
import { recordsOf, runProbed } from "./probeRun.ts";
import { budget, pathOf, stillScripts, timeout, unmeasured } from "./stillScripts.ts";

describe("with everything measured, on WebAssembly", () => {
  // The backend alone does not train most of these: what is compared with is a run on it that measures nothing.
  it.each(stillScripts)(
    "$name ends with the bits, the memory, the random numbers and the output of a run that measures nothing",
    async (script) => {
      const [idle, probed] = await Promise.all(
        [0, budget].map((each) => runProbed(pathOf(script), { backend: "wasm", budget: each })),
      );
      if (idle === undefined || probed === undefined) throw new Error("Two runs were started.");
      expect(probed.output).toBe(idle.output);
      expect(probed.errors).toBe(idle.errors);
      expect(probed.exitCode).toBe(0);
      expect(recordsOf(probed.records, "begin").at(-1)?.backend).toBe("wasm");
      expect(recordsOf(probed.records, "step")).toHaveLength(200);
      expect(unmeasured(script, probed)).toEqual([]);
    },
    timeout,
  );
});
