import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..", "..");

/** Runs Vitest on test files of their own, and returns its last line and exit status. */
function runTests(files: Readonly<Record<string, string>>): { last: string | undefined; status: number | null } {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "orrery-reporter-")));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"), "junction");
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const reporter = JSON.stringify(path.join(root, "scripts", "closingLineReporter.ts"));
  writeFileSync(
    path.join(folder, "vitest.config.mjs"),
    `import { ClosingLineReporter } from ${reporter};
     export default { test: { reporters: ["default", new ClosingLineReporter()] } };`,
  );
  const { PATH } = process.env;
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  const outcome = spawnSync(process.execPath, [vitest, "run"], { cwd: folder, encoding: "utf8", env: { PATH } });
  return { last: outcome.stdout.trimEnd().split("\n").at(-1), status: outcome.status };
}

const heading = 'import { beforeAll, describe, test } from "vitest";\n';

test("a run in which all is well ends with its count, and with status 0", () => {
  const outcome = runTests({ "one.test.ts": `${heading}test("a", () => {}); test("b", () => {});` });
  expect(outcome).toEqual({ last: "2 passed, 0 failed", status: 0 });
});

test("what fails outside of a test counts as a failure: a hook, a file that does not load", () => {
  const outcome = runTests({
    "one.test.ts": `${heading}test("a", () => {}); test("b", () => { throw new Error("no"); }); test.skip("c", () => {});
      describe("d", () => { beforeAll(() => { throw new Error("no"); }); test("e", () => {}); });`,
    "two.test.ts": 'import "./missing.ts";',
  });
  expect(outcome).toEqual({ last: "1 passed, 3 failed, 2 skipped", status: 1 });
});
