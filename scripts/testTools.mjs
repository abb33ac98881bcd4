/** Brings what the tests need and a machine may lack: Chromium, the local workbench, and a GPU. Seconds when all are there. */
import { spawnSync } from "node:child_process";
import { findChromium, howToGetChromium } from "./chromium.ts";
import { installNewestTorch } from "./newestTorch.ts";
import { installSoftwareVulkan } from "./softwareVulkan.ts";
import { findPython, howToGetTorch } from "./python.ts";
import { installTrainers } from "./trainers.ts";
import { installWorkbench } from "./workbench.ts";

function has(program) {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Installs one of Debian's packages. Returns whether it could. */
function installDebian(name) {
  if (process.platform !== "linux" || process.getuid() !== 0 || !has("apt-get")) return false;
  console.log(`Installing ${name} with apt-get (once) …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return [
    ["update", "--quiet=2"],
    ["install", "--yes", "--quiet=2", "--no-install-recommends", name],
  ].every((args) => {
    const outcome = spawnSync("apt-get", args, { env: environment, encoding: "utf8" });
    if (outcome.status !== 0) console.error(outcome.stderr.trim());
    return outcome.status === 0;
  });
}

/** For tests that are skipped without it, and say so: a driver of WebGPU, the newest PyTorch, libraries that train with PyTorch. */
function tryFor(install) {
  try {
    install(console.log);
  } catch (error) {
    console.log(error.message);
  }
}

try {
  if (findChromium() === undefined && (!installDebian("chromium") || findChromium() === undefined))
    throw new Error(howToGetChromium);
  // Tests of the PyTorch probe are skipped without.
  if (findPython() === undefined && !installDebian("python3-torch")) console.log(howToGetTorch);
  installWorkbench(console.log);
  tryFor(installSoftwareVulkan);
  tryFor(installNewestTorch);
  tryFor(installTrainers);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
