import fc from "fast-check";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { longestLine } from "../../src/probe/record.ts";
import { SpoolReader } from "../../src/recorder/spoolReader.ts";
import { parseLine } from "../../src/recorder/spoolRecord.ts";

let folder: string;
let spool: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-spool-"));
  spool = path.join(folder, "spool.jsonl");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function readAll(reader: SpoolReader) {
  const lines = [];
  for (let more = reader.read(); more.length > 0; more = reader.read()) lines.push(...more);
  return lines;
}

describe("reading a spool", () => {
  test("lines are the same whatever pieces the file grows by, and each names its own bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 30 })), fc.array(fc.nat(60)), (texts, cuts) => {
        const lines = texts.map((text) => text.replaceAll("\n", " "));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        writeFileSync(spool, "");
        using reader = new SpoolReader(spool, { offset: 0, line: 0 });
        const read = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          appendFileSync(spool, bytes.subarray(at, at + cut));
          at = Math.min(bytes.length, at + cut);
          read.push(...readAll(reader));
        }
        expect(read.map((line) => line.text)).toEqual(lines);
        expect(read.map((line) => line.number)).toEqual(lines.map((_, index) => index));
        for (const line of read) {
          expect(bytes.subarray(line.offset, line.next).toString()).toBe(`${line.text ?? ""}\n`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("reading from any line's beginning gives the rest of the lines", () => {
    writeFileSync(spool, "a\nbé\n\nc\n");
    const all = readAll(new SpoolReader(spool, { offset: 0, line: 0 }));
    for (const line of all) {
      using reader = new SpoolReader(spool, { offset: line.next, line: line.number + 1 });
      expect(readAll(reader)).toEqual(all.slice(line.number + 1));
    }
  });

  test("a torn last line is waited for", () => {
    writeFileSync(spool, 'whole\n{"t":"st');
    using reader = new SpoolReader(spool, { offset: 0, line: 0 });
    expect(readAll(reader)).toHaveLength(1);
    expect(reader.torn).toBe(true);
    appendFileSync(spool, 'ep"}\n');
    expect(readAll(reader).map((line) => line.text)).toEqual(['{"t":"step"}']);
    expect(reader.torn).toBe(false);
  });

  test("a line of exactly 1 MiB is read, one byte more is not, and the line after it is", () => {
    const longest = "x".repeat(longestLine - 1);
    writeFileSync(spool, `${longest}\n${longest}x\nafter\n`);
    using reader = new SpoolReader(spool, { offset: 0, line: 0 });
    expect(readAll(reader).map((line) => line.text?.length)).toEqual([longestLine - 1, undefined, 5]);
  });

  test("a spool that does not exist yet has no lines", () => {
    using reader = new SpoolReader(spool, { offset: 0, line: 0 });
    expect(reader.read()).toEqual([]);
    expect(reader.size()).toBe(0);
    writeFileSync(spool, "a\n");
    expect(reader.read()).toHaveLength(1);
  });
});

describe("a line of a spool", () => {
  test("numbers that JSON lacks travel as strings", () => {
    const parsed = parseLine('{"t":"step","step":3,"time":1,"values":{"loss/train":"NaN","a":"-Infinity","b":2}}');
    expect(parsed).toEqual({
      is: "record",
      record: { t: "step", step: 3, time: 1, values: { "loss/train": Number.NaN, a: -Infinity, b: 2 } },
    });
  });

  test("fields and kinds that this version does not know are ignored", () => {
    expect(parseLine('{"t":"step","step":3,"time":1,"values":{},"later":true}').is).toBe("record");
    expect(parseLine('{"t":"hologram","step":-1}')).toEqual({ is: "unknown" });
  });

  test.each(["", "garbage", "{", "[]", "null", "7", "{}", '{"t":5}', '{"t":"step","step":-1,"time":0,"values":{}}'])(
    "%j is no record",
    (text) => {
      expect(parseLine(text).is).toBe("fault");
    },
  );

  test("whatever a line holds, reading it does not throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify({ t: "step", ...value })),
        ),
        (text) => {
          expect(["record", "unknown", "fault"]).toContain(parseLine(text).is);
        },
      ),
    );
  });
});
