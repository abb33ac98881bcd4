/** Brings what the tests need and a machine may lack: Chromium, and the local workbench. Seconds when both are there. */
import { spawnSync } from "node:child_process";
import { findChromium, howToGetChromium } from "./chromium.ts";
import { installWorkbench } from "./workbench.ts";

function has(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Installs Debian's Chromium. Returns whether it could. */
function installChromium() {
  if (process.platform !== "linux" || process.getuid() !== 0 || !has("apt-get")) return false;
  console.log("Installing Chromium with apt-get (once) …");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return [
    ["update", "--quiet=2"],
    ["install", "--yes", "--quiet=2", "--no-install-recommends", "chromium"],
  ].every((args) => {
    const outcome = spawnSync("apt-get", args, { env: environment, encoding: "utf8" });
    if (outcome.status !== 0) console.error(outcome.stderr.trim());
    return outcome.status === 0;
  });
}

try {
  if (findChromium() === undefined && (!installChromium() || findChromium() === undefined))
    throw new Error(howToGetChromium);
  installWorkbench(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
