/** Bundles the companion, as an extension of its own or for the desktop editor's test host. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createVSIX } from "@vscode/vsce";
import { build } from "esbuild";

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
  await createVSIX({
    cwd: folder,
    packagePath: packed,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packed;
}

/** Bundles what the desktop editor's test host runs, and returns the file. */
export async function bundleForDesktop(folder: string): Promise<string> {
  const outfile = path.join(folder, "desktop.cjs");
  await bundle("desktop.ts", outfile);
  return outfile;
}
