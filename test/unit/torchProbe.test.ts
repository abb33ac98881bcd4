/** Runs the unit tests of the PyTorch probe, which are written in Python's own `unittest`. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findPython } from "../../scripts/python.ts";

const python = findPython();
const folder = path.join(import.meta.dirname, "torch");
const probe = path.join(import.meta.dirname, "..", "..", "src", "probe", "torch");
/** PyTorch alone takes seconds to load. */
const patience = 120_000;

describe.skipIf(python === undefined)("the PyTorch probe's own unit tests", () => {
  test.each(readdirSync(folder).filter((name) => name.startsWith("test_")))(
    "in %s pass",
    (name) => {
      const environment = { ...process.env, PYTHONPATH: probe, PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
      const outcome = spawnSync(python ?? "", [path.join(folder, name)], { encoding: "utf8", env: environment });
      // unittest reports on the error stream.
      expect(outcome.status, outcome.stderr).toBe(0);
      expect(outcome.stderr).toMatch(/^Ran [1-9]\d* tests? in/m);
    },
    patience,
  );
});
