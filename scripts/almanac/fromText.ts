/** What is predicted of scripts from their text alone, scored against runs of them: a page of the almanac. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import { optimizerFacts } from "../../src/analyses/beforeRun/optimizerFacts.ts";
import type { Prediction } from "../../src/analyses/beforeRun/prediction.ts";
import { largestStableRate } from "../../src/analyses/beforeRun/stabilityCeiling.ts";
import { recordSchema, type ModelRecord } from "../../src/probe/record.ts";
import { findRun } from "../../src/run/runCollection.ts";
import { RunFileReader } from "../../src/run/runFileReader.ts";
import { sourceReader } from "../sourceReader.ts";

const fixtures = "test/fixtures/scripts/beforeRun";

/** Scripts whose models can be read, and whose inputs have a mean square of 1 where the text does not tell it. */
const scripts = [
  ...["freshWeights.mjs", "catapult.mjs"].map((name) => `examples/laws/${name}`),
  ...["wide.mjs", "strides.mjs", "digits.mjs", "deepTanh.mjs", "blocks.mjs", "sequences.mjs"].map(
    (name) => `${fixtures}/${name}`,
  ),
];

const root = path.dirname(path.dirname(import.meta.dirname));

/** A prediction, and what a run made of it. */
export interface TextScore {
  readonly script: string;
  readonly what: string;
  readonly prediction: Extract<Prediction, { known: true }>;
  readonly measured: number;
}

/** Whether it is what was predicted: exactly, or within the interval from 10 % to 90 %. */
export function isHeld({ prediction: { low, high }, measured }: TextScore): boolean {
  return measured >= low && measured <= high;
}

/** Runs each script once. Rejects where a run fails. */
export async function scoresFromText(): Promise<readonly TextScore[]> {
  const { grammars, SourceFile } = await sourceReader();
  const scores: TextScore[] = [];
  for (const script of scripts) {
    using source = new SourceFile(await grammars.parser("javascript"), "javascript");
    const sketch = source.sketch(readFileSync(path.join(root, script), "utf8"));
    if (sketch === undefined) throw new Error(`${script} cannot be read.`);
    const { models, optimizers } = beforeRun(sketch);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-almanac-"));
    try {
      await inspect(script, folder);
      using reader = new RunFileReader(findRun(folder, "latest"));
      const first = (observable: string) => reader.reading(observable, 0)?.value ?? NaN;
      const [model, optimizer] = [models[0], optimizers[0]];
      const recorded = modelIn(reader);
      const weighted = recorded?.modules.filter(({ parameters }) => parameters > 0) ?? [];
      const facts = optimizer && optimizerFacts(optimizer.optimizer);
      const rate = facts?.known === true ? largestStableRate(facts.facts, first("sharpness/batch")) : undefined;
      const asked: readonly (readonly [string, Prediction | undefined, number | undefined])[] = [
        ["parameters", model?.parameters, recorded?.parameters],
        ["operations of a forward pass", model?.operations, await countedOperations(script)],
        ["loss at step 0", model?.firstLoss, first("loss/train")],
        // The last layer's activation function may be part of the loss.
        ...(model?.signal.layers.slice(0, -1) ?? []).map(({ rms }, index) => {
          const name = weighted[index]?.path ?? "";
          return [`activation RMS of ${name}`, rms, first(`activation/rms@${name}`)] as const;
        }),
        ["largest learning rate stable at first", optimizer?.stableRate, rate],
      ];
      for (const [what, prediction, measured = NaN] of asked) {
        if (prediction?.known === true && !Number.isNaN(measured)) scores.push({ script, what, prediction, measured });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return scores;
}

async function inspect(script: string, folder: string): Promise<void> {
  const cli = process.env["ORRERY_CLI"] ?? path.join(root, "dist", "orrery.mjs");
  const options = ["--out", folder, "--budget", "30%", "--json"];
  await promisify(execFile)(process.execPath, [cli, ...options, "inspect", path.join(root, script)], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
}

/** Counted off the kernels that run; NaN for a script that compiles no model, whose kernels are not known one by one. */
async function countedOperations(script: string): Promise<number> {
  if (!script.startsWith(fixtures)) return NaN;
  const args = [`${fixtures}/countedOperations.mjs`, path.join(root, script)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return Number(stdout.trim().split("\n").at(-1));
}

function modelIn(reader: RunFileReader): ModelRecord | undefined {
  const records = reader.events(-1, 1000).flatMap(({ body }) => {
    const record = body === "" ? undefined : recordSchema.safeParse(JSON.parse(body)).data;
    return record?.t === "model" ? [record] : [];
  });
  return records[0];
}

/** `docs/almanac/text.md` */
export function textPage(scores: readonly TextScore[]): string {
  const held = scores.filter(isHeld).length;
  const row = ({ script, what, prediction: { value, low, high }, measured }: TextScore) => {
    if (low === high) return `| \`${script}\` | ${what} | ${value} | ${measured} |`;
    return `| \`${script}\` | ${what} | ${number(value)} [${number(low)}, ${number(high)}] | ${number(measured)} |`;
  };
  return `# Read off the text

Written by \`npm run almanac text\`. What was predicted of scripts before they ran, from their text alone: ${held} of ${scores.length} held.

| script | of | 10 %–90 % | measured | verdict |
|---|---|---|---|---|
${scores.map((score) => `${row(score)} ${isHeld(score) ? "held" : "broken"} |`).join("\n")}
`;
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}
