import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { sourceReader, type SourceReader } from "../scripts/sourceReader.ts";
import type { SourcePosition } from "../src/source/places.ts";
import { median, milliseconds, type Benchmark, type BenchmarkRow } from "./benchmark.ts";

const rounds = 30;
const lines = 3000;
const root = path.dirname(import.meta.dirname);

type Written = "typescript" | "python";

/** A file of many functions: each of the tests' scripts in one of its own, over and over. */
function longText(language: Written): string {
  const folder = path.join(root, "test/fixtures/source", language);
  const scripts = readdirSync(folder)
    .filter((name) => !name.endsWith(".json"))
    .toSorted()
    .map((name) => readFileSync(path.join(folder, name), "utf8"));
  const parts = language === "python" ? ["import torch"] : ['import * as tf from "@tensorflow/tfjs";'];
  for (let count = 0; parts.join("\n").split("\n").length < lines; count++) {
    const script = scripts[count % scripts.length] ?? "";
    parts.push(
      language === "python"
        ? `def script${count}():\n${script.replace(/^/gm, "    ")}`
        : `async function script${count}() {\n${script.replace(/^import .*$/gm, "").replace(/^export /gm, "")}}`,
    );
  }
  return parts.join("\n").split("\n").slice(0, lines).join("\n");
}

/** Where the number in the middle of the text ends. */
function middleNumber(text: string): number {
  const half = Math.floor(text.length / 2);
  return half + text.slice(half).search(/\d\D/) + 1;
}

function positionAt(text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
}

async function rowsOf({ SourceFile, grammars }: SourceReader, language: Written): Promise<readonly BenchmarkRow[]> {
  const parser = await grammars.parser(language);
  const text = longText(language);
  const start = middleNumber(text);
  const position = positionAt(text, start);
  const edited = `${text.slice(0, start)}1${text.slice(start)}`;
  const times = { parse: [] as number[], read: [] as number[], again: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const parse = milliseconds(() => parser.parse(text)?.delete());
    using file = new SourceFile(parser, language);
    const read = milliseconds(() => file.sketch(text));
    file.edit({ start, oldEnd: start, inserted: "1", startPosition: position, oldEndPosition: position });
    const again = milliseconds(() => file.sketch(edited));
    // The first round warms up.
    if (round > 0)
      for (const [name, value] of Object.entries({ parse, read, again })) times[name as "read"].push(value);
  }
  const how = `${lines} lines of ${language === "python" ? "Python" : "TypeScript"} with a golden script in each function, median of ${rounds} after one`;
  return [
    { name: `${language}, parsing alone`, value: median(times.parse), unit: "ms", how },
    { name: `${language}, parsing and reading`, value: median(times.read), unit: "ms", how },
    { name: `${language}, again after a digit is typed`, value: median(times.again), unit: "ms", how },
  ];
}

/** What it costs to read off a long file what it trains and how, with parsers and code that are warm. */
export const sourceReading: Benchmark = {
  title: "Reading the source",
  async run(): Promise<readonly BenchmarkRow[]> {
    const reader = await sourceReader();
    return [...(await rowsOf(reader, "typescript")), ...(await rowsOf(reader, "python"))];
  },
};
