/**
 * `npm run coverage`: measures every observable on every architecture and backend, WebGPU with a driver in software among them, prints
 * how it compares with the references, and writes `docs/coverage.md`.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { installSoftwareVulkan, softwareVulkan } from "./softwareVulkan.ts";

installSoftwareVulkan(console.log);
// Drivers are looked for where a process was told to when it began.
const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, "coverageDocument.ts")], {
  env: { ORRERY_TEST_BACKENDS: "cpu,wasm,webgpu", ...process.env, ...softwareVulkan() },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
