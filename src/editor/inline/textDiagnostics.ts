/** What the text alone says that a person would act on before they run it. */
import { trainingOf, type ModelPredictions, type OptimizerPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import { stepsOf } from "../../analyses/beforeRun/decayTimescale.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import { weightEquilibrium } from "../../theory/hyperparameters/weightEquilibrium.ts";
import { literalOf, restOfLine, type InlineContext } from "./inlineContext.ts";
import type { InlineFinding, InlineFix } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { stepsText } from "./predictionTexts.ts";
import { digits } from "./runTexts.ts";

/** A gradient that shrinks or grows by more than this over the stack is the initialization's fault. */
const mostGain = 100;

/** Parts of training, as T·η·λ, below which weight decay hardly acts. */
const leastDecay = 0.01;

export function textDiagnostics(context: InlineContext): readonly InlineFinding[] {
  const { models, optimizers } = context.predictions;
  return [
    ...models.flatMap((each) => initializationFinding(context, each)),
    ...optimizers.flatMap((each, index) => decayFinding(context, each, index)),
  ];
}

/** A stack that is deeper than its initialization lets signals through. */
function initializationFinding(context: InlineContext, { model, signal }: ModelPredictions): readonly InlineFinding[] {
  const { gain, usableDepth, depth } = signal;
  if (!gain.known || usableDepth?.known !== true || depth - 1 <= usableDepth.value) return [];
  if (gain.high > 1 / mostGain && gain.low < mostGain) return [];
  const word = gain.value < 1 ? "shrink" : "grow";
  return [
    {
      range: restOfLine(context, model.statement),
      facts: [],
      diagnostic: {
        severity: "information",
        message: `At initialization gradients ${word} to ×${digits(gain.value)} over ${depth} layers; with these initializers about ${digits(usableDepth.value)} layers would train.`,
        law: lawLink(signalAtInitialization),
        fixes: initializerFixes(
          context,
          signal.layers.map(({ layer }) => layer),
        ),
      },
      measured: false,
    },
  ];
}

/** TensorFlow.js's initializers are named in strings; `heUniform` is at the critical point of rectifiers, which `heNormal` is not. */
function initializerFixes(
  { sketch, lines }: InlineContext,
  layers: ModelPredictions["signal"]["layers"][number]["layer"][],
): readonly InlineFix[] {
  if (sketch.framework !== "tensorflowjs") return [];
  const edits = layers.flatMap(({ sketch: { kernelInitializer }, signal }) => {
    const { range, name } = kernelInitializer;
    if (range === undefined || range.start.line !== range.end.line || signal.activation !== "relu") return [];
    const written = lines[range.start.line]?.slice(range.start.column, range.end.column) ?? "";
    const quote = written.charAt(0);
    const isName = ['"', "'", "`"].includes(quote) && written === `${quote}${name}${quote}`;
    return isName && name !== "heUniform" ? [{ range, text: `${quote}heUniform${quote}` }] : [];
  });
  return edits.length === 0
    ? []
    : [{ title: "Initialize the rectifiers' weights by heUniform, of critical gain", edits }];
}

/** Weight decay that is written down and does next to nothing in the training that is. */
function decayFinding(
  { sketch }: InlineContext,
  { optimizer, decayTimescale }: OptimizerPredictions,
  index: number,
): readonly InlineFinding[] {
  const literal = literalOf(optimizer.hyperparameters.weightDecay);
  const training = trainingOf(sketch, index);
  const steps = training && stepsOf(training);
  if (literal === undefined || decayTimescale?.known !== true || steps?.known !== true) return [];
  if (!(steps.value / decayTimescale.value < leastDecay)) return [];
  return [
    {
      range: literal.range,
      facts: [],
      diagnostic: {
        severity: "hint",
        message: `This weight decay hardly acts: it takes τ = 1/(ηλ) = ${stepsText(decayTimescale.value)} for weights to forget where they began, and training lasts ${stepsText(steps.value)}.`,
        law: lawLink(weightEquilibrium),
        fixes: [],
      },
      measured: false,
    },
  ];
}
