import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { findRun } from "../../src/run/runCollection.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import type { LawStanding, LedgerRow, SeriesSlice } from "../../src/run/runRows.ts";
import { findPython, howToGetTorch } from "../python.ts";
import type { Setting } from "./entries.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const cli = process.env["ORRERY_CLI"] ?? path.join(root, "dist", "orrery.mjs");

const otherDraws = pathToFileURL(path.join(import.meta.dirname, "otherDraws.mjs")).href;

/** Runs Node with these arguments, and gives what it prints. Rejects where it fails. */
async function run(args: readonly string[], draw: number): Promise<string> {
  const drawn = draw === 0 ? {} : { NODE_OPTIONS: `--import ${otherDraws}`, ORRERY_ALMANAC_DRAW: String(draw) };
  const options = { cwd: root, maxBuffer: 1 << 28, env: { ...process.env, ...drawn } };
  return (await promisify(execFile)(process.execPath, args, options)).stdout;
}

/** What a law made of a run. */
export interface Outcome {
  readonly setting: Setting;
  readonly ledger: readonly LedgerRow[];
  readonly standing: LawStanding | undefined;
  /** Of the observable of its first forecast, where it made one. */
  readonly series: SeriesSlice | undefined;
  /** All runs together. */
  readonly seconds: number;
}

/** Points of a plotted curve. */
const plotted = 400;

/** A script in Python runs on the one that has PyTorch, whatever else is first on the PATH. */
function pythonFor(script: string): readonly string[] {
  if (!script.endsWith(".py")) return [];
  const python = findPython();
  if (python === undefined) throw new Error(howToGetTorch);
  return ["--python", python];
}

/**
 * Runs a setting's script as a person would, by `orrery inspect`, and reads what the law said. Rejects where a run fails.
 *
 * @param draw 0 for the script's own seeds; any other number, for scripts in JavaScript, moves all of them.
 */
export async function runSetting(law: string, setting: Setting, draw = 0): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-almanac-"));
  const [runs, log] = [path.join(folder, "runs"), path.join(folder, "training.log")];
  const began = performance.now();
  try {
    for (const args of setting.runs ?? [[]]) {
      const script = path.join(root, "examples", "laws", setting.script);
      if (setting.log === true) {
        writeFileSync(log, await run([script, ...args], draw));
        await run([cli, "--out", runs, "import", log], 0);
      } else {
        const options = ["--out", runs, "--budget", setting.budget ?? "30%", "--json", ...pythonFor(setting.script)];
        await run([cli, ...options, "inspect", script, ...args], draw);
      }
    }
    using reader = new RunFileReader(findRun(runs, "latest"));
    const ledger = reader.ledger().filter(({ forecast }) => forecast.law === law);
    const [first] = ledger;
    const whole = { fromStep: 0, toStep: Number.MAX_SAFE_INTEGER, buckets: plotted };
    return {
      setting,
      ledger,
      standing: reader.standings().find((standing) => standing.law === law),
      series: first && reader.series({ observable: first.forecast.observable, ...whole }),
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
