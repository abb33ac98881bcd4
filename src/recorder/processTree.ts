import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { descendantsOf, isLiving, type ProcessMark } from "./processMark.ts";

/** Milliseconds between asking a process to end and ending it. */
const patience = 2000;

/**
 * Ends a process with everything that it has started: first asking (SIGTERM), then not (SIGKILL). `family` is what it was
 * known to have started while it lived. Resolves once none of them lives.
 */
export async function endProcessTree(root: ProcessMark, family: readonly ProcessMark[]): Promise<void> {
  if (process.platform === "win32") {
    // taskkill fails where the process has just ended by itself, which is what was wanted.
    await promisify(execFile)("taskkill", ["/pid", String(root.pid), "/t", "/f"]).catch(() => undefined);
    return;
  }
  const known = new Map([root, ...family].map((mark) => [mark.pid, mark]));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const mark of await descendantsOf(root.pid)) known.set(mark.pid, mark);
    // Its group, which it leads, also holds what its children have left behind. Once it is gone, the number may be another's.
    if (await isLiving(root)) send(-root.pid, signal);
    for (const mark of await living(known.values())) send(mark.pid, signal);
    if (await allEndWithin(patience, known)) return;
  }
}

/** Whether none of the processes lives, waiting for that. */
async function allEndWithin(milliseconds: number, known: ReadonlyMap<number, ProcessMark>): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while ((await living(known.values())).length > 0) {
    if (performance.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

async function living(marks: Iterable<ProcessMark>): Promise<ProcessMark[]> {
  const all = [...marks];
  const alive = await Promise.all(all.map(isLiving));
  return all.filter((_, index) => alive[index]);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it has ended in between.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
