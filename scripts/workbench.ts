/**
 * The local workbench: VS Code as a server (`code-server` of the npm registry), for editor tests and `npm run editor` on
 * machines that cannot download the desktop editor. It is installed once, outside the project.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

/** Carries VS Code 1.139.1. */
const version = "4.139.1";

/** Outside the project, so that a fresh clone finds what another has brought. */
export const cacheFolder = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "orrery");

const installation = path.join(cacheFolder, `workbench-${version}`);
const server = path.join("node_modules", "code-server");

/** Extensions come from files here: nobody is asked for more of them. */
const noGallery = JSON.stringify({ serviceUrl: "", itemUrl: "", resourceUrlTemplate: "" });

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
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(path.join(cacheFolder, "installing-"));
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
  /** Folder for this workbench's settings, state, extensions and log; nothing is kept elsewhere. */
  readonly home: string;
  /** `.vsix` files to install before it starts. */
  readonly extensions: readonly string[];
  /** False opens folders in Restricted Mode. */
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Variables for the extension host beside those that are inherited. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningWorkbench {
  readonly address: string;
  /** Resolves when the server has ended, by whoever's will. */
  readonly ended: Promise<void>;
  /** Address of the workbench with this folder open. */
  folderAddress(folder: string): string;
  /** Ends the server and what it started; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Installs the extensions and starts a server on a free port of this machine. Throws with the server's own words. */
export async function startWorkbench(options: WorkbenchOptions): Promise<RunningWorkbench> {
  const { home } = options;
  const userData = path.join(home, "data");
  mkdirSync(path.join(userData, "User"), { recursive: true });
  const settings = { ...quietSettings, ...options.settings };
  writeFileSync(path.join(userData, "User", "settings.json"), JSON.stringify(settings, undefined, 2));
  writeFileSync(path.join(home, "config.yaml"), "");
  const command = [
    path.join(installation, server, "out", "node", "entry.js"),
    ...["--config", path.join(home, "config.yaml"), "--user-data-dir", userData],
    ...["--extensions-dir", path.join(home, "extensions")],
  ];
  const environment = { ...process.env, EXTENSIONS_GALLERY: noGallery, ...options.environment };
  for (const extension of options.extensions) installExtension(command, extension, environment);

  const log = path.join(home, "server.log");
  const written = openSync(log, "w");
  const child = spawn(
    process.execPath,
    [
      ...command,
      ...["--bind-addr", "127.0.0.1:0", "--auth", "none"],
      ...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"],
      ...(options.trusted ? ["--disable-workspace-trust"] : []),
    ],
    { stdio: ["ignore", written, written], env: environment, detached: process.platform !== "win32" },
  );
  closeSync(written);
  const ended = once(child, "exit").then(() => undefined);
  const address = await listening(log, child);
  return {
    address,
    ended,
    folderAddress: (folder) => `${address}/?folder=${encodeURIComponent(path.resolve(folder))}`,
    stop: async () => {
      end(child);
      await ended;
    },
  };
}

function installExtension(command: readonly string[], extension: string, environment: NodeJS.ProcessEnv): void {
  const outcome = spawnSync(process.execPath, [...command, "--install-extension", extension, "--force"], {
    encoding: "utf8",
    env: environment,
  });
  if (outcome.status !== 0) throw new Error(`${extension} cannot be installed:\n${outcome.stdout}${outcome.stderr}`);
}

/** The address that a server says, in its log, it listens at. */
async function listening(log: string, child: ChildProcess): Promise<string> {
  for (;;) {
    const said = readFileSync(log, "utf8");
    const address = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
    if (address !== undefined) return address;
    if (hasEnded(child)) throw new Error(`The workbench ended before it listened. It said:\n${said}`);
    await setTimeout(50);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function end(child: ChildProcess): void {
  if (child.pid === undefined || hasEnded(child)) return;
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
  else process.kill(-child.pid, "SIGTERM");
}
