import path from "node:path";
import { defineConfig } from "vitest/config";
import { ClosingLineReporter } from "./scripts/closingLineReporter.ts";
import { newestTorchPython } from "./scripts/newestTorch.ts";
import { softwareVulkan } from "./scripts/softwareVulkan.ts";
import { cacheFolder } from "./scripts/workbench.ts";

/** Where compiled scripts are kept between processes: suites start hundreds that load the same ones. */
const compiled = { NODE_COMPILE_CACHE: path.join(cacheFolder, "compiled-1") };

/** One project a level of testing; each is run alone with `npx vitest --project NAME`. */
function level(name: string, timeout: number, globalSetup: string[] = [], env: Record<string, string> = {}) {
  return {
    test: {
      name,
      globalSetup,
      env,
      setupFiles: ["test/seeded.ts"],
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeout,
      hookTimeout: timeout,
      // What is waited for comes when it comes on a busy machine.
      expect: { poll: { timeout: Math.min(60_000, timeout / 2) } },
    },
  };
}

const newestTorchTests = ["test/contract/torchNewer.test.ts", "test/oracle/torchLayers.test.ts"];

/** What depends on PyTorch's version, once more on the newest where the tests' tools could bring it. */
function onNewestTorch() {
  const python = newestTorchPython();
  if (python === undefined) return [];
  const common = level("newest-torch", 120_000, [], { ORRERY_TEST_PYTHON: python });
  return [{ test: { ...common.test, include: newestTorchTests } }];
}

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    reporters: ["default", new ClosingLineReporter()],
    projects: [
      level("unit", 20_000),
      level("oracle", 120_000, [], { ...softwareVulkan(), ...compiled }),
      level("contract", 120_000, [], { ...softwareVulkan(), ...compiled }),
      ...onNewestTorch(),
      level("fault", 300_000, [], compiled),
      level("webview", 120_000),
      level("editor", 300_000, ["test/editor/packageOnce.ts"]),
    ],
  },
});
