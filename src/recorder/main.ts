/** The recorder's process: `recorder.mjs <run directory> [--start]`. What it prints goes to the run's recorder.log. */
import { parseArgs } from "node:util";
import { RunDirectory } from "../run/runDirectory.ts";
import { record } from "./recorder.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { start: { type: "boolean" } } });
const [directory] = positionals;
if (directory === undefined || positionals.length > 1) {
  console.error("Usage: recorder.mjs <run directory> [--start]");
  process.exit(2);
}
try {
  const outcome = await record(new RunDirectory(directory), values.start ?? false);
  if (outcome === "already followed") console.error("Another recorder follows this run; this one is not needed.");
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}
