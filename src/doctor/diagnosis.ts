/** What a run could be had of here: which Node, which backends, and what would bring a better one. Nothing is changed. */
import path from "node:path";
import type { BackendChoice } from "../run/runManifest.ts";
import { readScript } from "../recorder/launch.ts";
import { chooseRuntime } from "../recorder/runtime.ts";
import { adviceFor, type Advice } from "./advice.ts";
import { askBackends, type BackendFinding } from "./backendFindings.ts";
import { seeGpus, thisMachine, type Gpus } from "./gpus.ts";

export interface DiagnosisOptions {
  /** Where a run would start. */
  readonly workingDirectory: string;
  /** The script that a run would be of; where there is none, any script of the working directory. */
  readonly script?: string | undefined;
  readonly backend: BackendChoice;
  /** The Node executable to use; chosen where absent. */
  readonly node?: string | undefined;
  /** Arguments for Node, before ours. */
  readonly nodeArguments?: readonly string[] | undefined;
}

export interface Diagnosis {
  readonly folder: string;
  /** Absolute path; absent where it was asked about the folder. */
  readonly script?: string | undefined;
  readonly node: { readonly executable: string; readonly version: string };
  readonly gpus: Gpus;
  /** What was asked for. */
  readonly choice: BackendChoice;
  readonly chosen?: { readonly title: string; readonly backend: string; readonly reason: string } | undefined;
  /** Why nothing is chosen for the script. */
  readonly left?: string | undefined;
  /** In the order in which they are tried. */
  readonly backends: readonly BackendFinding[];
  readonly advice: Advice;
  /** Why a run could not start; absent where it could. */
  readonly problem?: string | undefined;
}

/** Stands for any script of a folder: it is never read. */
const anyScript = "any-script.mjs";

/**
 * Examines what a run with these options would find, in a process like the one that would train. `probe` is the bundled
 * `doctor.mjs`. Throws `LaunchError` where no run could start: no such script, no Node that is new enough.
 */
export async function diagnose(probe: string, options: DiagnosisOptions, signal?: AbortSignal): Promise<Diagnosis> {
  const folder = path.resolve(options.workingDirectory);
  const script = options.script === undefined ? undefined : path.resolve(folder, options.script);
  if (script !== undefined) await readScript(script);
  const [runtime, gpus] = await Promise.all([chooseRuntime(options.node), seeGpus(thisMachine)]);
  const { executable, version } = runtime;
  const { backends, chosen, left, problem } = await askBackends(
    {
      executable,
      arguments: [...(options.nodeArguments ?? []), probe, options.backend, script ?? path.join(folder, anyScript)],
      workingDirectory: folder,
      environment: runtime.environment,
    },
    signal,
  );
  return {
    folder,
    script,
    node: { executable, version },
    gpus,
    choice: options.backend,
    chosen,
    left,
    backends,
    advice: adviceFor({ backends, chosen: chosen?.title, left, gpus, choice: options.backend }),
    problem,
  };
}
