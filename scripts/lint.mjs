/** Runs every static check, two at a time, and shows what each has to say once it has ended; fails where one of them does. */
import { spawn } from "node:child_process";
import path from "node:path";

const root = path.dirname(import.meta.dirname);

/** The longest first, so that the others run beside it. */
const waiting = [
  ["node_modules/eslint/bin/eslint.js", "."],
  ["node_modules/typescript/bin/tsc", "-p", "."],
  ["node_modules/prettier/bin/prettier.cjs", "--check", "."],
  ["node_modules/typescript/bin/tsc", "-p", "webview"],
  ["node_modules/typescript/bin/tsc", "-p", "test/webview"],
  ["node_modules/knip/bin/knip.js"],
  ["scripts/ruff.ts"],
  ["node_modules/pyright/index.js"],
];

function run([program, ...args]) {
  const child = spawn(process.execPath, [program, ...args], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      console.log(`${status === 0 ? "passed" : "FAILED"}: ${[path.basename(program), ...args].join(" ")}`);
      if (output.trim() !== "") console.log(output.trimEnd());
      if (status !== 0) process.exitCode = 1;
      resolve();
    });
  });
}

async function lane() {
  for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) await run(command);
}

await Promise.all([lane(), lane()]);
