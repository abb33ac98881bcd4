/** Which Python runs the user's script. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";
import { LaunchError } from "./launchError.ts";

/** What an interpreter says of itself. */
export interface PythonFindings {
  readonly executable: string;
  readonly version: string;
  /** As PyTorch itself says it; absent where it cannot be imported. */
  readonly torch?: string | undefined;
  /** Why PyTorch cannot be imported. */
  readonly missing?: string | undefined;
  /** What PyTorch can compute on, as `cpu` and `cuda: NVIDIA H100`. */
  readonly devices: readonly string[];
}

/** An interpreter that scripts can be inspected with. */
export interface PythonRuntime extends PythonFindings {
  readonly torch: string;
}

/** The interpreter will not do; the message says why, and another one, or what to install, is what helps. */
export class InterpreterError extends LaunchError {
  override readonly name = "InterpreterError";
}

const oldestPython = [3, 9] as const;
const oldestTorch = [1, 13] as const;

/** Prints one line of JSON; a PyTorch that cannot be imported is told with the reason. */
const question = `
import json, sys
answer = {"executable": sys.executable, "version": ".".join(map(str, sys.version_info[:3])), "devices": []}
try:
    import torch
    answer["torch"] = str(torch.__version__)
    answer["devices"] = ["cpu"]
    if torch.cuda.is_available():
        answer["devices"] += ["cuda: " + torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if getattr(getattr(torch.backends, "mps", None), "is_available", lambda: False)():
        answer["devices"].append("mps")
except Exception as error:
    if "torch" not in answer:
        answer["missing"] = type(error).__name__ + ": " + str(error).split("\\n")[0]
print(json.dumps(answer))
`;

const answerSchema = z.object({
  executable: z.string(),
  version: z.string(),
  torch: z.string().optional(),
  missing: z.string().optional(),
  devices: z.array(z.string()),
});

const run = promisify(execFile);

/** Importing PyTorch takes seconds on a cold disk. */
const patience = 60_000;

/**
 * The interpreter that was asked for, else `python3` or `python` on the PATH. Throws `InterpreterError`, with what to do, where
 * it is too old, or has no PyTorch or one that is too old.
 */
export async function choosePython(asked: string | undefined): Promise<PythonRuntime> {
  const found = await findPython(asked);
  const shortcoming = shortcomingOf(found);
  const { torch } = found;
  if (shortcoming !== undefined || torch === undefined) throw new InterpreterError(shortcoming);
  return { ...found, torch };
}

/** What the interpreter that would be chosen has. Throws `InterpreterError` where there is none. */
export async function findPython(asked: string | undefined): Promise<PythonFindings> {
  if (asked !== undefined && asked !== "") {
    return ask(asked).catch((error: unknown) => {
      throw new InterpreterError(
        `${asked} does not answer as Python does (${firstLine(error)}). Give the path of a Python executable.`,
      );
    });
  }
  for (const name of ["python3", "python"]) {
    const answer = await ask(name).catch(() => undefined);
    if (answer !== undefined) return answer;
  }
  throw new InterpreterError("No Python was found on the PATH. Install one with PyTorch, or say where one is.");
}

/** Why scripts cannot be inspected with it, and what to do; undefined where they can. */
export function shortcomingOf({ executable, version, torch, missing }: PythonFindings): string | undefined {
  if (!isAtLeast(version, oldestPython)) {
    return `${executable} is Python ${version}; inspecting a script needs Python ${oldestPython.join(".")} or newer. Select another interpreter.`;
  }
  if (torch === undefined) {
    return `${executable} cannot import PyTorch (${missing ?? "no reason given"}). Run "${executable} -m pip install torch", or select the interpreter that you train with.`;
  }
  if (!isAtLeast(torch, oldestTorch)) {
    return `${executable} has PyTorch ${torch}; inspecting a script needs ${oldestTorch.join(".")} or newer. Run "${executable} -m pip install --upgrade torch", or select another interpreter.`;
  }
  return undefined;
}

async function ask(executable: string): Promise<PythonFindings> {
  const { stdout } = await run(executable, ["-c", question], { timeout: patience, windowsHide: true });
  return answerSchema.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

function isAtLeast(version: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
