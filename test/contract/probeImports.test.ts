import { build } from "esbuild";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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

  it("WebAssembly computes with SIMD, the workspace's own as well as the one that the extension carries", async () => {
    cpSync(path.join(fixtures, "fit.mjs"), path.join(empty, "simd.mjs"));
    for (const script of [path.join(fixtures, "fit.mjs"), path.join(empty, "simd.mjs")]) {
      const { records } = await runProbed(script, { backend: "wasm", budget: 0 });
      expect(recordsOf(records, "begin")[0]?.backendReason).toMatch(/^WebAssembly: .*, with SIMD[.;]/);
    }
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

  /** A project whose `tfjs-node` has a native part: a stand-in for it, which computes in JavaScript and is loaded as the real one is. */
  function withNative(
    name: string,
    { loads, isUsingGpuDevice }: { loads: boolean; isUsingGpuDevice?: boolean },
  ): string {
    const project = mkdtempSync(path.join(empty, "native-"));
    const packages = path.join(project, "node_modules", "@tensorflow");
    const own = path.join(packages, name);
    mkdirSync(path.join(own, "lib", "napi-v8"), { recursive: true });
    mkdirSync(path.join(own, "dist"));
    symlinkSync(path.join(root, "node_modules", "@tensorflow", "tfjs"), path.join(packages, "tfjs"), "junction");
    writeFileSync(path.join(own, "lib", "napi-v8", "tfjs_binding.node"), "");
    writeFileSync(
      path.join(own, "package.json"),
      JSON.stringify({ name: `@tensorflow/${name}`, main: "dist/index.js" }),
    );
    writeFileSync(
      path.join(own, "dist", "index.js"),
      `const util = require("util");
      if (!util.isNullOrUndefined(undefined) || !util.isArray([])) throw new Error("no such functions");
      if (!${loads}) throw new Error("libtensorflow.so.2: cannot open shared object file");
      const tf = require("@tensorflow/tfjs");
      const Plain = tf.findBackend("cpu").constructor;
      tf.copyRegisteredKernels("cpu", "tensorflow");
      tf.registerBackend("tensorflow", () => Object.assign(new Plain(), { isUsingGpuDevice: ${isUsingGpuDevice === true} }));
      tf.setBackend("tensorflow");
      module.exports = require("@tensorflow/tfjs");`,
    );
    return variant(project, "tfjsNode.mjs", (text) => text.replace("tfjs-node", name));
  }

  it.each([
    ["tfjs-node", { loads: true }, "on the CPU"],
    ["tfjs-node-gpu", { loads: true }, "on the CPU, as it finds no CUDA GPU"],
    ["tfjs-node-gpu", { loads: true, isUsingGpuDevice: true }, "on a CUDA GPU"],
  ])(
    "%s with its native part is loaded, in any Node, and it is said where it computes",
    async (name, native, where) => {
      const plain = variant(installed, "tfjsNode.mjs", (text) =>
        text.replace("@tensorflow/tfjs-node", "@tensorflow/tfjs"),
      );
      const bare = await runBare(plain);
      const { output, records } = await runProbed(withNative(name, native), { backend: "auto", budget: 0.05 });
      expect(output).toBe(bare.output);
      expect(recordsOf(records, "begin")).toHaveLength(1);
      expect(recordsOf(records, "begin")[0]).toMatchObject({ backend: "tensorflow" });
      expect(recordsOf(records, "begin")[0]?.backendReason).toContain(
        `native code of the workspace's own package, ${where}`,
      );
      expect(series(records, "sharpness/preconditioned").length).toBeGreaterThan(0);
    },
  );

  it("a native part that does not load is done without, and the reason is given", async () => {
    const { output, exitCode, records } = await runProbed(withNative("tfjs-node", { loads: false }), {
      backend: "auto",
      budget: 0.05,
    });
    expect([output.length > 0, exitCode]).toEqual([true, 0]);
    expect(recordsOf(records, "begin")[0]?.backendReason).toMatch(
      /does not load: libtensorflow.so.2: cannot open shared object file[;.]/,
    );
    const note = recordsOf(records, "note").find(({ code }) => code === "native-addon-missing");
    expect(note?.text).toContain("has a native part that does not load");
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
