/**
 * `npm run demo`: `orrery inspect` on the example that reaches the edge of stability. A fifth of the
 * time goes into measuring, four times the default, so that the sharpness of this short run is drawn as a curve.
 */
import { spawnSync } from "node:child_process";

const outcome = spawnSync(
  process.execPath,
  ["dist/orrery.mjs", "inspect", "--budget", "20%", ...process.argv.slice(2), "examples/edgeOfStability.ts"],
  { stdio: "inherit" },
);
process.exit(outcome.status ?? 1);
