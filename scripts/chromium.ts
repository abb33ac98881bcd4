/** Finds the browser that the panel's and the editor's tests drive. */
import { accessSync, constants } from "node:fs";
import path from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];

const wellKnown = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** Keeps the browser from calling anyone, and from needing a display or a sandbox that root may not have. */
export const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const howToGetChromium =
  "No Chromium found: install one (Debian: `apt-get install chromium`) or name it in ORRERY_CHROMIUM.";

/** The executable, or undefined where there is none. Throws if ORRERY_CHROMIUM names a file that cannot be run. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["ORRERY_CHROMIUM"];
  if (named !== undefined && named !== "") {
    if (!runnable(named)) throw new Error(`ORRERY_CHROMIUM is ${named}, which is no file that can be run.`);
    return named;
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (environment["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const onPath = names.flatMap((name) => folders.map((folder) => path.join(folder, name + suffix)));
  return [...onPath, ...wellKnown].find(runnable);
}

/** The executable. Throws, saying how to get one, where there is none. */
export function requireChromium(): string {
  const found = findChromium();
  if (found === undefined) throw new Error(howToGetChromium);
  return found;
}

function runnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
