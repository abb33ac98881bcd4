/** Which backend the script runs on, and why that one, in one sentence. */
export interface BackendDecision {
  /** TensorFlow.js's own name, as `wasm`. */
  readonly backend: string;
  readonly reason: string;
}
