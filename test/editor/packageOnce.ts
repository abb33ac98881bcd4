/** Packs what was built, once before all editor tests: they test what people install. */
import { spawnSync } from "node:child_process";
import path from "node:path";

export function setup(): void {
  const script = path.join(import.meta.dirname, "..", "..", "scripts", "package.mjs");
  const outcome = spawnSync(process.execPath, [script], { encoding: "utf8" });
  if (outcome.status !== 0) throw new Error(`The extension cannot be packed:\n${outcome.stdout}${outcome.stderr}`);
}
