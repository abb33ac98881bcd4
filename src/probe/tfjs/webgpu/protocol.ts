/**
 * What the thread that trains and the thread that has the GPU say to each other.
 *
 * WebGPU answers only by promises, so TensorFlow.js's backend for it cannot be read synchronously where it is. It therefore runs
 * on a thread of its own, whose event loop turns while the training thread waits. Commands travel in batches by a message port and
 * are carried out in order; shared counters tell either thread that there is something new. Tensors are named by handles: numbers
 * that the training thread gives out, so that it need not wait to learn them.
 */

/** Words of the shared counters, an `Int32Array`. */
export const counter = {
  /** Batches sent by the training thread. */
  sent: 0,
  /** Batches carried out. */
  done: 1,
  /** Answers sent back. */
  answered: 2,
  /** Above zero once the device has failed. */
  failed: 3,
  /** Grows while the device's thread turns its event loop. */
  pulse: 4,
  /** Above zero once the device's thread has failed and will do nothing more. */
  resting: 5,
} as const;

export const counters = 6;

/** A tensor's elements in row-major order; of a string tensor, the strings in UTF-8. */
export type Values = Float32Array | Int32Array | Uint8Array | Uint8Array[];

/** A kernel's output: `handle` may be that of an input, whose buffer it then shares. */
export interface OutputMessage {
  readonly handle: number;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A kernel's call as it is first made. Inputs are parallel lists. */
export interface CallMessage {
  readonly kernelName: string;
  /** Undefined where the kernel takes a list. */
  readonly names?: readonly string[];
  readonly handles: readonly number[];
  readonly shapes: readonly (readonly number[])[];
  readonly dtypes: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Handle of the first output that shares no buffer; further ones count upwards. */
  readonly firstOutput: number;
  /** Number by which the same call is repeated with other tensors; undefined where it will not be. */
  readonly form?: number;
}

export type Command =
  | readonly [kind: "write", handle: number, values: Values | null, shape: readonly number[], dtype: string]
  /** Answered with a `CallAnswer`. */
  | readonly [kind: "call", call: CallMessage]
  /** A known call with other tensors of the same shapes; the outputs are foretold. */
  | readonly [kind: "repeat", form: number, inputs: readonly number[], outputs: readonly number[]]
  /** Forgets all forms. */
  | readonly [kind: "forget"]
  /** Gives back a tensor that has been handed out so many times. */
  | readonly [kind: "release", handle: number, times: number]
  | readonly [kind: "flag", name: string, value: number | boolean | string]
  /** Answered with `Values`. */
  | readonly [kind: "read", handle: number]
  /** Answered with a `MemoryAnswer`. */
  | readonly [kind: "memory"]
  /** Answered, with nothing, once the device has done everything. */
  | readonly [kind: "settle"];

export interface CallAnswer {
  readonly outputs: readonly OutputMessage[];
  /** Whether the kernel gave a list, be it of one. */
  readonly isList: boolean;
}

/** Bytes in use and bytes held on the device. */
export interface MemoryAnswer {
  readonly used: number;
  readonly allocated: number;
}

export type Answer =
  | { readonly value: unknown }
  /** The call was refused, as a kernel refuses shapes; nothing else is affected. */
  | { readonly refusal: string }
  /** The device cannot be trusted from here on. */
  | { readonly failure: string };

/** What the device's thread is started with. */
export interface WorkerSettings {
  readonly counters: Int32Array;
  /** Main file of the package `webgpu`. */
  readonly dawn: string;
  /** Main file of the package `@tensorflow/tfjs-backend-webgpu`. */
  readonly backend: string;
}
