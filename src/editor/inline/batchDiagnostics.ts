/** A batch that was changed since the last run, while the optimizer was left as it was. */
import { optimizerOf } from "../../analyses/beforeRun/beforeRun.ts";
import type { Known } from "../../source/sketch/known.ts";
import type { Hyperparameters, TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { transferBatch, type OptimizerSetting } from "../../theory/hyperparameters/batchTransfer.ts";
import { batchTransferLaw } from "../../theory/hyperparameters/batchTransferLaw.ts";
import { literalOf, recordedOptimizer, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineEdit, InlineFinding } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { digits } from "./runTexts.ts";

/** What a change of the batch asks to be set anew, with the words for it. */
const settable = {
  learningRate: "the learning rate",
  beta1: "β₁",
  beta2: "β₂",
  rho: "ρ",
  weightDecay: "the weight decay",
} as const;

export function batchDiagnostics(context: InlineContext): readonly InlineFinding[] {
  const { speaking, sketch } = context;
  if (speaking === undefined || sketch.trainings.length !== 1) return [];
  return sketch.trainings.flatMap((training) => batchFinding(context, speaking, training));
}

function batchFinding(
  context: InlineContext,
  speaking: SpeakingRun,
  training: TrainingSketch,
): readonly InlineFinding[] {
  const literal = literalOf(training.batchLimit);
  const index = optimizerOf(context.sketch, training);
  const optimizer = index === undefined ? undefined : context.sketch.optimizers[index];
  const ran = speaking.run.data?.batch;
  if (literal === undefined || optimizer === undefined || ran === undefined) return [];
  // No batch has more examples than there are.
  const asked = Math.min(literal.value, speaking.run.data?.examples ?? Infinity);
  const batch = training.batchSize.known ? training.batchSize.value : asked;
  if (batch === ran) return [];
  // Of a line that reads as it did, the batch was another one for a reason that is not in the text.
  const record = speaking.sites.isUnchanged(literal.range) ? undefined : recordedOptimizer(speaking, optimizer);
  const [setting, ...otherGroups] = record?.groups ?? [];
  if (record === undefined || setting === undefined || otherGroups.length > 0) return [];
  const factor = batch / ran;
  const transfer = transferBatch(record.kind, setting, factor);
  const changed = `The batch is ${digits(factor)} times that of ${speaking.name}, and the optimizer is as it was.`;
  const law = lawLink(batchTransferLaw);
  if ("refusal" in transfer) {
    const message = `${changed} ${transfer.refusal}`;
    return [
      {
        range: literal.range,
        facts: [],
        diagnostic: { severity: "information", message, law, fixes: [] },
        measured: true,
      },
    ];
  }
  const changes = changesOf(optimizer.hyperparameters, setting, transfer.setting);
  const message = `${changed} For the same loss after as many examples: ${changes.map(({ text }) => text).join(", ")}.`;
  const edits = changes.flatMap(({ edit }) => edit ?? []);
  const title = `Set the optimizer for a batch of ${batch}`;
  const fixes = edits.length === changes.length ? [{ title, edits }] : [];
  return [
    { range: literal.range, facts: [], diagnostic: { severity: "information", message, law, fixes }, measured: true },
  ];
}

interface Change {
  readonly text: string;
  /** Absent where no literal of the text sets it. */
  readonly edit: InlineEdit | undefined;
}

function changesOf(read: Hyperparameters, before: OptimizerSetting, after: OptimizerSetting): readonly Change[] {
  return (Object.keys(settable) as (keyof typeof settable)[]).flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (from === undefined || to === undefined || from === to) return [];
    const value: Known<number> | undefined = read[name];
    const literal = literalOf(value);
    const written = String(Number(to.toPrecision(6)));
    const edit = literal && { range: literal.range, text: written };
    return [{ text: `${settable[name]} ${digits(to)} instead of ${digits(from)}`, edit }];
  });
}
