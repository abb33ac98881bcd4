/** `npm run demo`: `orrery inspect` on the example that reaches the edge of stability. */
import { spawnSync } from "node:child_process";

const outcome = spawnSync(
  process.execPath,
  ["dist/orrery.mjs", "inspect", ...process.argv.slice(2), "examples/edgeOfStability.ts"],
  { stdio: "inherit" },
);
process.exit(outcome.status ?? 1);
