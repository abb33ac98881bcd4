/** Finds the Python that the tests of the PyTorch probe run: one that has PyTorch. */
import { spawnSync } from "node:child_process";

/** Debian's package is for its own interpreter, whatever else is first on the PATH. */
const candidates = ["/usr/bin/python3", "python3", "python"];

export const howToGetTorch =
  "No Python with PyTorch found: install one (Debian: `apt-get install python3-torch`) or name it in ORRERY_TEST_PYTHON.";

/** The executable, or undefined where none has PyTorch. Throws if ORRERY_TEST_PYTHON names one that has not. */
export function findPython(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["ORRERY_TEST_PYTHON"];
  if (named === undefined || named === "") return candidates.find(hasTorch);
  if (!hasTorch(named)) throw new Error(`ORRERY_TEST_PYTHON is ${named}, which cannot import torch.`);
  return named;
}

function hasTorch(executable: string): boolean {
  // Importing it takes a second; whether it is there is known at once.
  const code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
  return spawnSync(executable, ["-c", code], { stdio: "ignore" }).status === 0;
}
