/** Everything that is said beside the lines of one text. */
import type { SourceSketch } from "../../source/sketch/sourceSketch.ts";
import { batchDiagnostics } from "./batchDiagnostics.ts";
import { batchFindings, optimizerFindings, trainingFindings } from "./hyperparameterFindings.ts";
import { growthDiagnostics } from "./growthDiagnostics.ts";
import { inlineContext } from "./inlineContext.ts";
import type { InlineFinding } from "./inlineFinding.ts";
import { layerFindings } from "./layerFindings.ts";
import { layerPredictions } from "./layerPredictions.ts";
import { modeDiagnostics } from "./modeDiagnostics.ts";
import { modelFindings } from "./modelFindings.ts";
import type { PlacedRun } from "./placedRun.ts";
import { rateFindings } from "./rateFindings.ts";
import { runDiagnostics } from "./runDiagnostics.ts";
import { textDiagnostics } from "./textDiagnostics.ts";

/** @param placed the run that speaks of the text, if any */
export function inlineFindings(
  sketch: SourceSketch,
  text: string,
  placed: PlacedRun | undefined,
): readonly InlineFinding[] {
  const context = inlineContext(sketch, text, placed);
  return [
    ...modelFindings(context),
    ...trainingFindings(context),
    ...optimizerFindings(context),
    ...batchFindings(context),
    ...rateFindings(context),
    ...layerFindings(context),
    ...layerPredictions(context),
    ...runDiagnostics(context),
    ...batchDiagnostics(context),
    ...growthDiagnostics(context),
    ...textDiagnostics(context),
    ...modeDiagnostics(context),
  ];
}
