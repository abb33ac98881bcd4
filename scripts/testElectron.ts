/** `npm run test:electron`: the in-editor suite in the desktop editor, on the minimum engine and on stable, where it can be downloaded. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { bundleForDesktop } from "../test/editor/companion/build.ts";
import { cacheFolder } from "./workbench.ts";

const root = path.dirname(import.meta.dirname);
const { engines } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  engines: { vscode: string };
};
const versions = [engines.vscode.replace("^", ""), "stable"];

/** The editor's executable, or undefined where it cannot be downloaded. */
async function download(version: string): Promise<string | undefined> {
  try {
    return await downloadAndUnzipVSCode({ version, cachePath: path.join(cacheFolder, "desktop") });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(
      `VS Code ${version} cannot be downloaded here (${why}): \`npm test\` runs this suite without a download.`,
    );
    return undefined;
  }
}

async function runIn(version: string, executable: string): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), "orrery-electron-"));
  try {
    const workspace = path.join(home, "workspace");
    cpSync(path.join(root, "test", "editor", "fixtures"), workspace, { recursive: true });
    console.log(`VS Code ${version}`);
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: await bundleForDesktop(home),
      launchArgs: [workspace, "--user-data-dir", path.join(home, "data"), "--disable-extensions", "--no-sandbox"],
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (process.platform === "linux" && !process.env["DISPLAY"]) {
  console.error("The desktop editor needs a display: run `xvfb-run -a npm run test:electron`.");
  process.exitCode = 1;
} else {
  for (const version of versions) {
    const executable = await download(version);
    if (executable === undefined) {
      process.exitCode = 1;
      break;
    }
    await runIn(version, executable);
  }
}
