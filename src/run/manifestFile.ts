import { readFileSync } from "node:fs";
import * as z from "zod";
import type { RunDirectory } from "./runDirectory.ts";
import { RunFileError } from "./runFileError.ts";
import { runManifestSchema, type RunManifest } from "./runManifest.ts";

/** Reads `run.json`. Throws `RunFileError` where the directory is no run or the file is none of ours. */
export function readManifest(directory: RunDirectory): RunManifest {
  let text: string;
  try {
    text = readFileSync(directory.manifest, "utf8");
  } catch (error) {
    throw new RunFileError(`${directory.path} is not a run: its run.json cannot be read (${reasonOf(error)}).`, {
      cause: error,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new RunFileError(`${directory.manifest} is not JSON (${reasonOf(error)}). Was the run copied whole?`, {
      cause: error,
    });
  }
  return checkManifest(parsed, directory.manifest);
}

/** Checks what claims to be a manifest; `place` says in the error where it was found. */
export function checkManifest(value: unknown, place: string): RunManifest {
  const checked = runManifestSchema.safeParse(value);
  if (checked.success) return checked.data;
  throw new RunFileError(`${place} does not describe a run that this version knows: ${z.prettifyError(checked.error)}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
