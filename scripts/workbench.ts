/**
 * The local workbench: VS Code as a server (`code-server` of the npm registry), for editor tests and `npm run editor` on
 * machines that cannot download the desktop editor. It is installed once, outside the project.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Carries VS Code 1.139.1. */
const version = "4.139.1";

const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "orrery");
const installation = path.join(cache, `workbench-${version}`);
const server = path.join("node_modules", "code-server");

/** Settings of a person who wants to see their code and nothing else. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "always",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
};

/** Installs the workbench if it is not there yet; safe when two do it at once. Throws with npm's last words. */
export function installWorkbench(say: (line: string) => void): void {
  if (existsSync(installation)) return;
  say(`Installing the local workbench (once; half a minute) in ${installation} …`);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, "installing-"));
  try {
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true }));
    npm(folder, ["install", `code-server@${version}`]);
    // Its own install script would compile native parts that nothing here needs; what it installs is installed here.
    const editor = path.join(folder, server, "lib", "vscode");
    npm(editor, ["install", "--omit=dev"]);
    npm(path.join(editor, "extensions"), ["install", "--omit=dev"]);
    takePlace(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function takePlace(folder: string): void {
  try {
    renameSync(folder, installation);
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(installation)) throw error;
  }
}

function npm(folder: string, args: readonly string[]): void {
  const outcome = spawnSync(
    "npm",
    [...args, "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    // npm.cmd cannot be spawned without a shell on Windows.
    { cwd: folder, encoding: "utf8", shell: process.platform === "win32" },
  );
  if (outcome.status === 0) return;
  const lastWords = outcome.stderr.trim().split("\n").slice(-5).join("\n");
  throw new Error(`The local workbench cannot be installed: \`npm ${args.join(" ")}\` failed.\n${lastWords}`);
}

export interface WorkbenchOptions {
  /** Folder for this workbench's settings, state and extensions; nothing is kept elsewhere. */
  readonly home: string;
  /** `.vsix` files to install before it starts. */
  readonly extensions: readonly string[];
  /** False opens folders in Restricted Mode. */
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface RunningWorkbench {
  readonly address: string;
  readonly process: ChildProcess;
  /** Address of the workbench with this folder open. */
  folderAddress(folder: string): string;
  /** Ends the server and what it started; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Installs the extensions and starts a server on a free port of this machine. Throws with the server's own output. */
export async function startWorkbench(options: WorkbenchOptions): Promise<RunningWorkbench> {
  const { home, extensions, trusted, settings } = options;
  const userData = path.join(home, "data");
  mkdirSync(path.join(userData, "User"), { recursive: true });
  writeFileSync(
    path.join(userData, "User", "settings.json"),
    JSON.stringify({ ...quietSettings, ...settings }, undefined, 2),
  );
  const entry = path.join(installation, server, "out", "node", "entry.js");
  const folders = [
    ...["--config", path.join(home, "config.yaml"), "--user-data-dir", userData],
    ...["--extensions-dir", path.join(home, "extensions")],
  ];
  const environment = { ...process.env, XDG_CONFIG_HOME: path.join(home, "config") };
  writeFileSync(path.join(home, "config.yaml"), "");
  for (const extension of extensions) {
    const outcome = spawnSync(process.execPath, [entry, ...folders, "--install-extension", extension, "--force"], {
      encoding: "utf8",
      env: environment,
    });
    if (outcome.status !== 0) throw new Error(`${extension} cannot be installed:\n${outcome.stdout}${outcome.stderr}`);
  }
  const child = spawn(
    process.execPath,
    [
      entry,
      ...folders,
      ...["--bind-addr", "127.0.0.1:0", "--auth", "none"],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"],
      ...(trusted ? ["--disable-workspace-trust"] : []),
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: environment, detached: process.platform !== "win32" },
  );
  const address = await listening(child);
  return {
    address,
    process: child,
    folderAddress: (folder) => `${address}/?folder=${encodeURIComponent(path.resolve(folder))}`,
    stop: () => stop(child),
  };
}

async function listening(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  const { stdout } = child;
  if (stdout === null) throw new Error("The workbench was started without its output.");
  for await (const line of createInterface({ input: stdout })) {
    said.push(line);
    const address = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address === undefined) continue;
    stdout.resume();
    return address;
  }
  throw new Error(`The workbench ended before it listened. It said:\n${said.join("\n")}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
  else process.kill(-child.pid, "SIGTERM");
  await gone;
}
