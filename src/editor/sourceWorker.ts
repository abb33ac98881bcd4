/** The thread that parses scripts, so that the extension host never waits for a parser, nor a lens for a long run file. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { Grammars } from "../source/grammar.ts";
import { ParsedFiles } from "./parsedFiles.ts";
import type { SourceService } from "./sourceService.ts";
import { serveThread } from "./threadChannel.ts";

/** What the thread is started with. */
export interface SourceWorkerData {
  /** The folder that holds the grammars' WebAssembly files. */
  readonly grammars: string;
}

if (parentPort !== null) {
  const { grammars: folder } = workerData as SourceWorkerData;
  const files = new ParsedFiles(
    new Grammars({
      runtime: path.join(folder, "tree-sitter.wasm"),
      read: (grammar) => readFile(path.join(folder, `tree-sitter-${grammar}.wasm`)),
    }),
  );
  serveThread<SourceService>(parentPort, {
    sites: (request) => files.sites(request),
    findings: (request, run) => files.findings(request, run),
    literals: (request) => files.literals(request),
    close: (key) => {
      files.close(key);
    },
  });
}
