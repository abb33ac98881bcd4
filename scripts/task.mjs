/**
 * Runs one of the project's tasks under the project's own Node 24, whatever Node the machine has, installing first what
 * is missing. Plain JavaScript without packages: it is the first thing that runs on a fresh clone.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stamp = path.join(root, "node_modules", ".orrery-installed");

const build = ["esbuild.mjs"];
const tasks = {
  build: [build],
  demo: [build, ["scripts/demo.mjs"]],
  test: [build, ["scripts/testTools.mjs"], ["node_modules/vitest/vitest.mjs", "run"]],
  lint: [["scripts/lint.mjs"]],
  bench: [build, ["scripts/package.mjs"], ["scripts/testTools.mjs"], ["scripts/bench.ts"]],
  docs: [["scripts/recordFormat.ts"], ["scripts/lawTable.ts"]],
  coverage: [["scripts/coverage.ts"]],
  almanac: [build, ["scripts/almanac.ts"]],
  intervals: [build, ["scripts/intervals.ts"]],
  screenshot: [build, ["scripts/package.mjs"], ["scripts/testTools.mjs"], ["scripts/screenshot.ts"]],
  package: [build, ["scripts/package.mjs"]],
  editor: [build, ["scripts/package.mjs"], ["scripts/editor.ts"]],
  "test:electron": [build, ["scripts/package.mjs"], ["scripts/testElectron.ts"]],
  "test:newest-torch": [build, ["scripts/testNewestTorch.ts"]],
  "test:gpu": [build, ["scripts/testGpu.ts"]],
  // Built only where it is missing: a build would take the files away from under runs that are going on.
  orrery: [...(existsSync(path.join(root, "dist", "orrery.mjs")) ? [] : [build]), ["dist/orrery.mjs"]],
};

/** Installs the locked packages where they are missing or were installed from another lock file. */
function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("Installing packages (once; a minute at most) …");
  // npm.cmd cannot be spawned without a shell on Windows.
  const outcome = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (outcome.status !== 0)
    fail("`npm ci` failed: see its message above. The package registry must be reachable for the first run.");
  writeFileSync(stamp, lock);
}

/** The Node 24 that the project brings, else the machine's own where that is new enough. */
function node24() {
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const brought = path.join(root, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(brought)) return brought;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  return fail(
    `The registry has no Node 24 package for ${process.platform}-${process.arch}. Install Node 24 or newer and run this again.`,
  );
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const [task, ...rest] = process.argv.slice(2);
const commands = tasks[task];
if (commands === undefined) fail(`Unknown task ${task}. There are: ${Object.keys(tasks).join(", ")}.`);

installPackages();
const node = node24();
const environment = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ""}` };
for (const [index, command] of commands.entries()) {
  const extra = index === commands.length - 1 ? rest : [];
  const outcome = spawnSync(node, [...command, ...extra], { cwd: root, stdio: "inherit", env: environment });
  if (outcome.status !== 0) process.exit(outcome.status ?? 1);
}
