/** Sketches of texts, for tests. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Parser } from "@vscode/tree-sitter-wasm";
import { Grammars, type SourceLanguage } from "../../src/source/grammar.ts";
import type { SourceRange } from "../../src/source/places.ts";
import type { Known } from "../../src/source/sketch/known.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { SourceFile } from "../../src/source/sourceFile.ts";

const root = path.join(import.meta.dirname, "../..");
const wasm = path.join(root, "node_modules/@vscode/tree-sitter-wasm/wasm");
const grammars = new Grammars({
  runtime: path.join(wasm, "tree-sitter.wasm"),
  read: (grammar) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
});

export function parserOf(language: SourceLanguage): Promise<Parser> {
  return grammars.parser(language);
}

/** A file of which nothing was read yet; to be disposed of. */
export async function fileOf(language: SourceLanguage): Promise<SourceFile> {
  return new SourceFile(await parserOf(language), language);
}

export async function sketchOf(text: string, language: SourceLanguage): Promise<SourceSketch | undefined> {
  using file = await fileOf(language);
  return file.sketch(text);
}

/** The sketch of a script of the project, and its text. */
export async function sketchOfFile(name: string): Promise<{ text: string; sketch: SourceSketch | undefined }> {
  const text = await readFile(path.join(root, name), "utf8");
  return { text, sketch: await sketchOf(text, languageOf(name)) };
}

export function languageOf(name: string): SourceLanguage {
  return name.endsWith(".py") ? "python" : name.endsWith(".ts") ? "typescript" : "javascript";
}

/** The value, or why it is not known. */
export function said<T>(known: Known<T> | undefined): T | string | undefined {
  return known === undefined ? undefined : known.known ? known.value : `unknown: ${known.reason}`;
}

/** The text that a range covers, on one line. */
export function textAt(text: string, range: SourceRange | undefined): string | undefined {
  if (range === undefined || range.start.line !== range.end.line) return undefined;
  return text.split("\n")[range.start.line]?.slice(range.start.column, range.end.column);
}

/** Every value in a sketch that is known, or known not to be. */
export function knownsOf(value: unknown): Known<unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  if ("known" in value) return [value as Known<unknown>];
  return Object.values(value).flatMap(knownsOf);
}
