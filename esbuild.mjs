/** Builds everything that is shipped into `dist/`. `node esbuild.mjs [--watch]`. */
import { context, build } from "esbuild";
import { cp, mkdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const shared = {
  bundle: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  // Stack traces are read by people who report faults.
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
};

const node = { ...shared, platform: "node", target: "node22.15" };

/** CommonJS packages inside an ES module bundle still call `require`. */
const requireForBundledPackages = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};

const module = { ...node, format: "esm", banner: requireForBundledPackages, outExtension: { ".js": ".mjs" } };

/** What stands in for TensorFlow.js's packages, which are CommonJS. */
const carried = {
  ...node,
  // As ES modules: their classes extend those of any build, and what the whole of TensorFlow.js adds to tfjs-core is there only.
  mainFields: ["module", "main"],
  ignoreAnnotations: true,
  format: "cjs",
  sourcemap: false,
  outdir: "dist/probe",
  outExtension: { ".js": ".cjs" },
};

/** Names for ES modules that import from CommonJS: Node reads them off the text, and none are written there otherwise. */
function named(...more) {
  const names = Object.keys(createRequire(import.meta.url)("@tensorflow/tfjs"));
  return { js: `0 && (module.exports = {${[...names, ...more].join(",")}});` };
}

const targets = [
  {
    ...node,
    format: "cjs",
    external: ["vscode"],
    entryPoints: { extension: "src/extension.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
  },
  { ...module, entryPoints: { readerWorker: "src/editor/readerWorker.ts" }, outdir: "dist" },
  {
    // The parser's package looks for its own place as CommonJS does.
    ...node,
    format: "cjs",
    entryPoints: { sourceWorker: "src/editor/sourceWorker.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
  },
  { ...module, entryPoints: { recorder: "src/recorder/main.ts" }, outdir: "dist" },
  { ...module, entryPoints: { orrery: "src/cli/main.ts" }, outdir: "dist" },
  // Without a map: it would name our sources in the stack traces of a script that runs with source maps.
  // Keeping names costs it a call for each closure that it makes, thousands of times a second.
  {
    ...module,
    sourcemap: false,
    keepNames: false,
    entryPoints: {
      preload: "src/probe/tfjs/preload.ts",
      doctor: "src/probe/tfjs/doctor.ts",
      webgpuWorker: "src/probe/tfjs/webgpu/worker.ts",
      webgpuAdapter: "src/probe/tfjs/webgpu/adapterReport.ts",
    },
    outdir: "dist/probe",
  },
  {
    ...carried,
    footer: named(),
    entryPoints: { tensorflow: "src/probe/tfjs/carried/tensorflow.ts" },
  },
  {
    ...carried,
    external: ["@tensorflow/tfjs"],
    footer: named("node"),
    entryPoints: { tfjsNode: "src/probe/tfjs/carried/tfjsNode.ts" },
  },
  {
    ...carried,
    external: ["@tensorflow/tfjs-core"],
    entryPoints: { wasmBackend: "src/probe/tfjs/carried/wasmBackend.ts" },
  },
  {
    ...shared,
    platform: "browser",
    target: "es2023",
    format: "iife",
    entryPoints: { panel: "webview/panel.ts" },
    outdir: "dist/webview",
    loader: { ".ttf": "dataurl" },
  },
].filter((target) => Object.values(target.entryPoints).every((entry) => existsSync(entry)));

const copies = [
  ["node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter.wasm", "dist/grammars/tree-sitter.wasm"],
  [
    "node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-typescript.wasm",
    "dist/grammars/tree-sitter-typescript.wasm",
  ],
  ["node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-tsx.wasm", "dist/grammars/tree-sitter-tsx.wasm"],
  [
    "node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm",
    "dist/grammars/tree-sitter-javascript.wasm",
  ],
  ["node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-python.wasm", "dist/grammars/tree-sitter-python.wasm"],
  ["node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm", "dist/probe/tfjs-backend-wasm.wasm"],
  [
    "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    "dist/probe/tfjs-backend-wasm-simd.wasm",
  ],
  [
    "node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm",
    "dist/probe/tfjs-backend-wasm-threaded-simd.wasm",
  ],
  ["src/probe/torch", "dist/probe/torch"],
];

/** Python leaves what it compiled beside its sources. */
function isSource(file) {
  return !file.includes("__pycache__");
}

if (process.argv.includes("--watch")) {
  const contexts = await Promise.all(targets.map((target) => context(target)));
  await Promise.all(contexts.map((each) => each.watch()));
} else {
  await rm("dist", { recursive: true, force: true });
  await Promise.all(targets.map((target) => build(target)));
}
await mkdir("dist/grammars", { recursive: true });
await mkdir("dist/probe", { recursive: true });
await Promise.all(copies.map(([from, to]) => cp(from, to, { recursive: true, filter: isSource })));
