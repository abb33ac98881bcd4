import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SourcePosition } from "../../src/source/places.ts";
import type { SourceEdit } from "../../src/source/sourceFile.ts";
import { goldensIn, type Golden } from "./sourceGoldens.ts";
import { fileOf, sketchOf } from "./sourceSketches.ts";

const goldens = ["python", "javascript", "typescript", "unknown"].flatMap(goldensIn);

function positionAt(text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
}

function editOf(text: string, start: number, oldEnd: number, inserted: string): SourceEdit {
  return {
    start,
    oldEnd,
    inserted,
    startPosition: positionAt(text, start),
    oldEndPosition: positionAt(text, oldEnd),
  };
}

/** Several scripts in one, each in a function of its own, after what they share. */
function together(scripts: readonly Golden[]): string {
  const python = scripts[0]?.language === "python";
  const inner = scripts.map(({ text }, index) =>
    python
      ? `def script${index}():\n${text.replace(/^/gm, "    ")}`
      : `async function script${index}() {\n${text.replace(/^import .*$/gm, "").replace(/^export /gm, "")}}`,
  );
  const first = python ? "import torch\nWIDTH = 8" : 'import * as tf from "@tensorflow/tfjs";\nlet WIDTH = 8;';
  return `${first}\n${inner.join("\n")}\n`;
}

/** What people type, and what makes and breaks statements. */
const typed = fc.constantFrom(
  "1",
  "0",
  ".5",
  "x",
  "\n",
  "\n\n",
  "(",
  ")",
  "{",
  "}",
  '"',
  ",",
  " ",
  "#",
  "//",
  "",
  "",
  "W",
);

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  /** Of the numbers in the text, which one is edited; else any place is. */
  atNumber: fc.boolean(),
  removed: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 40 })),
  typed,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function placeOf(text: string, { at, atNumber }: Change): number {
  if (!atNumber) return Math.floor(at * text.length);
  const numbers = Array.from(text.matchAll(/\d(?=\D)/g), ({ index }) => index + 1);
  return numbers[Math.floor(at * numbers.length)] ?? 0;
}

async function expectTheSame(text: string, language: Golden["language"], changes: readonly Change[]): Promise<void> {
  using file = await fileOf(language);
  file.sketch(text);
  let now = text;
  for (const each of changes) {
    const start = placeOf(now, each);
    const end = Math.min(now.length, start + each.removed);
    file.edit(editOf(now, start, end, each.typed));
    now = now.slice(0, start) + each.typed + now.slice(end);
    expect(file.sketch(now)).toEqual(await sketchOf(now, language));
  }
}

describe("reading again after an edit says what reading anew says:", () => {
  test("of one script", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: goldens.length - 1 }),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (which, changes) => {
          const golden = goldens[which];
          if (golden !== undefined) await expectTheSame(golden.text, golden.language, changes);
        },
      ),
      { numRuns: 100, seed: 20_261_130 },
    );
  }, 60_000);

  test.each(["python", "typescript"])(
    "of several scripts in one file, in %s",
    async (folder) => {
      const all = goldensIn(folder);
      const some = fc.uniqueArray(fc.integer({ min: 0, max: all.length - 1 }), { minLength: 2, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(some, fc.array(change, { minLength: 1, maxLength: 4 }), async (which, changes) => {
          const scripts = which.flatMap((index) => all[index] ?? []);
          const [first] = scripts;
          if (first !== undefined) await expectTheSame(together(scripts), first.language, changes);
        }),
        { numRuns: 30, seed: 20_261_130 },
      );
    },
    60_000,
  );
});
