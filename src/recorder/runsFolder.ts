import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Makes the folder that runs are kept in. Runs are large and personal; who wants them in a repository removes the file. */
export function makeRunsFolder(runs: string): void {
  if (mkdirSync(runs, { recursive: true }) !== undefined) writeFileSync(path.join(runs, ".gitignore"), "*\n");
}
