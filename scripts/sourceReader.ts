/** What reads scripts, for tools that Node runs as they are: the parser's package can be imported by a bundle alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import type { Grammars, SourceLanguage } from "../src/source/grammar.ts";
import type { SourceFile } from "../src/source/sourceFile.ts";

const root = path.dirname(import.meta.dirname);
const wasm = path.join(root, "node_modules", "@vscode", "tree-sitter-wasm", "wasm");

export interface SourceReader {
  readonly grammars: Grammars;
  readonly SourceFile: typeof SourceFile;
}

interface Bundle {
  readonly Grammars: typeof Grammars;
  readonly SourceFile: typeof SourceFile;
}

export async function sourceReader(): Promise<SourceReader> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-reader-"));
  try {
    const outfile = path.join(folder, "reader.cjs");
    const contents = ["grammar", "sourceFile"].map((name) => `export * from "./src/source/${name}.ts";`).join("\n");
    const stdin = { contents, resolveDir: root, loader: "ts" } as const;
    await build({ stdin, outfile, bundle: true, platform: "node", format: "cjs", logLevel: "error" });
    const bundle = createRequire(import.meta.url)(outfile) as Bundle;
    const grammars = new bundle.Grammars({
      runtime: path.join(wasm, "tree-sitter.wasm"),
      read: (grammar: SourceLanguage) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
    });
    return { grammars, SourceFile: bundle.SourceFile };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
