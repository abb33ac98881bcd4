import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SourcePosition } from "../../src/source/places.ts";
import type { SourceEdit } from "../../src/source/sourceFile.ts";
import { goldensIn, type Golden } from "./sourceGoldens.ts";
import { fileOf, sketchOf } from "./sourceSketches.ts";

/** `ORRERY_EDITED_FILES=1000` reads as many files of several scripts, always the same. */
const edited = Number(process.env["ORRERY_EDITED_FILES"] ?? 30);
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

/** What the scripts of one file share: constants, functions, a class, and a model. */
const shared = {
  python: `import torch
WIDTH = 8
RATE = 0.1
def twice(n=WIDTH):
    return 2 * n
class Block(torch.nn.Module):
    size = WIDTH
    def __init__(self, n=4):
        super().__init__()
        self.linear = torch.nn.Linear(n, self.size)
    def forward(self, x):
        return self.linear(x)
def optimizer(model, rate=RATE):
    return torch.optim.SGD(model.parameters(), lr=rate)
common = torch.nn.Linear(WIDTH, 2)
`,
  typescript: `import * as tf from "@tensorflow/tfjs";
const WIDTH = 8;
let RATE = 0.1;
function twice(n = WIDTH) { return 2 * n; }
class Block {
  static size = WIDTH;
  constructor(n = 4) { this.layer = tf.layers.dense({ units: n, inputShape: [Block.size] }); }
  make() { return tf.sequential({ layers: [this.layer] }); }
}
const optimizer = (rate = RATE) => tf.train.sgd(rate);
const common = tf.sequential({ layers: [tf.layers.dense({ units: WIDTH, inputShape: [2] })] });
`,
} as const;

/** Ways in which a script may use what is shared; some leave it as it is, some do not. */
const uses = {
  python: [
    "pass",
    "Block(twice())",
    "optimizer(Block())",
    "optimizer(common, 0.3)",
    "global RATE; RATE = 0.5",
    "twice(WIDTH)",
  ],
  typescript: [
    "",
    "new Block(twice()).make();",
    "optimizer(0.3);",
    "common.compile({ optimizer: optimizer() });",
    "RATE = 0.5;",
    "twice(WIDTH);",
  ],
} as const;

/** Several scripts in one, each in a function of its own, after what they share, and with the first of their numbers shared. */
function together(scripts: readonly Golden[], used: readonly number[]): string {
  const language = scripts[0]?.language === "python" ? "python" : "typescript";
  const inner = scripts.map(({ text }, index) => {
    const use = uses[language][used[index] ?? 0] ?? "";
    const own = text.replace(/(?<![\w.])\d\d+(?![\w.])/, "WIDTH");
    return language === "python"
      ? `def script${index}():\n    ${use}\n${own.replace(/^/gm, "    ")}`
      : `async function script${index}() {\n${use}\n${own.replace(/^import .*$/gm, "").replace(/^export /gm, "")}}`;
  });
  return `${shared[language]}${inner.join("\n")}\n`;
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
  /** Half of them are in the first tenth, where what is shared stands. */
  at: fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.constantFrom(1, 0.1))
    .map(([place, part]) => place * part),
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
      const used = fc.array(fc.nat(5), { minLength: 5, maxLength: 5 });
      const changes = fc.array(change, { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(some, used, changes, async (which, places, edits) => {
          const scripts = which.flatMap((index) => all[index] ?? []);
          const [first] = scripts;
          if (first !== undefined) await expectTheSame(together(scripts, places), first.language, edits);
        }),
        { numRuns: edited, seed: 20_261_130 },
      );
    },
    600_000,
  );

  test.each(["python", "typescript"] as const)(
    "of a script that begins to use what it shares, in %s",
    async (folder) => {
      const [first, second] = goldensIn(folder);
      if (first === undefined || second === undefined) return;
      for (const [from] of uses[folder].entries()) {
        for (const [to] of uses[folder].entries()) {
          const [before, after] = [from, to].map((use) => together([first, second], [use, 0]));
          if (before === undefined || after === undefined) continue;
          using file = await fileOf(first.language);
          file.sketch(before);
          file.edit(editOf(before, 0, before.length, after));
          expect(file.sketch(after)).toEqual(await sketchOf(after, first.language));
        }
      }
    },
  );
});
