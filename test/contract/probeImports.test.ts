import { build } from "esbuild";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtures, recordsOf, root, runBare, runProbed, series } from "./probeRun.ts";

describe("ways of getting at TensorFlow.js", () => {
  /** A project with TensorFlow.js installed, and one without anything. */
  let installed: string;
  let empty: string;

  beforeAll(() => {
    installed = mkdtempSync(path.join(tmpdir(), "orrery-installed-"));
    empty = mkdtempSync(path.join(tmpdir(), "orrery-empty-"));
    symlinkSync(path.join(root, "node_modules"), path.join(installed, "node_modules"), "junction");
  });

  afterAll(() => {
    for (const folder of [installed, empty]) rmSync(folder, { recursive: true, force: true });
  });

  /** Writes a variant of a fixture; gives its path. */
  function variant(folder: string, name: string, change: (text: string) => string): string {
    const file = path.join(folder, name);
    writeFileSync(file, change(readFileSync(path.join(fixtures, name), "utf8")));
    return file;
  }

  it.each(["tfjsNode.mjs", "tfjsNodeGpu.cjs"])(
    "%s runs without the native part as it would on plain TensorFlow.js",
    async (name) => {
      const plain = variant(installed, name, (text) =>
        text.replace(/@tensorflow\/tfjs-node(-gpu)?/, "@tensorflow/tfjs"),
      );
      const bare = await runBare(plain);
      const { output, exitCode, records } = await runProbed(path.join(fixtures, name), { backend: "cpu" });
      expect([output, exitCode]).toEqual([bare.output, 0]);
      expect(recordsOf(records, "note").map(({ code }) => code)).toContain("native-addon-missing");
      expect(series(records, "sharpness/preconditioned").length).toBeGreaterThan(0);
    },
  );

  it("a script runs where nothing is installed, on the copy that the extension carries", async () => {
    const bare = await runBare(path.join(fixtures, "fit.mjs"));
    cpSync(path.join(fixtures, "fit.mjs"), path.join(empty, "fit.mjs"));
    const { output, records } = await runProbed(path.join(empty, "fit.mjs"), { backend: "cpu" });
    expect(output).toBe(bare.output);
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("carried-copy");
    expect(recordsOf(records, "model")[0]).toMatchObject({ parameters: 81, depth: 2 });
    expect(recordsOf(records, "optimizer")[0]).toMatchObject({ kind: "sgd" });
  });

  it("a script that brings TensorFlow.js bundled has its steps seen, and a note says what is not known", async () => {
    const bundle = path.join(installed, "bundle.mjs");
    await build({
      entryPoints: [path.join(fixtures, "fit.mjs")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: bundle,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const bare = await runBare(bundle);
    const { output, records } = await runProbed(bundle);
    expect(output).toBe(bare.output);
    expect(series(records, "loss/train")).toHaveLength(30);
    expect(recordsOf(records, "optimizer")[0]).toMatchObject({ kind: "other" });
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("unknown-optimizer");
  });

  it("a backend that cannot be had is replaced by the next best, with the reason", async () => {
    const { records } = await runProbed(path.join(fixtures, "fit.mjs"), { backend: "tensorflow", budget: 0 });
    expect(recordsOf(records, "begin")[0]).toMatchObject({ backend: "wasm" });
    expect(recordsOf(records, "begin")[0]?.backendReason).toMatch(/tfjs-node-gpu: not installed/);
    expect(recordsOf(records, "note").map(({ code }) => code)).toContain("backend-unavailable");
  });

  it("a script that sets its backend has its way, and the record says so", async () => {
    const script = path.join(installed, "sets.mjs");
    writeFileSync(
      script,
      'import * as tf from "@tensorflow/tfjs"; await tf.setBackend("cpu"); const w = tf.variable(tf.scalar(1)); tf.train.sgd(0.1).minimize(() => w.square()); console.log(tf.getBackend());',
    );
    const { output, records } = await runProbed(script, { backend: "auto" });
    expect(output).toBe("cpu\n");
    expect(recordsOf(records, "begin").map(({ backend }) => backend)).toEqual(["wasm", "cpu"]);
  });
});
