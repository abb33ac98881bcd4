/**
 * Broken scripts: the goldens with pieces deleted, doubled, exchanged or cut off, as a script is while it is edited. A run of all
 * tests reads 4,000 of them, for each takes milliseconds.
 * `ORRERY_BROKEN_SCRIPTS=100000 npx vitest run --project unit test/unit/sourceFuzz.test.ts` reads as many as that, always the same.
 */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { SourceLanguage } from "../../src/source/grammar.ts";
import type { SourceRange } from "../../src/source/places.ts";
import type { Known } from "../../src/source/sketch/known.ts";
import { parameterCount } from "../../src/source/sketch/parameterCount.ts";
import type { SourceSketch } from "../../src/source/sketch/sourceSketch.ts";
import { goldensIn, literalsOf, sumOf, type Golden } from "./sourceGoldens.ts";
import { knownsOf, sketchOf } from "./sourceSketches.ts";

const broken = Number(process.env["ORRERY_BROKEN_SCRIPTS"] ?? 4000);
const block = 500;
const goldens = ["python", "javascript", "typescript", "unknown"].flatMap(goldensIn);

/** Mulberry32 (Ettinger, 2017): numbers in [0, 1), the same for the same seed. */
function drawsFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function damaged(text: string, draw: () => number): string {
  const place = (length: number) => Math.floor(draw() * length);
  // Pieces of a few signs, or of whole lines.
  const lines = draw() < 0.3;
  const parts = lines ? text.split("\n") : Array.from(text);
  const from = place(parts.length);
  const to = Math.min(parts.length, from + 1 + place(lines ? 5 : 25));
  const piece = parts.slice(from, to);
  const other = place(parts.length);
  const sign = "()[]{}:,.=\"'`#/\\*-+0 \n@$"[place(25)] ?? "";
  switch (place(6)) {
    case 0:
      parts.splice(from, piece.length);
      break;
    case 1:
      parts.splice(to, 0, ...piece);
      break;
    case 2:
      parts.splice(from, piece.length);
      parts.splice(Math.min(other, parts.length), 0, ...piece);
      break;
    case 3:
      parts.splice(from);
      break;
    case 4:
      parts.splice(0, from);
      break;
    default:
      parts.splice(from, 1, sign);
  }
  return parts.join(lines ? "\n" : "");
}

const arithmetic = /^[\d._eE+\-*/%()\s]+$/;
const values = new Map<string, number | undefined>();

/** What a piece of text is as arithmetic on numbers; undefined where it has anything else in it. */
function valueOf(text: string): number | undefined {
  if (!values.has(text)) {
    const plain = arithmetic.test(text) && /\d/.test(text) && !text.includes("//");
    let value: unknown;
    try {
      value = plain ? runInNewContext(`(${text.replaceAll("_", "")}\n)`) : undefined;
    } catch {
      value = undefined;
    }
    values.set(text, typeof value === "number" ? value : undefined);
  }
  return values.get(text);
}

/** Offsets in a text of where its lines begin. */
function starts(text: string): number[] {
  const found = [0];
  for (let place = text.indexOf("\n"); place >= 0; place = text.indexOf("\n", place + 1)) found.push(place + 1);
  return found;
}

function expectLiterals(text: string, sketch: SourceSketch | undefined): number {
  const lines = starts(text);
  const offset = ({ line, column }: SourceRange["start"]) => (lines[line] ?? Number.NaN) + column;
  let literals = 0;
  for (const known of knownsOf(sketch)) {
    if (!known.known || known.range === undefined || typeof known.value !== "number") continue;
    const literal = text.slice(offset(known.range.start), offset(known.range.end));
    const value = valueOf(literal);
    if (value === undefined) continue;
    literals++;
    if (Math.abs(value - known.value) > 1e-12 * Math.abs(value))
      throw new Error(`${literal} is said to be ${known.value} in:\n${text}`);
  }
  return literals;
}

describe("broken scripts are read without an error, and each number is what its literal says:", () => {
  test.each(Array.from({ length: Math.ceil(broken / block) }, (_, index) => index))(
    `${block} of them, block %i`,
    async (index) => {
      const draw = drawsFrom(20_261_129 + index);
      let literals = 0;
      for (let count = 0; count < block; count++) {
        const golden = goldens[Math.floor(draw() * goldens.length)];
        if (golden === undefined) continue;
        let text = golden.text;
        for (let times = 1 + Math.floor(draw() * 3); times > 0; times--) text = damaged(text, draw);
        let sketch: SourceSketch | undefined;
        try {
          sketch = await sketchOf(text, golden.language);
        } catch (error) {
          throw new Error(`Broken script ${count}, of ${golden.name}, is not read:\n${text}`, { cause: error });
        }
        literals += expectLiterals(text, sketch);
      }
      expect(literals).toBeGreaterThan(block);
    },
    120_000,
  );
});

/** What may stand where a literal stood: nothing, half of it, a name from nowhere, a sign. */
const instead = ["", "unheardOf", "?", "(", "1e"];

interface Destroyed {
  readonly what: string;
  readonly golden: Golden;
  readonly replacement: string;
  readonly text: string;
  readonly language: SourceLanguage;
}

function destroyed(golden: Golden): Destroyed[] {
  return literalsOf(golden).flatMap(({ what, start, end }) =>
    instead.map((replacement) => ({
      what,
      golden,
      replacement,
      text: `${golden.text.slice(0, start)}${replacement}${golden.text.slice(end)}`,
      language: golden.language,
    })),
  );
}

describe("a number whose literal is destroyed is not said:", () => {
  test.each(goldens.filter(({ name }) => !name.startsWith("unknown")))("$name", async (golden) => {
    for (const { what, text, language, replacement } of destroyed(golden)) {
      const sketch = await sketchOf(text, language);
      const said = what.startsWith("model ")
        ? countsIn(sketch).includes(sumOf(golden.expected.models?.[Number(what.slice(6))]?.parameters ?? "0"))
        : statedIn(sketch, what).includes(Number(what.split(" ")[1]));
      expect({ what, replacement, said }).toEqual({ what, replacement, said: false });
    }
  });
});

function countsIn(sketch: SourceSketch | undefined): number[] {
  return (sketch?.models ?? []).flatMap((model) => {
    const count = parameterCount(model);
    return count.known ? [count.value] : [];
  });
}

/** Values of one hyperparameter, `learningRate 0.1`, that the text is said to state. */
function statedIn(sketch: SourceSketch | undefined, what: string): unknown[] {
  const [name] = what.split(" ");
  return (sketch?.optimizers ?? []).flatMap(({ hyperparameters }) =>
    (Object.entries(hyperparameters) as [string, Known<unknown>][]).flatMap(([each, known]) =>
      each === name && known.known && known.basis !== "framework" ? [known.value] : [],
    ),
  );
}
