import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { maskedChecksum } from "../../src/recorder/logs/checksum.ts";
import { logRecords } from "../../src/recorder/logs/logRecords.ts";
import { readLog } from "../../src/recorder/logs/readLog.ts";
import { RunFileError } from "../../src/run/runFileError.ts";

const folder = mkdtempSync(path.join(tmpdir(), "orrery-logs-"));
const fixtures = path.resolve(import.meta.dirname, "../fixtures/logs");

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(content: string | Uint8Array): string {
  const file = path.join(folder, "a.log");
  writeFileSync(file, content);
  return file;
}

interface Told {
  readonly pattern?: string;
  readonly plannedSteps?: number;
}

/** What a log comes to: [step, value] by observable, its notes, its plan and its end. */
function read(file: string, { pattern, plannedSteps }: Told = {}) {
  const records = logRecords(readLog(file, pattern), { file, mark: "a test", plannedSteps });
  const series: Record<string, (readonly [step: number, value: number])[]> = {};
  for (const record of records) {
    if (record.t !== "step" && record.t !== "measure") continue;
    for (const [name, value] of Object.entries(record.values)) (series[name] ??= []).push([record.step, value]);
  }
  const end = records.at(-1);
  return {
    series,
    times: records.flatMap((record) => (record.t === "step" ? [record.time] : [])),
    notes: records.flatMap((record) => (record.t === "note" ? [record.text] : [])),
    planned: records.flatMap((record) => (record.t === "data" ? [record.steps] : []))[0],
    ended: end?.t === "end" ? `${end.how} at ${end.step}` : "without an end",
  };
}

function readText(text: string, told: Told = {}) {
  return read(fileOf(text), told);
}

describe("a console log", () => {
  it("of step:1/4 train_loss:… numbers its training losses from 1: they are those before each step", () => {
    const { series, times, planned, ended, notes } = readText(
      [
        "step:0/4 val_loss:10.9 train_time:227ms step_avg:nanms",
        "step:1/4 train_loss:10.8 train_time:1368ms step_avg:nanms",
        "step:2/4 train_loss:9.8 train_time:1429ms step_avg:nanms",
        "saving to state_step000002.pt",
        "step:3/4 train_loss:9.6 train_time:1560ms step_avg:112.12ms",
        "step:4/4 train_loss:9.5 train_time:1694ms step_avg:112.12ms",
        "step:4/4 val_loss:9.4 train_time:1700ms step_avg:112.12ms",
      ].join("\n"),
    );
    expect(series).toEqual({
      "loss/train": [
        [0, 10.8],
        [1, 9.8],
        [2, 9.6],
        [3, 9.5],
      ],
      "loss/validation": [
        [0, 10.9],
        [4, 9.4],
      ],
    });
    expect(times.map((time) => Number(time.toFixed(3)))).toEqual([1.141, 1.202, 1.333, 1.467]);
    expect([planned, ended]).toEqual([4, "finished at 4"]);
    expect(notes.join(" ")).toContain("numbered from 1");
  });

  it("of s:0 trl:… and tel:… numbers them from 0, and does not say how many steps were planned", () => {
    const { series, planned, notes } = readText("s:0 tel:10.97\ns:0 trl:10.96\ns:1 trl:10.81\ns:2 tel:10.1\n");
    expect(series).toEqual({
      "loss/train": [
        [0, 10.96],
        [1, 10.81],
      ],
      "loss/validation": [
        [0, 10.97],
        [2, 10.1],
      ],
    });
    expect(planned).toBeUndefined();
    expect(notes.join(" ")).toContain("How many steps were planned is not said");
  });

  it.each([
    ["iter 10: loss 4.2043, time 123.45ms, mfu 3.21%", { "loss/train": 4.2043 }],
    ["step 10: train loss 1.9857, val loss 2.0123", { "loss/train": 1.9857, "loss/validation": 2.0123 }],
    [
      "step   10/100 | loss 11.009 (+nanz)| norm 15.25 (+nanz)| lr 8.57e-07 | 1530.7 ms | 34236 tok/s",
      { "loss/train": 11.009, "gradient/norm": 15.25, "optimizer/learningRate": 8.57e-7 },
    ],
    [
      " iteration       10/  500000 | consumed samples:  160 | elapsed time per iteration (ms): 3000.0 | learning rate: 1.500E-06 | global batch size:    16 | lm loss: 1.09E+01 | loss scale: 1.0 | grad norm: 2.3 |",
      { "loss/train": 10.9, "gradient/norm": 2.3, "optimizer/learningRate": 1.5e-6, "batch/size": 16 },
    ],
    ["2026-04-21 12:30:22 INFO step=10 loss=2.5 aux_loss=0.1", { "loss/train": 2.5 }],
    [
      "{'step': 10, 'loss': 2.5, 'learning_rate': 5e-05, 'epoch': 0.01}",
      { "loss/train": 2.5, "optimizer/learningRate": 5e-5 },
    ],
    ["aux loss 0.1, smoothed loss: 3, step 10, loss nan", { "loss/train": NaN }],
    ["Epoch 3: 45%|####5     | 210/469 [00:05<00:06, step=10, loss=-inf]", { "loss/train": -Infinity }],
  ])("line is understood: %s", (line, values) => {
    const [entry, ...others] = readLog(fileOf(`begun\n${line}\n`)).entries;
    expect(others).toEqual([]);
    expect(entry?.step).toBe(10);
    expect(Object.fromEntries(entry?.values ?? [])).toEqual(values);
  });

  it("that is resumed from a checkpoint counts as it went on, and one that counts anew is refused", () => {
    const lines = (steps: readonly number[], loss: number) =>
      steps.map((step) => `step ${step} loss ${loss}`).join("\n");
    const { series, notes } = readText(`${lines([0, 1, 2, 3, 4], 2)}\n${lines([2, 3], 1)}`);
    expect(series["loss/train"]).toEqual([
      [0, 2],
      [1, 2],
      [2, 1],
      [3, 1],
    ]);
    expect(notes.join(" ")).toContain("goes back 1 times");
    expect(() => readText(`${lines([1, 2, 3], 2)}\n${lines([1, 2, 3], 1)}`)).toThrow("goes back from step 3 to step 1");
  });

  it("says how its run ended by where it ends", () => {
    expect(readText("step 0/3 loss 1\nstep 1/3 loss 1\nstep 2/3 loss 1").ended).toBe("finished at 3");
    expect(readText("step 0/9 loss 1\nstep 1/9 loss 1\nstep 2/9 loss 1").ended).toBe("stopped at 3");
    expect(readText("step 0/3 loss 1\nstep 1/3 loss 1\nstep 2/3 loss nan").ended).toBe("diverged at 3");
    expect(readText("step 0 loss 1\nstep 1 loss 1", { plannedSteps: 7 }).ended).toBe("stopped at 2");
    expect(() => readText("step 0 loss 1\nstep 9 loss 1", { plannedSteps: 7 })).toThrow("beyond the 7 steps planned");
  });
});

describe("other formats", () => {
  it("of a table: comma, semicolon or tab, with quotes, empty cells and columns of one's own", () => {
    for (const delimiter of [",", ";", "\t"]) {
      const table = [
        ["step", "train/loss", "Val Loss", '"accuracy, top 1"', "note"],
        ["0", "2.3", "", "0.1", '"a ""b"""'],
        ["10", "1.1", "1.2", "nan", ""],
      ];
      const text = table.map((cells) => cells.join(delimiter)).join("\r\n");
      expect(readText(`\uFEFF${text}\r\n`).series).toEqual({
        "loss/train": [
          [0, 2.3],
          [10, 1.1],
        ],
        "loss/validation": [[10, 1.2]],
        "log/accuracy.top.1": [
          [0, 0.1],
          [10, NaN],
        ],
      });
    }
  });

  it("of a table of epochs says that its steps are epochs", () => {
    const { series, notes } = readText("epoch,accuracy,loss,val_loss\n0,0.5,2,2.1\n1,0.6,1.5,1.7\n");
    expect(series["loss/validation"]).toEqual([
      [0, 2.1],
      [1, 1.7],
    ]);
    expect(notes.join(" ")).toContain("where this run says step, it means epoch");
  });

  it("of JSON lines: nested, with Python's bare NaN, with lines of other kinds, and without the Trainer's summary", () => {
    const { series, notes } = readText(
      [
        '{"step": 0, "train": {"loss": 2.5}, "lr": 0.1}',
        "Downloading…",
        '{"step": 10, "loss": NaN, "learning_rate": -Infinity, "epoch": 0.1}',
        '{"eval_loss": 2.25, "step": 10}',
        '{"train_runtime": 12.5, "train_loss": 2.4, "step": 10}',
        '{"text": "NaN, Infinity", "step": 20, "loss": 1}',
      ].join("\n"),
    );
    expect(series).toEqual({
      "loss/train": [
        [0, 2.5],
        [10, NaN],
        [20, 1],
      ],
      "optimizer/learningRate": [
        [0, 0.1],
        [10, -Infinity],
      ],
      "loss/validation": [[10, 2.25]],
    });
    expect(notes.join(" ")).toContain("1 lines are no JSON objects");
  });

  it("of JSON lines whose calls and optimizer steps are both counted takes the steps", () => {
    const { series } = readText('{"_step": 7, "trainer/global_step": 500, "train/loss": 1.5, "_runtime": 3}\n');
    expect(series["loss/train"]).toEqual([[500, 1.5]]);
  });

  it.each(["pytorch.tfevents", "tensorflow2.tfevents"])(
    "of TensorBoard's events as their own writers make them: %s",
    (name) => {
      const { series } = read(path.join(fixtures, name));
      const steps = [0, 10, 20, 30];
      // What the writers were given, as single-precision numbers.
      const expected = (of: (step: number) => number) => steps.map((step) => [step, Math.fround(of(step))]);
      expect(series["loss/train"]).toEqual(expected((step) => 3 - step / 100));
      expect(series["loss/validation"]).toEqual(expected((step) => 3.25 - step / 100));
      expect(series["log/accuracy.top1"]).toEqual(expected((step) => step / 64));
    },
  );

  it("of TensorBoard's events that are torn at their end are read as far as they go, and damaged ones are refused", () => {
    const whole = readFileSync(path.join(fixtures, "pytorch.tfevents"));
    const { series, notes } = read(fileOf(whole.subarray(0, whole.length - 3)));
    expect(series["loss/train"]?.length).toBeGreaterThanOrEqual(3);
    expect(notes.join(" ")).toContain("is torn: left out");
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(whole.length - 10) ^ 1, whole.length - 10);
    expect(() => read(fileOf(damaged))).toThrow("is damaged");
  });

  it("have the checksum of TFRecords", () => {
    // CRC-32C of "123456789" is 0xe3069283 (RFC 3720's polynomial; any table of CRC check values).
    const crc = 0xe3069283;
    const masked = ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
    expect(maskedChecksum(Buffer.from("123456789"))).toBe(masked);
  });

  it("of one's own are read by a regular expression", () => {
    const text = "Batch [12] ~ train 2.5 ~ held out 2.75\nBatch [13] ~ train 2.25\n";
    const pattern = String.raw`\[(?<step>\d+)\] ~ train (?<train_loss>\S+)(?: ~ held out (?<val_loss>\S+))?`;
    expect(readText(text, { pattern }).series).toEqual({
      "loss/train": [
        [12, 2.5],
        [13, 2.25],
      ],
      "loss/validation": [[12, 2.75]],
    });
  });
});

describe("what is no log is refused, saying what was looked for:", () => {
  it.each<readonly [what: string, content: string | Uint8Array, told: Told, says: string]>([
    ["an empty file", " \n", {}, "is empty"],
    ["prose", "It was a dark and stormy night.\n", {}, 'Its first line is "It was a dark'],
    [
      "noise",
      Uint8Array.from({ length: 5000 }, (_, index) => (index * 2654435761) >>> 13),
      {},
      "Looked for: events of TensorBoard",
    ],
    ["losses without steps", "loss 1.5\nloss 1.25\n", {}, "is no log that can be read"],
    ["steps without losses", "step 1 lr 0.1\n", {}, "gives no loss that is called one"],
    ["a table without numbers", "step,loss\none,two\n", {}, "It has none with numbers"],
    ["a table with an open quote", 'step,loss\n1,"2\n', {}, "cannot be read as one"],
    ["JSON lines without steps", '{"loss": 2}\n', {}, "no column, key or tag that is called step"],
    ["a spool", '{"t":"begin"}\n', {}, "Import the folder"],
    ["a pattern that is none", "step 1", { pattern: "(" }, "no regular expression"],
    ["a pattern without a step", "step 1", { pattern: "(?<loss>.*)" }, 'a group named "step"'],
    ["a pattern without a loss", "step 1", { pattern: "(?<step>.*)" }, 'a group named "step" and one'],
    ["a pattern that matches nothing", "step 1", { pattern: "a(?<step>.)(?<loss>.)" }, "None of the 1 lines"],
    [
      "a pattern that matches no numbers",
      "xyz",
      { pattern: "(?<step>.)(?<loss>.)" },
      "in none is the step a whole number",
    ],
  ])("%s", (_what, content, told, says) => {
    expect(() => read(fileOf(content), told)).toThrow(RunFileError);
    expect(() => read(fileOf(content), told)).toThrow(says);
  });

  it("any text and any bytes are read or refused, and nothing else happens", () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom("step", "s:", "iter ", "epoch"),
          fc.integer(),
          fc.constantFrom(" loss ", ",val_loss="),
          fc.float(),
        )
        .map((parts) => parts.join(" ")),
      fc.json(),
      fc.constantFrom("step,loss", "1,2", '{"step":1,"loss":2}', '{"step":'),
    );
    const content = fc.oneof(
      fc.array(line).map((lines) => lines.join("\n")),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(content, (text) => {
        try {
          const { series } = read(fileOf(text));
          for (const points of Object.values(series))
            expect(points.map(([step]) => step)).toEqual(
              points.map(([step]) => step).toSorted((one, other) => one - other),
            );
        } catch (error) {
          expect(error).toBeInstanceOf(RunFileError);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("any losses that were written in any of the formats come back", () => {
    const losses = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 20 });
    const formats: readonly ((values: readonly number[]) => string)[] = [
      (values) => values.map((value, step) => `step:${step}/${values.length} train_loss:${value}`).join("\n"),
      (values) => ["step,loss", ...values.map((value, step) => `${step},${value}`)].join("\n"),
      (values) => values.map((value, step) => `{"step": ${step}, "loss": ${value}}`).join("\n"),
    ];
    fc.assert(
      fc.property(losses, fc.constantFrom(...formats), (values, write) => {
        const points = readText(write(values)).series["loss/train"];
        // Text has one zero.
        expect(points).toEqual(values.map((value, step) => [step, value + 0]));
      }),
      { numRuns: 100 },
    );
  });
});
