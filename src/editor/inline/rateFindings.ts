/** A learning rate that was changed since the last run, while the batch was left as it was: which batch it would suit. */
import { optimizerOf } from "../../analyses/beforeRun/beforeRun.ts";
import { optimizerFacts } from "../../analyses/beforeRun/optimizerFacts.ts";
import type { TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { batchRule, largestFactor } from "../../theory/hyperparameters/batchTransfer.ts";
import { batchTransferLaw } from "../../theory/hyperparameters/batchTransferLaw.ts";
import { literalOf, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineFinding } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { countText } from "./predictionTexts.ts";
import { digits } from "./runTexts.ts";

export function rateFindings(context: InlineContext): readonly InlineFinding[] {
  const { speaking, sketch } = context;
  if (speaking === undefined || sketch.trainings.length !== 1) return [];
  return sketch.trainings.flatMap((training) => rateFinding(context, speaking, training));
}

function rateFinding(
  { sketch }: InlineContext,
  { run, name, sites }: SpeakingRun,
  training: TrainingSketch,
): readonly InlineFinding[] {
  const index = optimizerOf(sketch, training);
  const optimizer = index === undefined ? undefined : sketch.optimizers[index];
  const literal = literalOf(optimizer?.hyperparameters.learningRate);
  const [record, ...otherRecords] = run.optimizers;
  const [setting, ...otherGroups] = record?.groups ?? [];
  const batch = run.data?.batch;
  if (optimizer === undefined || literal === undefined || record === undefined || setting === undefined) return [];
  if (otherRecords.length + otherGroups.length > 0 || batch === undefined || sites.isUnchanged(literal.range))
    return [];
  const now = optimizerFacts(optimizer);
  const isAlike = now.known && now.facts.kind === record.kind;
  const isBatchAsItWas = batchNow(training, run.data?.examples) === batch;
  const rule = batchRule(record.kind);
  const ratio = literal.value / setting.learningRate;
  // The rate of a run that diverged suited no batch.
  if (
    run.status === "diverged" ||
    !isAlike ||
    !isBatchAsItWas ||
    rule === undefined ||
    !(ratio > 0) ||
    Math.abs(ratio - 1) < 1e-6
  )
    return [];
  const factor = rule === "linear" ? ratio : ratio ** 2;
  const words = rule === "linear" ? "η ∝ B" : "η ∝ √B, and 1 − β ∝ B for the averages";
  const isTooMuch = !(factor < largestFactor(setting));
  const suited = Math.round(batch * factor);
  const isNone = isTooMuch || suited < 1;
  const value = isTooMuch
    ? "unknown: 1 − β would come to 1, so that no batch has this learning rate"
    : isNone
      ? "none: it would have less than one example"
      : `${countText(suited)} examples instead of ${countText(batch)}`;
  return [
    {
      range: literal.range,
      hint: isNone
        ? undefined
        : { at: literal.range.end, text: `×${digits(ratio)}: suits a batch of ${countText(suited)}` },
      facts: [
        {
          what: "Batch for the same loss after as many examples",
          value,
          method: `${words}, from ${digits(setting.learningRate)} in ${name}`,
          assumptions: [
            "Gradient noise outweighs the gradient at either batch.",
            `The learning rate of ${name} suited its batch.`,
          ],
          law: lawLink(batchTransferLaw),
          run: run.directory,
        },
      ],
      measured: true,
    },
  ];
}

/** What the text asks for, but no more than there are; undefined where it does not say. */
function batchNow({ batchSize, batchLimit }: TrainingSketch, examples = Infinity): number | undefined {
  if (batchSize.known) return batchSize.value;
  return batchLimit.known ? Math.min(batchLimit.value, examples) : undefined;
}
