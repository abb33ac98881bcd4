import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { RunDirectory } from "./runDirectory.ts";
import { RunFileError } from "./runFileError.ts";

/** Where runs are kept, relative to the folder that is worked in. */
export const defaultRunsDirectory = path.join(".orrery", "runs");

/** The runs in a folder, newest first: their names begin with the time of their start. None where there is no folder. */
export function runsIn(folder: string): readonly RunDirectory[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder)
    .sort()
    .reverse()
    .map((name) => new RunDirectory(path.join(folder, name)))
    .filter((directory) => existsSync(directory.manifest));
}

/**
 * The run that a person means: `latest`, a run's directory, its id, or the beginning or the end of an id that only one run
 * has. Throws `RunFileError` where it is none or more than one.
 */
export function findRun(folder: string, name: string): RunDirectory {
  const runs = runsIn(folder);
  if (name === "latest") {
    const [newest] = runs;
    if (newest === undefined) throw new RunFileError(`There are no runs in ${folder}.`);
    return newest;
  }
  const named = new RunDirectory(name);
  if (existsSync(named.manifest)) return named;
  const idOf = (directory: RunDirectory) => path.basename(directory.path);
  const exact = runs.find((directory) => idOf(directory) === name);
  if (exact !== undefined) return exact;
  const [found, ...others] = runs.filter((each) => idOf(each).startsWith(name) || idOf(each).endsWith(name));
  if (found === undefined) {
    throw new RunFileError(
      `There is no run "${name}": it is neither a run's directory nor the id of a run in ${folder}.`,
    );
  }
  if (others.length > 0) {
    const ids = [found, ...others].map(idOf).join(", ");
    throw new RunFileError(`"${name}" means more than one run: ${ids}. Give more of the id.`);
  }
  return found;
}
