import { defineConfig } from "vitest/config";
import { ClosingLineReporter } from "./scripts/closingLineReporter.ts";
import { softwareVulkan } from "./scripts/softwareVulkan.ts";

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
    },
  };
}

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    reporters: ["default", new ClosingLineReporter()],
    projects: [
      level("unit", 20_000),
      level("oracle", 120_000, [], softwareVulkan()),
      level("contract", 120_000, [], softwareVulkan()),
      level("fault", 300_000),
      level("webview", 120_000),
      level("editor", 300_000, ["test/editor/packageOnce.ts"]),
    ],
  },
});
