/** Reads off a script's text what it trains and how, without running it. */
import type { SourceLanguage } from "./grammar.ts";
import { followRest } from "./interpret/followRest.ts";
import { TooLong } from "./interpret/reading.ts";
import { putTogether } from "./interpret/putTogether.ts";
import { Scope } from "./interpret/scope.ts";
import type { Syntax } from "./interpret/syntax.ts";
import { JavaScriptEvaluator } from "./javascript/javascriptEvaluator.ts";
import { PythonEvaluator } from "./python/pythonEvaluator.ts";
import type { SourceSketch } from "./sketch/sourceSketch.ts";
import { TensorFlowLibrary } from "./tensorflow/tensorflowLibrary.ts";
import { TorchLibrary } from "./torch/torchLibrary.ts";

/** Undefined where the script takes more work to follow than anything that people write by hand. */
export function sketchSource(root: Syntax, language: SourceLanguage): SourceSketch | undefined {
  try {
    return language === "python" ? sketchPython(root) : sketchJavaScript(root);
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    throw error;
  }
}

function sketchJavaScript(root: Syntax): SourceSketch {
  const evaluator = new JavaScriptEvaluator((reading) => new TensorFlowLibrary(reading));
  evaluator.execute(root.namedChildren, new Scope(undefined, true), { returned: [] });
  followRest(evaluator.reading);
  return putTogether("tensorflowjs", evaluator.reading);
}

function sketchPython(root: Syntax): SourceSketch {
  const evaluator = new PythonEvaluator((reading) => new TorchLibrary(reading));
  evaluator.execute(root.namedChildren, new Scope(undefined, true), { returned: [] });
  followRest(evaluator.reading);
  return putTogether("pytorch", evaluator.reading);
}
