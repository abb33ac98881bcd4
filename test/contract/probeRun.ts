import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { recordSchema, type SpoolRecord } from "../../src/probe/record.ts";

export const root = path.resolve(import.meta.dirname, "..", "..");
export const fixtures = path.join(root, "test", "fixtures", "scripts");

const preload = pathToFileURL(path.join(root, "dist", "probe", "preload.mjs")).href;

/** What a script did, with or without the probe. */
export interface Outcome {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | null;
}

export interface ProbedOutcome extends Outcome {
  readonly records: readonly SpoolRecord[];
}

interface Settings {
  readonly backend?: string;
  readonly budget?: number;
  /** Further variables of its environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a script as its user would. */
export function runBare(script: string): Promise<Outcome> {
  return run(process.execPath, [...typed(script), script]);
}

/** Runs a script under the probe, and reads what it has recorded; every line must be a valid record. */
export async function runProbed(script: string, settings: Settings = {}): Promise<ProbedOutcome> {
  const { outcome, finish } = startProbed(script, settings);
  await outcome;
  return finish();
}

/** Starts a script under the probe; `finish` waits for its end and removes the run. */
export function startProbed(
  script: string,
  { backend = "script", budget = 1, environment = {} }: Settings = {},
): { readonly directory: string; readonly outcome: Promise<Outcome>; readonly finish: () => Promise<ProbedOutcome> } {
  const directory = mkdtempSync(path.join(tmpdir(), "orrery-probe-"));
  const outcome = run(process.execPath, [...typed(script), "--import", preload, script], {
    ORRERY_RUN: directory,
    ORRERY_BACKEND: backend,
    ORRERY_BUDGET: String(budget),
    // The probe's own variables are taken out of the environment; a fixture may write requests into the folder.
    RUN_UNDER_TEST: directory,
    ...environment,
  });
  return {
    directory,
    outcome,
    async finish() {
      const ended = await outcome;
      const records = readRecords(directory);
      rmSync(directory, { recursive: true, force: true });
      return { ...ended, records };
    },
  };
}

/** What has been recorded so far; nothing before the probe has begun. */
export function readRecords(directory: string): SpoolRecord[] {
  const spool = path.join(directory, "spool.jsonl");
  const text = existsSync(spool) ? readFileSync(spool, "utf8") : "";
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => recordSchema.parse(JSON.parse(line)));
}

/** Records of one kind. */
export function recordsOf<T extends SpoolRecord["t"]>(
  records: readonly SpoolRecord[],
  kind: T,
): Extract<SpoolRecord, { readonly t: T }>[] {
  return records.filter((record): record is Extract<SpoolRecord, { readonly t: T }> => record.t === kind);
}

/** A value at every step that has it, from `step` and `measure` records. */
export function series(records: readonly SpoolRecord[], name: string): (readonly [step: number, value: number])[] {
  return records.flatMap((record) => {
    if (record.t !== "step" && record.t !== "measure") return [];
    const value = record.values[name];
    return value === undefined ? [] : [[record.step, value] as const];
  });
}

function typed(script: string): string[] {
  return script.endsWith("ts") ? ["--experimental-transform-types", "--disable-warning=ExperimentalWarning"] : [];
}

/**
 * Runs a program to its end; `input` is all that it can read. After so many milliseconds of `patience` it is aborted, so that Python's fault
 * handler can say where it hangs.
 */
export function run(
  executable: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input = "",
  patience?: number,
): Promise<Outcome> {
  const child = spawn(executable, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    timeout: patience,
    killSignal: "SIGABRT",
  });
  // It may end before it has read anything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const text = (stream: NodeJS.ReadableStream) => stream.setEncoding("utf8");
  let output = "";
  let errors = "";
  text(child.stdout).on("data", (chunk: string) => (output += chunk));
  text(child.stderr).on("data", (chunk: string) => (errors += chunk));
  return new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => {
      resolve({ output, errors, exitCode });
    });
  });
}
