/** Runs, spools and processes for the tests of what can go wrong. */
import { build } from "esbuild";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SpoolRecord } from "../../src/probe/record.ts";
import { RunDirectory } from "../../src/run/runDirectory.ts";
import type { RunManifest } from "../../src/run/runManifest.ts";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * The recorder and the command line as they are shipped, bundled into a folder that the test removes. `preload` stands in
 * for the probe.
 */
export async function bundleInto(folder: string, preload = ""): Promise<void> {
  const require = "import { createRequire as _create } from 'node:module'; const require = _create(import.meta.url);";
  await build({
    absWorkingDir: root,
    entryPoints: { recorder: "src/recorder/main.ts", orrery: "src/cli/main.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.15",
    banner: { js: require },
  });
  mkdirSync(path.join(folder, "probe"));
  writeFileSync(path.join(folder, "probe", "preload.mjs"), preload);
}

/** A folder that the test removes. */
export function temporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "orrery-fault-"));
}

/** A run of a script with this text, not started. */
export function makeRun(folder: string, script: string, scriptArguments: readonly string[] = []): RunDirectory {
  const file = path.join(folder, "train.mjs");
  writeFileSync(file, script);
  const directory = new RunDirectory(path.join(folder, "run"));
  mkdirSync(directory.path, { recursive: true });
  const manifest: RunManifest = {
    version: 1,
    id: "run",
    script: file,
    arguments: [...scriptArguments],
    workingDirectory: folder,
    startedAt: 0,
    scriptHash: "0",
    runtime: { executable: process.execPath, version: process.versions.node, arguments: [], environment: {} },
    backend: "auto",
    budget: 0.05,
  };
  writeFileSync(directory.manifest, JSON.stringify(manifest));
  return directory;
}

/** JavaScript that gives a script `write(record)` and `step(k)`, as a probe would write them. */
export const spoolWriter = `
import { appendFileSync } from "node:fs";
const spool = process.env.ORRERY_RUN + "/spool.jsonl";
const write = (record) => appendFileSync(spool, JSON.stringify(record) + "\\n");
const step = (k) => write({ t: "step", step: k, time: k / 100, values: { "loss/train": 1 / (k + 1) } });
write({ t: "begin", time: 0, protocol: 1, probe: "0", framework: { name: "none", version: "0" }, runtime: "node",
  device: "cpu", backend: "cpu", backendReason: "it is a test", pid: process.pid, script: "train.mjs" });
`;

/** A spool of a run that has everything in it: facts, a forecast with its verdict, NaN, vectors, notes, lines that are no records. */
export function sampleSpool(steps: number): string {
  const lines: string[] = [];
  const write = (record: SpoolRecord) => {
    lines.push(
      JSON.stringify(record, (_key, value: unknown) =>
        typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
      ),
    );
  };
  const site = { time: 0, step: 0 };
  write({
    t: "begin",
    time: 0,
    protocol: 1,
    probe: "0",
    framework: { name: "none", version: "0" },
    runtime: "node",
    device: "cpu",
    backend: "cpu",
    backendReason: "it is a test",
    pid: 1,
    script: "train.mjs",
  });
  write({ t: "model", ...site, id: "m", modules: [], parameters: 30 });
  write({
    t: "objective",
    ...site,
    kind: "crossEntropy",
    reduction: "mean",
    classes: 10,
    regularized: false,
    how: "a test",
  });
  const group = { parameters: 30, learningRate: 0.1 };
  write({ t: "optimizer", ...site, id: "o", kind: "sgd", name: "SGD", groups: [group], schedule: "constant" });
  write({ t: "data", ...site, examples: 64, batch: 64, fullBatch: true, how: "a test" });
  write({ t: "measure", ...site, values: { "logit/variance": 0.01, "logit/max": 0.2 }, cost: 0.01, method: "a test" });
  for (let step = 0; step < steps; step++) {
    const time = step / 50;
    const loss = step % 997 === 500 ? Number.NaN : Math.log(10) * Math.exp(-step / steps);
    write({ t: "step", step, time, values: { "loss/train": loss, "optimizer/learningRate": 0.1, "batch/size": 64 } });
    if (step % 10 === 0) {
      const sharpness = 20 * (1 - Math.exp((-4 * step) / steps)) + 0.01 * Math.sin(step);
      write({
        t: "measure",
        step,
        time,
        values: { "sharpness/batch": sharpness },
        cost: 0.01,
        method: "lanczos",
        error: { "sharpness/batch": 1e-4 },
      });
    }
    if (step % 50 === 7) write({ t: "vector", step, time, name: "hessian/spectrum", values: [step, Infinity, 1] });
    if (step % 211 === 3) write({ t: "note", step, time, severity: "warning", code: "test", text: `At ${step}.` });
    if (step % 307 === 5) lines.push("neither JSON nor a record");
    if (step % 503 === 9) lines.push('{"t":"step","step":1,"time":0,"values":{}}');
  }
  write({ t: "end", time: steps / 50, step: steps, how: "finished", exitCode: 0 });
  return `${lines.join("\n")}\n`;
}

/** Everything that a run file says, row by row; without the recorder's own word about the file. */
export function dump(file: string): Record<string, unknown> {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return Object.fromEntries(
      tables.map(({ name }) => {
        const condition = name === "event" ? "WHERE sequence > 1" : "";
        const rows = `SELECT * FROM ${String(name)} ${condition}`;
        const columns = database
          .prepare(rows)
          .columns()
          .map((_column, index) => index + 1);
        return [String(name), database.prepare(`${rows} ORDER BY ${columns.join(", ")}`).all()];
      }),
    );
  } finally {
    database.close();
  }
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves to the exit code once the process is gone, null where a signal ended it. */
  readonly exit: Promise<number | null>;
  /** What it has printed so far. */
  output(): string;
}

/** Starts the recorder of a `bundleInto` folder. */
export function startRecorder(bundles: string, directory: RunDirectory, ...flags: readonly string[]): Started {
  return start([path.join(bundles, "recorder.mjs"), directory.path, ...flags]);
}

/** A Node process with these arguments; what it prints is kept. */
export function start(
  nodeArguments: readonly string[],
  cwd = root,
  environment: NodeJS.ProcessEnv = process.env,
): Started {
  const child = spawn(process.execPath, nodeArguments, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  // "close": after everything that it printed has been read.
  const exit = once(child, "close").then(([code]) => code as number | null);
  return { child, exit, output: () => output };
}

/** Waits for a condition; the time limit is the test's own. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}
