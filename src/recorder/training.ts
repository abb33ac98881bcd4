/** The training process, as seen by the recorder that started it or by one that came later. */
import { spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import type { RunDirectory } from "../run/runDirectory.ts";
import type { RunManifest } from "../run/runManifest.ts";
import { isLiving, markOf, type ProcessMark } from "./processMark.ts";
import { trainingOf } from "./stopRun.ts";

/** How the process ended, as far as is known; in words fit for a person. */
export interface Ending {
  readonly text: string;
  readonly exitCode?: number;
}

export interface Training {
  /** Undefined while it lives. `announced` is the process id that the spool itself gives, if it does. */
  ending(announced: number | undefined): Promise<Ending | undefined>;
}

/** What there is to say of a process that nobody watched. */
export const unknownEnding: Ending = {
  text: "The training process is gone. Its exit status is unknown, since nothing of Orrery was running when it ended.",
};

/** Starts the user's script in a session of its own, so that it outlives its recorder; its output goes to console.log. */
export function startTraining(directory: RunDirectory, manifest: RunManifest): Training {
  const { executable, arguments: before, environment } = manifest.runtime;
  const output = openSync(directory.console, "a");
  let ending: Ending | undefined;
  try {
    const child = spawn(executable, [...before, manifest.script, ...manifest.arguments], {
      cwd: manifest.workingDirectory,
      detached: true,
      stdio: ["ignore", output, output],
      windowsHide: true,
      env: { ...inheritedEnvironment(), ...environment, ORRERY_RUN: directory.path },
    });
    child.on("error", (error) => {
      ending ??= { text: `The script could not be started with ${executable}: ${error.message}` };
    });
    child.on("exit", (code, signal) => {
      ending ??= endingOf(code, signal);
    });
    child.unref();
    if (child.pid !== undefined) writeMark(directory, child.pid);
  } finally {
    closeSync(output);
  }
  return { ending: () => Promise.resolve(ending) };
}

/**
 * Finds the training process that an earlier recorder started: by its mark, else (that recorder was killed before it wrote
 * the mark) by the process id in the spool.
 */
export async function findTraining(directory: RunDirectory): Promise<Training> {
  let mark = await trainingOf(directory);
  return {
    ending: async (announced) => {
      mark ??= announced === undefined ? undefined : await markOf(announced);
      return mark !== undefined && (await isLiving(mark)) ? undefined : unknownEnding;
    },
  };
}

/** Written at once and completed later: the id alone would do until the next recorder needs more. */
function writeMark(directory: RunDirectory, pid: number): void {
  const write = (mark: ProcessMark) => {
    writeFileSync(directory.trainingLock, JSON.stringify(mark));
  };
  write({ pid, started: "" });
  void markOf(pid).then((mark) => {
    if (mark !== undefined) write(mark);
  });
}

/** What the script inherits: not what makes an editor's executable behave as Node, since its own children may be editors. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  const inherited = { ...process.env };
  delete inherited["ELECTRON_RUN_AS_NODE"];
  return inherited;
}

function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  if (signal !== null) return { text: `The training process was ended by ${signal}.` };
  return {
    text: `The training process ended with exit code ${code ?? "unknown"}.`,
    ...(code !== null && { exitCode: code }),
  };
}
