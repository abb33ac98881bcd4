/** What is said beside learning rates, weight decays and batch sizes, and over calls that train. */
import { optimizerOf, trainingOf, type OptimizerPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import type { OptimizerRecord } from "../../probe/record.ts";
import type { TrainingSketch } from "../../source/sketch/trainingSketch.ts";
import { edgeOfStability } from "../../theory/empirical/edgeOfStability.ts";
import { noiseScale, stepRatio } from "../../theory/hyperparameters/noiseScale.ts";
import { measuredFact, predictedFact } from "./facts.ts";
import { literalOf, recordedOptimizer, restOfLine, type InlineContext, type Literal } from "./inlineContext.ts";
import type { InlineFact, InlineFinding } from "./inlineFinding.ts";
import { ceilingText, countText, stepsText } from "./predictionTexts.ts";
import { digits, noiseText, sharpnessText } from "./runTexts.ts";

export function trainingFindings(context: InlineContext): readonly InlineFinding[] {
  return context.sketch.trainings.flatMap((training) => {
    const index = optimizerOf(context.sketch, training);
    const predictions = index === undefined ? undefined : context.predictions.optimizers[index];
    if (predictions === undefined) return [];
    const { statement } = training;
    const text = ceilingText(predictions);
    const lens = text === "" ? undefined : { statement, text };
    return [{ range: restOfLine(context, statement), lens, facts: beforeFacts(predictions), measured: false }];
  });
}

export function optimizerFindings(context: InlineContext): readonly InlineFinding[] {
  return context.predictions.optimizers.flatMap((predictions, index) => {
    const record = context.speaking && recordedOptimizer(context.speaking, predictions.optimizer);
    return [
      ...learningRateFinding(context, predictions, record),
      ...weightDecayFinding(context, predictions, trainingOf(context.sketch, index), record),
    ];
  });
}

export function batchFindings({ sketch, speaking }: InlineContext): readonly InlineFinding[] {
  return sketch.trainings.flatMap((training): readonly InlineFinding[] => {
    const literal = literalOf(training.batchLimit);
    if (literal === undefined) return [];
    const smaller = smallerBatch(training);
    const alone = smaller.length === 0 ? [] : [{ range: literal.range, facts: smaller, measured: false }];
    const reading = speaking?.run.noiseScale;
    if (speaking === undefined || reading === undefined) return alone;
    const [text, ran] = [noiseText(speaking.run), speaking.run.data?.batch];
    if (text === "" || ran === undefined || !speaking.sites.isUnchanged(literal.range)) return alone;
    const doubled = digits(stepRatio(reading.value, 2 * ran, ran));
    const fact = measuredFact(speaking.placed, reading, {
      what: "Gradient noise scale, tr Σ/|G|²",
      value: `${digits(reading.value)} examples`,
      assumptions: [`By the law, twice the batch of ${ran} takes ${doubled} of the steps to the same loss.`],
      law: noiseScale,
    });
    return [
      {
        range: literal.range,
        hint: hintAfter(literal, `${text} after ${speaking.name}`, ran),
        facts: [fact, ...smaller],
        measured: true,
      },
    ];
  });
}

/** What is said of a batch that has fewer examples than the text asks for. */
function smallerBatch({ batchSize, batchLimit, examples }: TrainingSketch): readonly InlineFact[] {
  if (!batchSize.known || !batchLimit.known || batchSize.value >= batchLimit.value) return [];
  const all = examples.known ? `There are no more than ${countText(examples.value)} examples to train on.` : "";
  const value = `${countText(batchSize.value)} examples, not ${countText(batchLimit.value)}`;
  return [{ what: "Batch", value, uncertainty: "exact, read off the text", assumptions: all === "" ? [] : [all] }];
}

function learningRateFinding(
  { speaking }: InlineContext,
  predictions: OptimizerPredictions,
  record: OptimizerRecord | undefined,
): readonly InlineFinding[] {
  const literal = literalOf(predictions.optimizer.hyperparameters.learningRate);
  if (literal === undefined) return [];
  const facts = beforeFacts(predictions);
  const reading = speaking?.run.lastSharpness;
  const text = speaking === undefined ? "" : sharpnessText(speaking.run);
  if (speaking === undefined || reading === undefined || text === "" || record === undefined) {
    return [{ range: literal.range, facts, measured: false }];
  }
  const { threshold, firstSharpness } = speaking.run;
  const fact = measuredFact(speaking.placed, reading, {
    what: threshold?.observable === "sharpness/preconditioned" ? "Preconditioned sharpness" : "Sharpness on the batch",
    value: `${digits(reading.value)} of ${threshold?.formula ?? ""} = ${digits(threshold?.value ?? NaN)}`,
    assumptions: [
      "The limit is for the learning rate of the last step.",
      ...(firstSharpness === undefined
        ? []
        : [`It was ${digits(firstSharpness.value)} at step ${firstSharpness.step}.`]),
    ],
    law: edgeOfStability,
  });
  const early = reading.step < speaking.run.step / 2;
  const when = early ? `at step ${reading.step} of ${speaking.name}` : `after ${speaking.name}`;
  const ran = record.schedule === "constant" ? record.groups[0]?.learningRate : undefined;
  return [
    { range: literal.range, hint: hintAfter(literal, `${text} ${when}`, ran), facts: [fact, ...facts], measured: true },
  ];
}

function weightDecayFinding(
  { speaking }: InlineContext,
  { optimizer, decayTimescale }: OptimizerPredictions,
  training: TrainingSketch | undefined,
  record: OptimizerRecord | undefined,
): readonly InlineFinding[] {
  const literal = literalOf(optimizer.hyperparameters.weightDecay);
  if (literal === undefined || decayTimescale === undefined) return [];
  const steps = training?.steps;
  const length = steps?.known === true ? [`The text trains for ${stepsText(steps.value)}.`] : [];
  const predicted = predictedFact("Timescale of weight decay", decayTimescale, stepsText);
  const facts: InlineFact[] = [{ ...predicted, assumptions: [...predicted.assumptions, ...length] }];
  const group = record?.groups[0];
  if (speaking === undefined || group === undefined) {
    return [{ range: literal.range, facts, measured: false }];
  }
  const timescale = 1 / (group.learningRate * (group.weightDecay ?? 0));
  if (!Number.isFinite(timescale)) return [{ range: literal.range, facts, measured: false }];
  const text = `τ = ${digits(timescale)} of ${digits(speaking.run.step)} steps after ${speaking.name}`;
  return [{ range: literal.range, hint: hintAfter(literal, text, group.weightDecay), facts, measured: true }];
}

function beforeFacts({ ceiling, stableRate, largestMap }: OptimizerPredictions): readonly InlineFact[] {
  return [
    predictedFact("Largest stable sharpness", ceiling, digits),
    ...(stableRate === undefined
      ? []
      : [predictedFact("Largest learning rate that is stable at first", stableRate, digits)]),
    ...(largestMap === undefined
      ? []
      : [predictedFact("Largest singular value of a linear map that it can rest at", largestMap, digits)]),
  ];
}

/** A command line, or code that was not followed, may have put another value there: then the hint says which one ran. */
function hintAfter(literal: Literal<number>, text: string, ran: number | undefined) {
  const other = ran !== undefined && Math.abs(ran - literal.value) > 1e-6 * Math.abs(literal.value);
  return { at: literal.range.end, text: `${other ? `ran at ${digits(ran)}: ` : ""}${text}` };
}
