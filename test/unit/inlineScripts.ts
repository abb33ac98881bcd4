/** Scripts read as the source thread reads them, and runs of them as the reader thread hands them out. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { InlineFinding } from "../../src/editor/inline/inlineFinding.ts";
import type { InlineReading, InlineRun } from "../../src/editor/inline/inlineRun.ts";
import type { PlacedRun } from "../../src/editor/inline/placedRun.ts";
import { LineOrigins } from "../../src/editor/inline/lineOrigins.ts";
import { ParsedFiles } from "../../src/editor/parsedFiles.ts";
import type { OptimizerRecord } from "../../src/probe/record.ts";
import { Grammars, type SourceLanguage } from "../../src/source/grammar.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { SourceFile } from "../../src/source/sourceFile.ts";

const wasm = path.join(import.meta.dirname, "../../node_modules/@vscode/tree-sitter-wasm/wasm");
const grammars = new Grammars({
  runtime: path.join(wasm, "tree-sitter.wasm"),
  read: (grammar) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
});

/** Where the script lies. */
const file = "/project/train.ts";

/** What is said beside the lines of a text; of a run of it, if one is given. */
export function findingsIn(
  text: string,
  run?: PlacedRun,
  language: SourceLanguage = "typescript",
): Promise<readonly InlineFinding[]> {
  const files = new ParsedFiles(grammars);
  return files.findings({ key: file, language, version: 1, text, since: 1, changes: [] }, run);
}

/** Throws where the text says nothing of a training. */
export async function sketchOf(text: string, language: SourceLanguage = "typescript"): Promise<SourceSketch> {
  using source = new SourceFile(await grammars.parser(language), language);
  const sketch = source.sketch(text);
  if (sketch === undefined) throw new Error("There is no sketch.");
  return sketch;
}

/** The text of a range. */
export function textAt(text: string, { start, end }: InlineFinding["range"]): string {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]?.slice(0, end.column) ?? "";
  lines[0] = lines[0]?.slice(start.column) ?? "";
  return lines.join("\n");
}

/** The third run of `ran`, as seen from `now`, which came of it by edits of whole lines. */
export function placed(run: InlineRun, ran: string, now = ran): PlacedRun {
  const places = new LineOrigins(ran).places(ran);
  const lines = now.split("\n");
  const read = ran.split("\n");
  return { run, ordinal: 3, file, places: places.map((line) => lines.indexOf(read[line] ?? "")) };
}

/** The place of the nth occurrence of a word, as the probe records it. */
export function siteOf(text: string, word: string) {
  const offset = text.indexOf(word);
  if (offset < 0) throw new Error(`There is no ${word}.`);
  const before = text.slice(0, offset).split("\n");
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export function reading(observable: string, value: number, some: Partial<InlineReading> = {}): InlineReading {
  return { observable, step: 0, value, error: NaN, method: "as in a test", sample: 64, ...some };
}

export function descent(learningRate: number, source: OptimizerRecord["source"]): OptimizerRecord {
  const groups = [{ parameters: 1, learningRate }];
  return { t: "optimizer", time: 0, step: 0, id: "o", kind: "sgd", name: "SGD", groups, schedule: "constant", source };
}

export function runOf(some: Partial<InlineRun>): InlineRun {
  return {
    directory: "/project/.orrery/runs/c",
    status: "finished",
    error: "",
    step: 100,
    texts: {},
    models: [],
    optimizers: [],
    verdicts: [],
    ...some,
  };
}
