/** `npm run package`: packs what was built into `orrery.vsix`, and refuses what must not be shipped. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { createVSIX, listFiles, PackageManager } from "@vscode/vsce";
import { packagedExtension } from "./packaged.ts";

const root = path.dirname(import.meta.dirname);
const largest = 6_000_000;

const forbidden = [
  { pattern: /\.(node|so|dylib|dll|exe)$/, why: "is native, and the extension is for every platform" },
  { pattern: /\.map$/, why: "is a source map" },
  { pattern: /^(node_modules|src|webview|test|scripts|bench|examples)\//, why: "is no part of the extension" },
];

const needed = [
  "dist/extension.cjs",
  "dist/recorder.mjs",
  "dist/readerWorker.mjs",
  "dist/sourceWorker.cjs",
  "dist/orrery.mjs",
].concat(
  ["dist/probe/torch/inspect_script.py", "dist/probe/torch/orrery_probe/__main__.py"],
  ["dist/probe/preload.mjs", "dist/probe/doctor.mjs", "dist/probe/tensorflow.cjs"],
  ["dist/probe/webgpuWorker.mjs", "dist/probe/webgpuAdapter.mjs"],
  ["dist/webview/panel.js", "dist/webview/panel.css"],
  [
    "dist/grammars/tree-sitter.wasm",
    "dist/grammars/tree-sitter-python.wasm",
    "dist/probe/tfjs-backend-wasm.wasm",
    "LICENSE",
  ],
);

function problems(files) {
  return [
    ...needed.filter((file) => !existsSync(path.join(root, file))).map((file) => `${file} is missing: run the build`),
    ...files.flatMap((file) =>
      forbidden.filter(({ pattern }) => pattern.test(file)).map(({ why }) => `${file} ${why}`),
    ),
  ];
}

const found = problems(await listFiles({ cwd: root, packageManager: PackageManager.None }));
if (found.length === 0) {
  await createVSIX({
    cwd: root,
    packagePath: packagedExtension,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const { size } = statSync(packagedExtension);
  console.log(`${path.relative(root, packagedExtension)}: ${(size / 1e6).toFixed(2)} MB`);
  if (size > largest) found.push(`${packagedExtension} is larger than ${largest / 1e6} MB`);
}
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
