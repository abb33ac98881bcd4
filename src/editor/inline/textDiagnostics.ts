/** What the text alone says that a person would act on before they run it. */
import { trainingOf, type ModelPredictions, type OptimizerPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import { firstLearningRate } from "../../theory/hyperparameters/firstLearningRate.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import { weightEquilibrium } from "../../theory/hyperparameters/weightEquilibrium.ts";
import { literalOf, restOfLine, type InlineContext } from "./inlineContext.ts";
import type { InlineFinding, InlineFix } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { stepsText } from "./predictionTexts.ts";
import { digits, roundedDown } from "./runTexts.ts";

/** A gradient that shrinks or grows by more than this over the stack is the initialization's fault. */
const mostGain = 100;

/** Parts of training, as T·η·λ, below which weight decay hardly acts. */
const leastDecay = 0.01;

/** Parts of a pass over the data, as τ over its steps, below which weights forget what they have just seen. */
const leastMemory = 0.1;

/** Times the stability limit beyond which L22 says that the loss spikes. */
const unstable = 1.5;

export function textDiagnostics(context: InlineContext): readonly InlineFinding[] {
  const { models, optimizers } = context.predictions;
  return [
    ...models.flatMap((each) => initializationFinding(context, each)),
    ...optimizers.flatMap((each, index) => decayFinding(context, each, index)),
    ...(context.speaking === undefined ? optimizers.flatMap(rateFinding) : []),
  ];
}

/** A rate beyond all that may be stable at first; once a run has measured the sharpness, that is what counts. */
function rateFinding({ optimizer, stableRate }: OptimizerPredictions): readonly InlineFinding[] {
  const literal = literalOf(optimizer.hyperparameters.learningRate);
  if (literal === undefined || stableRate?.known !== true || optimizer.schedules.length > 0) return [];
  if (!(literal.value > unstable * stableRate.high)) return [];
  const text = roundedDown(stableRate.low);
  const interval = `${digits(stableRate.low)} to ${digits(stableRate.high)}`;
  return [
    {
      range: literal.range,
      facts: [],
      diagnostic: {
        severity: "information",
        message: `Of standardized inputs the largest learning rate that is stable at first is estimated to lie at ${interval}: at this one the loss will rise before it falls, or diverge.`,
        law: lawLink(firstLearningRate),
        fixes: [
          {
            title: `Set the learning rate to ${text}, stable at any first sharpness that is expected (${interval})`,
            edits: [{ range: literal.range, text }],
          },
        ],
      },
      measured: false,
    },
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
        fixes: initializerFixes(context, signal.layers),
      },
      measured: false,
    },
  ];
}

/** TensorFlow.js's initializers are named in strings; `heUniform` is at the critical point of rectifiers, which `heNormal` is not. */
function initializerFixes(
  { sketch, lines }: InlineContext,
  layers: ModelPredictions["signal"]["layers"],
): readonly InlineFix[] {
  if (sketch.framework !== "tensorflowjs") return [];
  const edits = layers.flatMap(({ layer, activation }) => {
    if (layer.kind !== "dense" && layer.kind !== "convolution") return [];
    const { range, name } = layer.kernelInitializer;
    if (range === undefined || range.start.line !== range.end.line || activation !== "relu") return [];
    const written = lines[range.start.line]?.slice(range.start.column, range.end.column) ?? "";
    const quote = written.charAt(0);
    const isName = ['"', "'", "`"].includes(quote) && written === `${quote}${name}${quote}`;
    return isName && name !== "heUniform" ? [{ range, text: `${quote}heUniform${quote}` }] : [];
  });
  return edits.length === 0
    ? []
    : [{ title: "Initialize the rectifiers' weights by heUniform, of critical gain", edits }];
}

/** Weight decay that is written down and does next to nothing in the training that is, or makes weights forget at once. */
function decayFinding(
  { sketch }: InlineContext,
  { optimizer, decayTimescale }: OptimizerPredictions,
  index: number,
): readonly InlineFinding[] {
  const literal = literalOf(optimizer.hyperparameters.weightDecay);
  const training = trainingOf(sketch, index);
  const steps = training?.steps;
  if (literal === undefined || decayTimescale?.known !== true || steps?.known !== true) return [];
  const timescale = decayTimescale.value;
  const pass = training?.epochs.known === true ? steps.value / training.epochs.value : NaN;
  const law = lawLink(weightEquilibrium);
  if (steps.value / timescale < leastDecay) {
    const message = `This weight decay hardly acts: it takes τ = 1/(ηλ) = ${stepsText(timescale)} for weights to forget where they began, and training lasts ${stepsText(steps.value)}.`;
    return [
      { range: literal.range, facts: [], diagnostic: { severity: "hint", message, law, fixes: [] }, measured: false },
    ];
  }
  if (timescale < leastMemory * pass) {
    const message = `This weight decay acts at once: weights forget within τ = 1/(ηλ) = ${stepsText(timescale)} what they have learned, and a pass over the data takes ${stepsText(pass)}.`;
    return [
      { range: literal.range, facts: [], diagnostic: { severity: "hint", message, law, fixes: [] }, measured: false },
    ];
  }
  return [];
}
