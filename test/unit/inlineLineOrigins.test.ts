import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineOrigins, type LineEdit } from "../../src/editor/inline/lineOrigins.ts";

const text = "import x\n\nconst a = 1;\nconst b = 2;\nconst c = 3;";

/** As an editor does it. */
function apply(before: string, { start, end, inserted }: LineEdit): string {
  const lines = before.split("\n");
  const offset = ({ line, column }: LineEdit["start"]) =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + column;
  return before.slice(0, offset(start)) + inserted + before.slice(offset(end));
}

/** Where the lines of `text` stand after some edits, each of the text that the one before left. */
function placesAfter(...edits: readonly LineEdit[]): number[] {
  const origins = new LineOrigins(text);
  let now = text;
  for (const edit of edits) {
    now = apply(now, edit);
    origins.edit(edit);
  }
  return [...origins.places(now)];
}

const at = (line: number, column: number) => ({ line, column });
const insert = (line: number, column: number, inserted: string): LineEdit => ({
  start: at(line, column),
  end: at(line, column),
  inserted,
});

describe("a line that a run recorded", () => {
  test("stands where it stood while nothing is edited", () => {
    expect(placesAfter()).toEqual([0, 1, 2, 3, 4]);
  });
  test("moves down with lines that are put before it", () => {
    expect(placesAfter(insert(2, 0, "// one\n// two\n"))).toEqual([0, 1, 4, 5, 6]);
    expect(placesAfter(insert(1, 0, "\n"))).toEqual([0, 1, 3, 4, 5]);
    expect(placesAfter(insert(2, 12, "\nconst d = 4;"))).toEqual([0, 1, 2, 4, 5]);
  });
  test("moves up with lines that are taken away before it, and those are nowhere", () => {
    expect(placesAfter({ start: at(2, 0), end: at(3, 0), inserted: "" })).toEqual([0, 1, -1, 2, 3]);
    expect(placesAfter({ start: at(2, 12), end: at(3, 12), inserted: "" })).toEqual([0, 1, 2, -1, 3]);
  });
  test("is nowhere once it reads otherwise, and there again once that is undone", () => {
    const edit = insert(3, 10, "0");
    const undo: LineEdit = { start: at(3, 10), end: at(3, 11), inserted: "" };
    expect(placesAfter(edit)).toEqual([0, 1, 2, -1, 4]);
    expect(placesAfter(edit, undo)).toEqual([0, 1, 2, 3, 4]);
  });
  test("stays where the whole text is put in its own place, as when a file is read anew", () => {
    const whole = { start: at(0, 0), end: at(4, 12) };
    expect(placesAfter({ ...whole, inserted: text })).toEqual([0, 1, 2, 3, 4]);
    const other = text.replace("const b = 2;", "// b\nconst b = 0;");
    expect(placesAfter({ ...whole, inserted: other })).toEqual([0, 1, 2, -1, 5]);
  });
  test("is where the other half of a split line is put together again", () => {
    const split = insert(2, 5, "\n");
    const join: LineEdit = { start: at(2, 5), end: at(3, 0), inserted: "" };
    expect(placesAfter(split)).toEqual([0, 1, -1, 4, 5]);
    expect(placesAfter(split, join)).toEqual([0, 1, 2, 3, 4]);
  });
});

test("after any edits, every line that is somewhere reads as it did, in the order in which the lines were", () => {
  const edit = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.constantFrom("", "\n", "x", "a\nb", "\n\n", "const b = 2;\n"));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 8 }), (edits) => {
      const origins = new LineOrigins(text);
      let now = text;
      for (const [first, second, third, inserted] of edits) {
        const offsets = [first % (now.length + 1), second % (now.length + 1)].sort((one, other) => one - other);
        const [start = 0, end = 0] = third % 2 === 0 ? offsets : [offsets[0], offsets[0]];
        const place = (offset: number) => {
          const before = now.slice(0, offset).split("\n");
          return { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
        };
        origins.edit({ start: place(start), end: place(end), inserted });
        now = now.slice(0, start) + inserted + now.slice(end);
      }
      const [was, is] = [text.split("\n"), now.split("\n")];
      const places = [...origins.places(now)];
      places.forEach((place, line) => {
        if (place >= 0) expect(is[place]).toBe(was[line]);
      });
      const found = places.filter((place) => place >= 0);
      expect(found).toEqual([...new Set(found)].sort((one, other) => one - other));
    }),
  );
});
