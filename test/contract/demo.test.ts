/** What the README's demo promises of its ledger. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { findRun } from "../../src/run/runCollection.ts";
import { root } from "./probeRun.ts";

const learningRate = 0.05;

test("the demo reaches the edge of stability as forecast, and its time as forecast before half of it", () => {
  const out = mkdtempSync(path.join(tmpdir(), "orrery-demo-"));
  const outcome = spawnSync(process.execPath, ["scripts/demo.mjs", "--out", out], { cwd: root, encoding: "utf8" });
  expect(outcome.status, outcome.stderr).toBe(0);
  using reader = new RunFileReader(findRun(out, "latest"));
  const rows = reader.ledger();

  const edge = rows.find(({ lawNumber }) => lawNumber === "L18");
  expect(edge?.verdict?.outcome).toBe("held");
  const ratio = (edge?.verdict?.measured ?? NaN) / (2 / learningRate);
  // The interval of Cohen et al. 2021, as the law quotes it.
  expect(ratio).toBeGreaterThan(0.95);
  expect(ratio).toBeLessThan(1.1);

  const [first] = rows.filter(({ lawNumber }) => lawNumber === "L19");
  expect(first?.verdict?.outcome).toBe("held");
  expect(first?.forecast.issuedAt).toBeLessThan((first?.verdict?.measured ?? NaN) / 2);
  rmSync(out, { recursive: true, force: true });
});
