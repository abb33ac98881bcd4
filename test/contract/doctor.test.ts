import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { findPython } from "../../scripts/python.ts";
import { fixtures, recordsOf, root, runProbed } from "./probeRun.ts";

const folder = mkdtempSync(path.join(tmpdir(), "orrery-doctor-"));
const python = findPython();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const answer = z.object({
  chosen: z.object({ backend: z.string(), reason: z.string() }).optional(),
  left: z.string().optional(),
  problem: z.string().optional(),
  backends: z.array(z.object({ title: z.string(), available: z.boolean(), why: z.string() })),
});

const pythonAnswer = z.object({
  python: z.object({ version: z.string(), torch: z.string(), devices: z.array(z.string()) }),
});

/** Runs `orrery doctor`, from the folder that it is about. */
function doctor(cwd: string, ...words: readonly string[]): Promise<{ code: unknown; printed: string; said: string }> {
  return new Promise((resolve) => {
    const command = [path.join(root, "dist", "orrery.mjs"), "doctor", "--node", process.execPath, ...words];
    execFile(process.execPath, command, { cwd }, (error, printed, said) => {
      resolve({ code: error?.code ?? 0, printed, said });
    });
  });
}

async function answerFor(cwd: string, ...words: readonly string[]): Promise<z.infer<typeof answer>> {
  return answer.parse(JSON.parse((await doctor(cwd, "--json", ...words)).printed));
}

test.each(["auto", "cpu"])("says of %s what a run then says", async (backend) => {
  const script = path.join(fixtures, "fit.mjs");
  const { records } = await runProbed(script, { backend, budget: 0 });
  const [begin] = recordsOf(records, "begin");
  const { chosen } = await answerFor(root, "--backend", backend, script);
  expect(chosen).toMatchObject({ backend: begin?.backend, reason: begin?.backendReason });
});

test("of a folder without any package finds the backends that come with Orrery, and exits with 0", async () => {
  const { chosen, backends } = await answerFor(folder);
  expect(chosen?.backend).toBe("wasm");
  expect(backends.map(({ available }) => available)).toEqual([false, false, false, true, true]);
  const { code, printed } = await doctor(folder);
  expect(printed).toMatch(/✓ WebAssembly +chosen/);
  expect(code).toBe(0);
});

test("leaves a script that does not use TensorFlow.js alone, and one that wants to choose itself", async () => {
  writeFileSync(path.join(folder, "other.mjs"), "console.log(1);");
  expect((await answerFor(folder, "other.mjs")).left).toContain("does not import TensorFlow.js");
  copyFileSync(path.join(fixtures, "fit.mjs"), path.join(folder, "fit.mjs"));
  expect((await answerFor(folder, "--backend", "script", "fit.mjs")).left).toBe("the script chooses");
});

test.skipIf(python === undefined)(
  "of a Python script says which interpreter, PyTorch and devices a run gets",
  async () => {
    const script = path.join(fixtures, "torch", "plain_loop.py");
    const { code, printed } = await doctor(root, "--json", "--python", python ?? "", script);
    const { python: found } = pythonAnswer.parse(JSON.parse(printed));
    expect(found.version).toMatch(/^3\.\d+\.\d+$/);
    expect(found.devices).toContain("cpu");
    expect(code).toBe(0);
  },
);

test("names the backend whose native code takes its process with it, as it would a run's, and exits with 4", async () => {
  const faulty = path.join(folder, "faulty", "node_modules", "@tensorflow", "tfjs-node-gpu");
  mkdirSync(path.join(faulty, "dist"), { recursive: true });
  mkdirSync(path.join(faulty, "lib", "napi-v8"), { recursive: true });
  writeFileSync(path.join(faulty, "lib", "napi-v8", "tfjs_binding.node"), "");
  writeFileSync(path.join(faulty, "package.json"), '{ "main": "dist/index.js" }');
  writeFileSync(
    path.join(faulty, "dist", "index.js"),
    'console.error("no device"); process.kill(process.pid, "SIGKILL");',
  );
  const { code, printed } = await doctor(path.join(folder, "faulty"));
  expect(printed).toContain(
    "Trying @tensorflow/tfjs-node-gpu failed: it ended with SIGKILL. Its last output:\nno device",
  );
  expect(code).toBe(4);
});

test.each([
  ["a script that is not there", ["nowhere.mjs"], 4, "There is no script at"],
  ["a Node that is none", ["--node", "/no/node"], 4, "Give the path of a Node executable"],
  ["a Python script that is not there", ["nowhere.py"], 4, "There is no script at"],
])("given %s says so and exits with %i", async (_what, words, exitCode, text) => {
  const { code, said } = await doctor(folder, ...words);
  expect(said).toContain(text);
  expect(code).toBe(exitCode);
});
