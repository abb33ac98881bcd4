/** Bundles the companion, as an extension of its own or for the desktop editor's test host. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const vsce = path.resolve(import.meta.dirname, "..", "..", "..", "node_modules", "@vscode", "vsce", "vsce");

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["vscode"],
    entryPoints: [path.join(import.meta.dirname, entry)],
    outfile,
    logLevel: "warning",
  });
}

/** Packs the companion extension in `folder` and returns the `.vsix`. */
export async function packCompanion(folder: string): Promise<string> {
  const manifest = {
    name: "orrery-companion",
    displayName: "Orrery's companion in tests",
    publisher: "orrery",
    version: "0.0.1",
    engines: { vscode: "^1.138.0" },
    main: "./extension.cjs",
    activationEvents: ["onStartupFinished"],
    capabilities: { untrustedWorkspaces: { supported: true } },
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  await bundle("extension.ts", path.join(folder, "extension.cjs"));
  const packed = path.join(folder, "companion.vsix");
  // As a process of its own, because it prints a lot.
  const outcome = spawnSync(
    process.execPath,
    [vsce, "package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", packed],
    { cwd: folder, encoding: "utf8" },
  );
  if (outcome.status !== 0) throw new Error(`The companion cannot be packed:\n${outcome.stdout}${outcome.stderr}`);
  return packed;
}

/** Bundles what the desktop editor's test host runs, and returns the file. */
export async function bundleForDesktop(folder: string): Promise<string> {
  const outfile = path.join(folder, "desktop.cjs");
  await bundle("desktop.ts", outfile);
  return outfile;
}
