/** What is said over a model, and of its initialization. */
import type { ModelPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import { exactly } from "../../analyses/beforeRun/prediction.ts";
import { stepZeroLoss } from "../../theory/solvable/stepZeroLoss.ts";
import { measuredFact, predictedFact } from "./facts.ts";
import { restOfLine, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineFact, InlineFinding } from "./inlineFinding.ts";
import type { InlineModel } from "./inlineRun.ts";
import { bytesText, countText, depthText, lossText, modelText, operationsText } from "./predictionTexts.ts";
import { digits } from "./runTexts.ts";
import { transferFacts } from "./transferFacts.ts";

/** One for each model of the text, on the line that it begins on. */
export function modelFindings(context: InlineContext): readonly InlineFinding[] {
  return context.predictions.models.map((read) => {
    const recorded = context.speaking && recordedModel(context.speaking, read, context);
    const text = modelText(recorded === undefined ? read : { ...read, parameters: exactly(recorded.parameters, "") });
    const { statement } = read.model;
    return {
      range: restOfLine(context, statement),
      lens: text === "" ? undefined : { statement, text },
      facts: [
        parametersFact(read, recorded, context),
        ...predictedFacts(read),
        ...firstLossFacts(context, recorded),
        ...transferFacts(context, read.model),
      ],
      measured: recorded !== undefined,
    };
  });
}

/** What the run recorded of a model: by where it was made, or by the name of its class, which is made elsewhere. */
function recordedModel(
  { run, sites }: SpeakingRun,
  { model }: ModelPredictions,
  { sketch }: InlineContext,
): InlineModel | undefined {
  return run.models.find(({ source, name }) => {
    const made = sites.among(source, sketch.models);
    if (made !== undefined) return made === model;
    return name === model.name && model.form === "module" && sites.isUnchanged(model.range);
  });
}

/** As the run counted them, where it did. */
function parametersFact(
  { parameters }: ModelPredictions,
  recorded: InlineModel | undefined,
  { speaking }: InlineContext,
): InlineFact {
  if (recorded === undefined || speaking === undefined) return predictedFact("Parameters", parameters, countText);
  const value = `${countText(recorded.parameters)} in ${speaking.name}`;
  return { what: "Parameters", value, uncertainty: "exact", assumptions: [], run: speaking.run.directory };
}

function predictedFacts({ memory, operations, firstLoss, signal }: ModelPredictions): InlineFact[] {
  const { gain, usableDepth, stream } = signal;
  return [
    predictedFact("Outputs of all layers, an example", memory, bytesText),
    predictedFact("Forward pass, an example", operations, operationsText),
    ...(firstLoss === undefined ? [] : [predictedFact("Loss at step 0", firstLoss, lossText)]),
    predictedFact("Gradient from the last layer to the first", gain, timesText),
    ...(stream === undefined
      ? []
      : [predictedFact("What blocks make of the stream that they add to", stream, timesText)]),
    ...(usableDepth === undefined ? [] : [predictedFact("Depth that would train", usableDepth, depthText)]),
  ];
}

function firstLossFacts({ speaking }: InlineContext, recorded: InlineModel | undefined): InlineFact[] {
  const reading = speaking?.run.firstLoss;
  if (speaking === undefined || recorded === undefined || reading?.step !== 0 || speaking.run.models.length > 1)
    return [];
  return [
    measuredFact(speaking.placed, reading, { what: "Loss at step 0", value: digits(reading.value), law: stepZeroLoss }),
  ];
}

function timesText(value: number): string {
  return `×${digits(value)}`;
}
