/** What a run of a Python script could be had of here: which interpreter, which PyTorch, which devices. Nothing is changed. */
import path from "node:path";
import { readScript } from "../recorder/launch.ts";
import { findPython, shortcomingOf, type PythonFindings } from "../recorder/pythonRuntime.ts";
import type { Advice } from "./advice.ts";
import { seeGpus, thisMachine, type Gpus } from "./gpus.ts";

export interface PythonDiagnosisOptions {
  /** Where a run would start. */
  readonly workingDirectory: string;
  readonly script: string;
  /** The Python executable to use; chosen where absent. */
  readonly python?: string | undefined;
}

export interface PythonDiagnosis {
  readonly folder: string;
  /** Absolute path. */
  readonly script: string;
  readonly python: PythonFindings;
  readonly gpus: Gpus;
  readonly advice: Advice;
  /** Why a run could not start; absent where it could. */
  readonly problem?: string | undefined;
}

/** Throws `LaunchError` where there is no such script, or no Python at all. */
export async function diagnosePython(options: PythonDiagnosisOptions): Promise<PythonDiagnosis> {
  const folder = path.resolve(options.workingDirectory);
  const script = path.resolve(folder, options.script);
  await readScript(script);
  const [python, gpus] = await Promise.all([findPython(options.python), seeGpus(thisMachine)]);
  const problem = shortcomingOf(python);
  return { folder, script, python, gpus, advice: pythonAdvice(python, gpus, problem), problem };
}

/** The one thing that would bring a run, or a faster one. */
export function pythonAdvice(python: PythonFindings, gpus: Gpus, problem: string | undefined): Advice {
  if (problem !== undefined) return { text: "What is said above; then ask again." };
  const nvidia = gpus.seen.find(({ vendor }) => vendor === "NVIDIA");
  if (python.devices.some((device) => device !== "cpu"))
    return { text: "Nothing: PyTorch can use the GPU. Whether it does is up to the script." };
  if (nvidia?.driver === false)
    return { text: `Install NVIDIA's driver: ${nvidia.name} is seen, but no driver answers for it.` };
  if (nvidia !== undefined)
    return {
      text: `Install a PyTorch that is built for CUDA and for this driver: ${nvidia.name} is seen, but PyTorch ${python.torch ?? ""} cannot use it.`,
    };
  const [other] = gpus.seen;
  if (other !== undefined) return { text: `Nothing: ${other.name} is seen, but this PyTorch cannot use it.` };
  return { text: gpus.known ? "Nothing: no GPU is seen." : "Nothing: whether there is a GPU cannot be known here." };
}
