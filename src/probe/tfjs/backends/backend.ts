import type { Engine } from "../engine.ts";

/** What a backend is set up with. */
export interface BackendSetting {
  /** The user's script, from where packages are looked for. */
  readonly script: string;
  /** Loads a package's file, given its path. */
  readonly load: (file: string) => unknown;
  /** The engine, once some copy of TensorFlow.js has loaded. */
  readonly engine: () => SettableEngine;
  /** Told, once, with what the device has failed: from then on no number can be trusted, and the backend gives none. */
  readonly deviceFailed: (text: string) => void;
}

export interface SettableEngine extends Engine {
  setBackend(name: string): Promise<boolean>;
}

/** A backend that the script may be run on. */
export interface Backend {
  /** What it is asked for by. */
  readonly choice: "tensorflow" | "webgpu" | "wasm" | "cpu";
  /** For people. */
  readonly title: string;
  /**
   * Makes it the current backend; resolves to the reason why it is good, in a few words. Rejects with why it cannot be had, in a few
   * words. `isAsked`: it has been asked for by name.
   */
  setUp(setting: BackendSetting, isAsked: boolean): Promise<string>;
}

/** Makes a registered backend the current one. */
export async function makeCurrent(engine: SettableEngine, name: string): Promise<void> {
  if (!(await engine.setBackend(name))) throw new Error("it does not start");
}
