/** What a run says that a person would act on, at the line where they would. */
import { largestStableRate } from "../../analyses/beforeRun/stabilityCeiling.ts";
import { optimizerFacts } from "../../analyses/beforeRun/optimizerFacts.ts";
import type { OptimizerPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import type { SourceRange } from "../../source/places.ts";
import { edgeOfStability } from "../../theory/empirical/edgeOfStability.ts";
import { stabilityThreshold } from "../../theory/empirical/stabilityThreshold.ts";
import type { OptimizerFacts } from "../../theory/facts.ts";
import { firstLearningRate } from "../../theory/hyperparameters/firstLearningRate.ts";
import { stepZeroLoss } from "../../theory/solvable/stepZeroLoss.ts";
import { literalOf, recordedOptimizer, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineDiagnostic, InlineFinding, InlineFix } from "./inlineFinding.ts";
import type { InlineReading } from "./inlineRun.ts";
import { lawLink } from "./lawLink.ts";
import { digits, roundedDown } from "./runTexts.ts";

/** Times the stability limit beyond which L22 says that the loss spikes. */
const unstable = 1.5;

/** Half-widths of its interval from which on a miss is no chance: an honest interval is missed once in five times. */
const farOff = 2;

/** Steps in which the sharpness is still that of the start. */
const atFirst = 10;

export function runDiagnostics(context: InlineContext): readonly InlineFinding[] {
  const { speaking, predictions } = context;
  if (speaking === undefined) return [];
  return [
    ...predictions.optimizers.flatMap((each) => stabilityFindings(speaking, each, context)),
    ...firstLossFindings(speaking, context),
    ...evaluationFindings(speaking, context),
  ];
}

/** A run that diverged, at its optimizer; else a rate, as written now, that is beyond the limit at the sharpness that was measured. */
function stabilityFindings(
  speaking: SpeakingRun,
  { optimizer }: OptimizerPredictions,
  context: InlineContext,
): readonly InlineFinding[] {
  const record = recordedOptimizer(speaking, optimizer);
  const { run, name } = speaking;
  const sharpness = run.firstSharpness;
  if (record !== undefined && run.status === "diverged") {
    const limit = stabilityThreshold(record)?.value;
    const first =
      sharpness === undefined || limit === undefined
        ? ""
        : ` The sharpness at step ${sharpness.step}, ${digits(sharpness.value)}, was ${digits(sharpness.value / limit)} times what the learning rate allows.`;
    const message = `${capital(name)} diverged at step ${run.step}.${first}`;
    const fixes = sharpness === undefined ? [] : rateFixes(optimizer, record, sharpness, name);
    return [finding(optimizer.range, { severity: "warning", message, law: lawLink(firstLearningRate), fixes })];
  }
  // Of code that ran as it reads, the run itself has shown what became of it.
  if (record !== undefined || sharpness === undefined || sharpness.step > atFirst) return [];
  const literal = literalOf(optimizer.hyperparameters.learningRate);
  const now = optimizerFacts(optimizer);
  const limit = now.known ? stabilityThreshold(now.facts) : undefined;
  const isDescent = optimizer.kind === "sgd" || optimizer.kind === "momentum";
  if (!now.known || !isDescent || literal === undefined || limit === undefined) return [];
  if (sharpness.observable !== limit.observable || !isSameModel(speaking, context)) return [];
  const ratio = sharpness.value / limit.value;
  if (!(ratio > unstable) || optimizer.schedules.length > 0) return [];
  const message = `This learning rate is ${digits(ratio)} times the largest that is stable at the sharpness that ${name} measured at step ${sharpness.step}, ${digits(sharpness.value)}: the loss will rise before it falls, or diverge.`;
  const fixes = rateFixes(optimizer, now.facts, sharpness, name);
  return [finding(literal.range, { severity: "information", message, law: lawLink(firstLearningRate), fixes })];
}

/** The curvature at the start is the model's, whatever the optimizer: it holds while the one model reads as it did. */
function isSameModel({ run, sites }: SpeakingRun, { sketch }: InlineContext): boolean {
  const [model, ...others] = sketch.models;
  const isOne = model !== undefined && others.length === 0 && run.models.length === 1 && run.optimizers.length === 1;
  return isOne && sites.isUnchanged(model.range) && sketch.optimizers.length === 1;
}

/** Sets the learning rate to the largest that is stable at a sharpness, rounded down to three digits. */
function rateFixes(
  { hyperparameters }: OptimizerPredictions["optimizer"],
  facts: OptimizerFacts,
  sharpness: InlineReading,
  name: string,
): readonly InlineFix[] {
  const literal = literalOf(hyperparameters.learningRate);
  const rate = largestStableRate(facts, sharpness.value);
  if (literal === undefined || rate === undefined || !(rate < literal.value)) return [];
  const bound = Number.isNaN(sharpness.error) ? 0 : sharpness.error;
  const [low, high] = [sharpness.value + bound, sharpness.value - bound].map((each) =>
    roundedDown(largestStableRate(facts, each) ?? NaN),
  );
  const interval = low === high ? "" : ` (${low} to ${high})`;
  const text = roundedDown(rate);
  return [
    {
      title: `Set the learning rate to ${text}, the largest that is stable at the first sharpness of ${name}${interval}`,
      edits: [{ range: literal.range, text }],
    },
  ];
}

/** A first loss above its forecast, at the loss where the text has one only, else at the model. */
function firstLossFindings({ run }: SpeakingRun, { sketch }: InlineContext): readonly InlineFinding[] {
  const missed = run.verdicts.find(
    ({ law, high, verdict }) => law === stepZeroLoss.id && verdict.measured > high && verdict.error > farOff,
  );
  const [loss, ...otherLosses] = sketch.losses;
  const [model, ...otherModels] = sketch.models;
  const range =
    loss !== undefined && otherLosses.length === 0 ? loss.range : otherModels.length === 0 ? model?.range : undefined;
  if (missed === undefined || range === undefined) return [];
  const message = `${missed.verdict.reason} ${missed.statement}`;
  return [finding(range, { severity: "information", message, law: lawLink(stepZeroLoss), fixes: [] })];
}

/** Steps taken in evaluation mode, at the optimizer; where the text itself says so, that is said at the steps. */
function evaluationFindings(speaking: SpeakingRun, { sketch }: InlineContext): readonly InlineFinding[] {
  const { evaluation } = speaking.run;
  const ran = sketch.optimizers.filter((each) => recordedOptimizer(speaking, each) !== undefined);
  const [optimizer, ...others] = ran;
  if (evaluation === undefined || optimizer === undefined || others.length > 0) return [];
  if (sketch.trainings.some(({ evaluates }) => literalOf(evaluates) !== undefined)) return [];
  const message = `${capital(speaking.name)}: ${evaluation.text}`;
  return [finding(optimizer.range, { severity: "information", message, law: lawLink(edgeOfStability), fixes: [] })];
}

function finding(range: SourceRange, diagnostic: InlineDiagnostic): InlineFinding {
  return { range, facts: [], diagnostic, measured: true };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
