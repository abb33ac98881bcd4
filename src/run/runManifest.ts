/** `run.json`: what was run. Written once, by whoever starts a run, before anything else exists in its directory. */
import * as z from "zod";

export const backendChoices = ["auto", "script", "tensorflow", "webgpu", "wasm", "cpu"] as const;

export const runManifestSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Absolute path of the user's script. */
  script: z.string(),
  arguments: z.array(z.string()),
  workingDirectory: z.string(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  /** SHA-256 of the script's text, hexadecimal. */
  scriptHash: z.string(),
  gitCommit: z.string().optional(),
  /** The interpreter that runs the script. */
  runtime: z.object({
    executable: z.string(),
    version: z.string(),
    /** Arguments before the script: type stripping and the probe's preload. */
    arguments: z.array(z.string()),
    /** Variables set for the script beside those it inherits. */
    environment: z.record(z.string(), z.string()),
  }),
  /** `script` leaves the backend as the script chooses it. */
  backend: z.enum(backendChoices),
  /** Fraction of wall time that measuring may cost. */
  budget: z.number().min(0).max(1),
});

export type RunManifest = z.infer<typeof runManifestSchema>;
export type BackendChoice = (typeof backendChoices)[number];
