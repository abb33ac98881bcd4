/** Reads off a script's text what it trains and how, without running it. */
import type { SourceLanguage } from "./grammar.ts";
import type { Evaluator } from "./interpret/evaluator.ts";
import { Fingerprints } from "./interpret/fingerprints.ts";
import { followRest, NotIndependent } from "./interpret/followRest.ts";
import { Groups } from "./interpret/groups.ts";
import { linksOf, type Memo } from "./interpret/memo.ts";
import { TooLong } from "./interpret/reading.ts";
import { putTogether } from "./interpret/putTogether.ts";
import { Scope } from "./interpret/scope.ts";
import type { Syntax } from "./interpret/syntax.ts";
import { Cell, type Value } from "./interpret/value.ts";
import { JavaScriptEvaluator } from "./javascript/javascriptEvaluator.ts";
import { PythonEvaluator } from "./python/pythonEvaluator.ts";
import type { Framework, SourceSketch } from "./sketch/sourceSketch.ts";
import { TensorFlowLibrary } from "./tensorflow/tensorflowLibrary.ts";
import { TorchLibrary } from "./torch/torchLibrary.ts";

/**
 * Undefined where the script takes more work to follow than anything that people write by hand. `memo` is what was found in the same
 * text before an edit; afterwards, what is found in this one.
 */
export function sketchSource(root: Syntax, language: SourceLanguage, memo: Memo): SourceSketch | undefined {
  try {
    return sketch(root, language, memo);
  } catch (error) {
    memo.clear();
    if (error instanceof NotIndependent) return sketchSource(root, language, memo);
    if (error instanceof TooLong) return undefined;
    throw error;
  } finally {
    Cell.watch = undefined;
  }
}

interface Reader {
  readonly framework: Framework;
  readonly evaluator: Evaluator;
  readonly library: {
    /** The full name of what a framework provides. */
    provided(value: Value): string | undefined;
    /** What it remembers of the script itself. */
    readonly state: string;
  };
}

function readerOf(language: SourceLanguage): Reader {
  if (language === "python") {
    const evaluator = new PythonEvaluator((reading) => new TorchLibrary(reading));
    return { framework: "pytorch", evaluator, library: evaluator.library };
  }
  const evaluator = new JavaScriptEvaluator((reading) => new TensorFlowLibrary(reading));
  return { framework: "tensorflowjs", evaluator, library: evaluator.library };
}

function sketch(root: Syntax, language: SourceLanguage, memo: Memo): SourceSketch {
  const { framework, evaluator, library } = readerOf(language);
  const { reading } = evaluator;
  evaluator.execute(root.namedChildren, new Scope(undefined, true, undefined, reading.names), { returned: [] });
  const groups = new Groups(reading);
  const fingerprints = new Fingerprints(reading, root, (value) => library.provided(value));
  memo.begin(root, groups.all, fingerprints, `${reading.trainings.length > 0} ${library.state}`);
  followRest(groups, memo);
  const result = putTogether(framework, groups);
  const recalled = new Set(groups.recalled.map(({ section }) => section));
  const { followed } = groups;
  for (const group of followed)
    for (const each of linksOf(group, fingerprints)) if (recalled.has(each)) throw new NotIndependent();
  memo.keep(followed, fingerprints, groups.parts);
  return result;
}
