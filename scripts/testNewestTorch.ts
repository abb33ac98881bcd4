/**
 * `npm run test:newest-torch`: every test of PyTorch on the newest that the tests' tools bring, of which `npm test` runs the part that depends most on
 * the version. Fails where it cannot be brought.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { installNewestTorch, newestTorchPython } from "./newestTorch.ts";

const root = path.dirname(import.meta.dirname);
const tests = ["test/contract/torch", "test/oracle/torch"];

try {
  installNewestTorch(console.log);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--project", "contract", "--project", "oracle", ...tests, ...process.argv.slice(2)],
  { cwd: root, stdio: "inherit", env: { ...process.env, ORRERY_TEST_PYTHON: newestTorchPython() } },
);
process.exit(status ?? 1);
