/** What the probe says of the backends that a script could run on: one message each, from a process of their own. */
import * as z from "zod";

const plan = z.object({
  t: z.literal("plan"),
  /** Titles in the order in which they are tried. What follows this is one `backend` each, in the same order. */
  backends: z.array(z.string()),
  /** Why none is chosen for the script, which then has its own way; absent where one is. */
  left: z.string().optional(),
});

const backend = z.object({
  t: z.literal("backend"),
  title: z.string(),
  /** What it is asked for by. */
  choice: z.enum(["tensorflow", "webgpu", "wasm", "cpu"]),
  /** Why it is good; absent where it cannot be had. */
  merit: z.string().optional(),
  /** Why it cannot be had; absent where it can. */
  refusal: z.string().optional(),
});

const decision = z.object({
  t: z.literal("decision"),
  title: z.string(),
  /** TensorFlow.js's own name, as `wasm`. */
  backend: z.string(),
  /** As a run's `begin` record has it. */
  reason: z.string(),
});

export const backendMessageSchema = z.discriminatedUnion("t", [plan, backend, decision]);

export type BackendMessage = z.infer<typeof backendMessageSchema>;
