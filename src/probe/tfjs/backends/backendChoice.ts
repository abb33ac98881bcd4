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

/** A backend that has been tried: why it is good, or why it cannot be had. */
export interface Attempt {
  readonly candidate: Backend;
  readonly merit?: string;
  readonly refusal?: string;
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
 * @param deviceFailed is told, once, if the backend's device fails later.
 */
export async function chooseBackend(
  choice: string,
  script: string,
  journal: Journal,
  deviceFailed: (text: string) => void,
): Promise<BackendDecision | undefined> {
  if (choice === "script" || !mayUseTensorFlow(script)) return undefined;
  const setting = makeSetting(script, deviceFailed);
  const refused: Attempt[] = [];
  for await (const attempt of attempts(choice, setting)) {
    const { candidate, merit } = attempt;
    if (merit === undefined) {
      refused.push(attempt);
      continue;
    }
    if (choice !== "auto" && candidate.choice !== choice) noteSubstitute(journal, choice, candidate, refused);
    return decisionOf(setting, candidate, merit, refused);
  }
  return undefined;
}

/** The backends in the order in which they are tried: first those that were asked for. */
export function candidatesFor(choice: string): readonly Backend[] {
  const asked = backends.filter((backend) => backend.choice === choice);
  return [...asked, ...backends.filter((backend) => !asked.includes(backend))];
}

/** Tries one candidate after the other, for as long as it is asked to go on; each that can be had becomes the current backend. */
export async function* attempts(choice: string, setting: BackendSetting): AsyncGenerator<Attempt, void> {
  for (const candidate of candidatesFor(choice)) {
    try {
      yield { candidate, merit: await candidate.setUp(setting, candidate.choice === choice) };
    } catch (error) {
      yield { candidate, refusal: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** What to say of the candidate that has just become the current backend, after the others were refused. */
export function decisionOf(
  setting: BackendSetting,
  candidate: Backend,
  merit: string,
  refused: readonly Attempt[],
): BackendDecision {
  const others = refused.length === 0 ? "" : `; ${refusalsOf(refused)}`;
  return { backend: setting.engine().backendName, reason: `${candidate.title}: ${merit}${others}.` };
}

function refusalsOf(refused: readonly Attempt[]): string {
  return refused.map(({ candidate, refusal }) => `${candidate.title}: ${refusal ?? ""}`).join("; ");
}

function noteSubstitute(journal: Journal, choice: string, used: Backend, refused: readonly Attempt[]): void {
  journal.noteOnce(
    "warning",
    "backend-unavailable",
    `The backend ${choice} was asked for, but cannot be had (${refusalsOf(refused)}). The script runs on ${used.title}.`,
  );
}

/** Loads TensorFlow.js as the script would. */
export function makeSetting(script: string, deviceFailed: (text: string) => void = () => undefined): BackendSetting {
  const require = createRequire(script);
  const load = (file: string): unknown => require(file);
  load(ownPackage(script, "@tensorflow/tfjs") ?? ownPackage(script, "@tensorflow/tfjs-core") ?? standIns.tensorflow);
  return {
    script,
    load,
    deviceFailed,
    engine() {
      const engine = currentEngine();
      if (engine === undefined) throw new Error("TensorFlow.js has not loaded");
      return engine as SettableEngine;
    },
  };
}

/** Whether the script names TensorFlow.js or brings files of its own, which may; else none of it is loaded. */
export function mayUseTensorFlow(script: string): boolean {
  try {
    return /@tensorflow\/|(from|import|require)\s*\(?\s*["'][./]/.test(readFileSync(script, "utf8"));
  } catch {
    return false;
  }
}
