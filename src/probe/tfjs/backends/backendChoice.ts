import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Journal } from "../journal.ts";
import { currentEngine } from "../engine.ts";
import { ownPackage, standIns } from "../redirect.ts";
import type { Backend, BackendSetting, SettableEngine } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { native } from "./native.ts";
import { wasm } from "./wasm.ts";
import { webgpu } from "./webgpu.ts";

/** Which backend the script runs on, and why that one, in one sentence. */
export interface BackendDecision {
  /** TensorFlow.js's own name, as `wasm`. */
  readonly backend: string;
  readonly reason: string;
}

/** Best first. */
const backends: readonly Backend[] = [
  native("@tensorflow/tfjs-node-gpu"),
  webgpu,
  native("@tensorflow/tfjs-node"),
  wasm,
  cpu,
];

/**
 * Sets the backend before the script's first operation, which a script without `await` could not do itself. A script that sets one
 * afterwards has its way. Undefined where the choice is left to the script.
 *
 * @param choice `auto`, `script`, or a backend by name.
 */
export async function chooseBackend(
  choice: string,
  script: string,
  journal: Journal,
): Promise<BackendDecision | undefined> {
  if (choice === "script" || !mayUseTensorFlow(script)) return undefined;
  const setting = makeSetting(script);
  const candidates = choice === "auto" ? backends : backends.filter((backend) => backend.choice === choice);
  const refusals: string[] = [];
  for (const candidate of choice === "auto" ? candidates : [...candidates, ...backends]) {
    try {
      const merit = await candidate.setUp(setting, candidate.choice === choice);
      const others = refusals.length === 0 ? "" : `; ${refusals.join("; ")}`;
      if (choice !== "auto" && candidate.choice !== choice) noteSubstitute(journal, choice, candidate, refusals);
      return { backend: setting.engine().backendName, reason: `${candidate.title}: ${merit}${others}.` };
    } catch (error) {
      const refusal = `${candidate.title}: ${error instanceof Error ? error.message : String(error)}`;
      if (!refusals.includes(refusal)) refusals.push(refusal);
    }
  }
  return undefined;
}

function noteSubstitute(journal: Journal, choice: string, used: Backend, refusals: readonly string[]): void {
  journal.noteOnce(
    "warning",
    "backend-unavailable",
    `The backend ${choice} was asked for, but cannot be had (${refusals.join("; ")}). The script runs on ${used.title}.`,
  );
}

function makeSetting(script: string): BackendSetting {
  const require = createRequire(script);
  const load = (file: string): unknown => require(file);
  load(ownPackage(script, "@tensorflow/tfjs") ?? ownPackage(script, "@tensorflow/tfjs-core") ?? standIns.tensorflow);
  return {
    script,
    load,
    engine() {
      const engine = currentEngine();
      if (engine === undefined) throw new Error("TensorFlow.js has not loaded");
      return engine as SettableEngine;
    },
  };
}

/** Whether the script names TensorFlow.js or brings files of its own, which may; else none of it is loaded. */
function mayUseTensorFlow(script: string): boolean {
  try {
    return /@tensorflow\/|(from|import|require)\s*\(?\s*["'][./]/.test(readFileSync(script, "utf8"));
  } catch {
    return false;
  }
}
