/** Which process, beyond doubt: process ids are used again, so a mark also holds when the process was started. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import * as z from "zod";

export const processMarkSchema = z.object({
  pid: z.int().positive(),
  /** When it was started, in the system's own words; empty where the system does not tell. */
  started: z.string(),
});

export type ProcessMark = z.infer<typeof processMarkSchema>;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly started: string;
}

const run = promisify(execFile);

/** The mark of a living process; undefined where there is none, or only a zombie. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  if (!exists(pid)) return undefined;
  if (process.platform === "win32") return { pid, started: "" };
  const row = process.platform === "linux" ? fromProc(pid) : (await fromPs(["-p", String(pid)]))[0];
  return row && { pid, started: row.started };
}

export async function isLiving(mark: ProcessMark): Promise<boolean> {
  const now = await markOf(mark.pid);
  return now !== undefined && (mark.started === "" || now.started === mark.started);
}

/** Everything that the process has started and that has not left its family, nearest first. Empty on Windows. */
export async function descendantsOf(pid: number): Promise<readonly ProcessMark[]> {
  if (process.platform === "win32") return [];
  const rows = process.platform === "linux" ? allFromProc() : await fromPs(["-A"]);
  const children = Map.groupBy(rows, (row) => row.parent);
  const found: ProcessMark[] = [];
  const waiting = [pid];
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    for (const child of children.get(parent) ?? []) {
      found.push({ pid: child.pid, started: child.started });
      waiting.push(child.pid);
    }
  }
  return found;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and is somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

let bootId: string | undefined;

/** Linux: start times count from the boot, so the boot belongs to them. */
function fromProc(pid: number): ProcessRow | undefined {
  try {
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may hold anything; what follows it does not.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const [state, parent] = fields;
    const ticks = fields[19];
    if (state === undefined || "ZX".includes(state) || ticks === undefined) return undefined;
    return { pid, parent: Number(parent), started: `${bootId} ${ticks}` };
  } catch {
    return undefined;
  }
}

function allFromProc(): ProcessRow[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => fromProc(Number(name)) ?? []);
}

async function fromPs(which: readonly string[]): Promise<ProcessRow[]> {
  try {
    const { stdout } = await run("ps", [...which, "-o", "pid=,ppid=,stat=,lstart="]);
    return stdout.split("\n").flatMap((line) => {
      const [pid, parent, state, ...started] = line.trim().split(/\s+/);
      if (state === undefined || state.startsWith("Z")) return [];
      return [{ pid: Number(pid), parent: Number(parent), started: started.join(" ") }];
    });
  } catch {
    // `ps -p` fails where there is no such process.
    return [];
  }
}
