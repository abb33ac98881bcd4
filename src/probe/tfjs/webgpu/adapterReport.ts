/** Prints, as JSON, which adapter WebGPU has: `webgpuAdapter.mjs <main file of the package webgpu>`. */
import { findAdapter, loadDawn } from "./device.ts";
import type { AdapterReport } from "./adapter.ts";

const adapter = await findAdapter(await loadDawn(process.argv[2] ?? ""));
const report: AdapterReport | null = adapter && {
  name: [adapter.info?.device, adapter.info?.description].find((name) => name !== undefined && name !== "") ?? "",
  isSoftware: adapter.info?.isFallbackAdapter === true,
};
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => {
  // Dawn's handles would keep the process.
  process.exit();
});
