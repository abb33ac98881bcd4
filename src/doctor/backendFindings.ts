import { spawn } from "node:child_process";
import { inheritedEnvironment } from "../recorder/training.ts";
import { backendMessageSchema, type BackendMessage } from "../probe/backendReport.ts";

export interface BackendFinding {
  /** For people. */
  readonly title: string;
  /** What it is asked for by. */
  readonly choice: string;
  readonly available: boolean;
  /** Why it is good, or why it cannot be had, in a few words. */
  readonly why: string;
}

export interface BackendFindings {
  /** In the order in which they are tried. */
  readonly backends: readonly BackendFinding[];
  readonly chosen?: { readonly title: string; readonly backend: string; readonly reason: string } | undefined;
  readonly left?: string | undefined;
  /** Why the process that tried them did not get to its end. */
  readonly problem?: string | undefined;
}

export interface Trial {
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Milliseconds that all backends together may take to start; a GPU's first start takes seconds. */
const patience = 60_000;
/** Of what the process prints, as much as is worth showing. */
const longestOutput = 2000;

/**
 * Has a process try all backends. One that dies on the way, as faulty native code makes it, tells of those that came before,
 * and a run would die in the same place. Rejects with the signal's reason once that is aborted.
 */
export async function askBackends(trial: Trial, signal?: AbortSignal): Promise<BackendFindings> {
  signal?.throwIfAborted();
  const messages: BackendMessage[] = [];
  let printed = "";
  const child = spawn(trial.executable, trial.arguments, {
    cwd: trial.workingDirectory,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    windowsHide: true,
    env: { ...inheritedEnvironment(), ...trial.environment },
  });
  const stop = () => child.kill("SIGKILL");
  const deadline = AbortSignal.timeout(patience);
  deadline.addEventListener("abort", stop);
  signal?.addEventListener("abort", stop);
  child.on("message", (message: unknown) => {
    messages.push(backendMessageSchema.parse(message));
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-longestOutput);
    });
  }
  try {
    const ending = await new Promise<string | undefined>((resolve) => {
      child.on("error", (error) => {
        resolve(`it cannot be started: ${error.message}`);
      });
      child.on("close", (code, killer) => {
        resolve(code === 0 ? undefined : `it ended with ${killer ?? `exit code ${code ?? "unknown"}`}`);
      });
    });
    signal?.throwIfAborted();
    return findingsOf(
      messages,
      deadline.aborted ? `it did not answer within ${patience / 1000} s` : ending,
      printed.trim(),
    );
  } finally {
    deadline.removeEventListener("abort", stop);
    signal?.removeEventListener("abort", stop);
  }
}

/** `ending`: how the process ended before its end, if it did. */
export function findingsOf(
  messages: readonly BackendMessage[],
  ending: string | undefined,
  printed: string,
): BackendFindings {
  const planned = messages.find((message) => message.t === "plan");
  const decided = messages.find((message) => message.t === "decision");
  const backends = messages
    .filter((message) => message.t === "backend")
    .map(({ title, choice, merit, refusal }) => ({
      title,
      choice,
      available: merit !== undefined,
      why: merit ?? refusal ?? "",
    }));
  const inTrial = planned?.backends[backends.length];
  const where = inTrial === undefined ? "The process that tries the backends failed" : `Trying ${inTrial} failed`;
  return {
    backends,
    chosen: decided && { title: decided.title, backend: decided.backend, reason: decided.reason },
    left: planned?.left,
    problem: ending && [`${where}: ${ending}.`, printed].filter((part) => part !== "").join(" Its last output:\n"),
  };
}
