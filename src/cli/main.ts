#!/usr/bin/env node
/** The command line: `orrery inspect`, `show`, `ledger`, `forecast`, `laws`, `list`, `import`, `stop`, `rebuild`, `doctor`. */
import path from "node:path";
import { forecastAt } from "../recorder/forecastAt.ts";
import { importRun } from "../recorder/importRun.ts";
import { doctorIn, installationIn, recoverRun } from "../recorder/launch.ts";
import { LaunchError } from "../recorder/launchError.ts";
import { bringUpToDate, rebuildRun } from "../recorder/rebuild.ts";
import { stopRun } from "../recorder/stopRun.ts";
import { defaultRunsDirectory, findRun, runsIn } from "../run/runCollection.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { RunFileError } from "../run/runFileError.ts";
import { RunFileReader } from "../run/runFileReader.ts";
import { readCommandLine, type CommandLine } from "./arguments.ts";
import { doctor } from "./doctor.ts";
import { exitCode, type ExitCode } from "./exitCode.ts";
import { inspect } from "./inspect.ts";
import { laws } from "./laws.ts";
import { list } from "./list.ts";
import { standardOutput, toJson } from "./output.ts";
import { show, showForecast, showLedger } from "./show.ts";
import { usage } from "./usage.ts";
import { UsageError } from "./usageError.ts";

const installation = installationIn(import.meta.dirname);
const probe = doctorIn(import.meta.dirname);

async function run(line: CommandLine): Promise<ExitCode> {
  const output = standardOutput(line.json);
  const runs = path.resolve(line.out ?? defaultRunsDirectory);
  if (line.help || line.command === "help") {
    output.print(usage.trimEnd());
    return exitCode.ok;
  }
  const subject = (what: string) => {
    if (line.subject !== undefined) return line.subject;
    throw new UsageError(`\`orrery ${line.command ?? ""}\` needs ${what}.`);
  };
  switch (line.command) {
    case "inspect": {
      const { backend, budget, probeSet, node, python, rest } = line;
      const script = subject("a script");
      const workingDirectory = process.cwd();
      const runtime = { backend, budget, probeSet, node, python };
      const options = { script, arguments: rest, workingDirectory, runsDirectory: runs, ...runtime };
      return await inspect(installation, options, line.detach, output);
    }
    case "doctor": {
      const { backend, node, python, subject: script } = line;
      return await doctor(probe, { workingDirectory: process.cwd(), script, backend, node, python }, output);
    }
    case "show":
    case "ledger": {
      const directory = findRun(runs, subject("a run"));
      await bringRunUpToDate(directory);
      using reader = new RunFileReader(directory);
      (line.command === "show" ? show : showLedger)(reader, output);
      return exitCode.ok;
    }
    case "forecast": {
      const directory = findRun(runs, subject("a run"));
      showForecast(forecastAt(directory, line.at), output);
      return exitCode.ok;
    }
    case "laws":
      await bringAllUpToDate(runs);
      laws(runs, output);
      return exitCode.ok;
    case "list":
      await bringAllUpToDate(runs);
      list(runs, output);
      return exitCode.ok;
    case "stop": {
      const directory = findRun(runs, subject("a run"));
      await stopRun(directory);
      output.print(line.json ? toJson({ stopped: directory.path }) : `Stopped ${directory.path}`);
      return exitCode.ok;
    }
    case "import": {
      const from = path.resolve(subject("the folder of a run, or a log"));
      const { pattern, steps: plannedSteps } = line;
      const directory = await importRun(from, runs, { pattern, plannedSteps });
      output.print(line.json ? toJson({ imported: directory.path }) : `Imported ${directory.path}`);
      return exitCode.ok;
    }
    case "rebuild": {
      const directory = findRun(runs, subject("a run"));
      if (await rebuildRun(directory)) recoverRun(installation, directory);
      output.print(line.json ? toJson({ rebuilt: directory.runFile }) : `Rebuilt ${directory.runFile}`);
      return exitCode.ok;
    }
    case undefined:
      throw new UsageError("Say what to do.");
    default:
      throw new UsageError(`There is no command "${line.command}".`);
  }
}

async function bringRunUpToDate(directory: RunDirectory): Promise<void> {
  if (await bringUpToDate(directory)) recoverRun(installation, directory);
}

/** What cannot be brought up to date has a row that says so. */
async function bringAllUpToDate(folder: string): Promise<void> {
  for (const directory of runsIn(folder)) {
    try {
      await bringRunUpToDate(directory);
    } catch (error) {
      if (!(error instanceof RunFileError)) throw error;
    }
  }
}

function exitCodeOf(error: unknown): ExitCode | undefined {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof LaunchError) return exitCode.notStarted;
  if (error instanceof RunFileError) return exitCode.notReadable;
  return undefined;
}

// Whoever reads only the beginning, as `head` does, has seen enough.
process.stdout.on("error", (error: Error) => {
  if ("code" in error && error.code === "EPIPE") process.exit();
  throw error;
});

try {
  process.exitCode = await run(readCommandLine(process.argv.slice(2)));
} catch (error) {
  const code = exitCodeOf(error);
  if (code === undefined) throw error;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`orrery: ${message}${code === exitCode.usage ? "\nSee `orrery --help`." : ""}`);
  process.exitCode = code;
}
