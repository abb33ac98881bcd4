/** A network that was made wider or deeper since the last run, while the optimizer was left as it was. */
import { modelOf } from "../../analyses/beforeRun/beforeRun.ts";
import { askedByDepth, askedByWidth } from "../../analyses/beforeRun/widthChange.ts";
import { branchMultiplier } from "../../theory/hyperparameters/depthTransfer.ts";
import type { LayerSketch } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { OptimizerRecord } from "../../probe/record.ts";
import { depthTransferLaw } from "../../theory/hyperparameters/depthTransferLaw.ts";
import { widthTransferLaw } from "../../theory/hyperparameters/widthTransferLaw.ts";
import { literalOf, recordedOptimizer, restOfLine, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineFinding, InlineFix } from "./inlineFinding.ts";
import type { InlineModel } from "./inlineRun.ts";
import { lawLink } from "./lawLink.ts";
import { digits } from "./runTexts.ts";
import { blocksOf, isStack } from "./transferFacts.ts";
import { widthFixes, type GrownLayer } from "./widthFixes.ts";

/** Blocks over those before, or the other way round, from which on a network is another one in depth. */
const leastDeeper = 1.2;

export function growthDiagnostics(context: InlineContext): readonly InlineFinding[] {
  const { speaking, sketch } = context;
  const [recorded, ...otherModels] = speaking?.run.models ?? [];
  if (speaking === undefined || recorded === undefined || otherModels.length > 0) return [];
  return sketch.optimizers.flatMap((optimizer, index) => {
    const model = modelOf(sketch, index);
    const record = recordedOptimizer(speaking, optimizer);
    // A rate that is computed may go with the width already, and groups may have rates of their own for that.
    const isSet = literalOf(optimizer.hyperparameters.learningRate) !== undefined;
    if (model === undefined || record?.groups.length !== 1 || !isSet || optimizer.groups.length > 0) return [];
    const fixes = (grown: readonly GrownLayer[], factor: number) =>
      widthFixes(context, { model, optimizer }, grown, factor);
    return [
      ...widthFinding(speaking, model, recorded, record, fixes),
      ...depthFinding(context, model, recorded, record),
    ];
  });
}

function widthFinding(
  speaking: SpeakingRun,
  model: ModelSketch,
  recorded: InlineModel,
  record: OptimizerRecord,
  fixesOf: (layers: readonly GrownLayer[], factor: number) => readonly InlineFix[],
): readonly InlineFinding[] {
  const grown = widthGrowth(model, recorded);
  if (grown === undefined) return [];
  const literal = literalOf(grown.layer.units);
  const asked = askedByWidth(record, grown.factor);
  if (literal === undefined || speaking.sites.isUnchanged(literal.range) || asked === undefined) return [];
  const rate = record.groups[0]?.learningRate ?? NaN;
  const texts = asked.map(({ what, factor }) =>
    what.startsWith("the learning rate of ") ? `${what} ${digits(factor * rate)}` : `${what} ×${digits(factor)}`,
  );
  const message = `The network is ${digits(grown.factor)} times as wide as that of ${speaking.name}, and its optimizer is as it was. With the learning rates of μP, which suit all widths alike: ${texts.join(", ")}.`;
  const law = lawLink(widthTransferLaw);
  const diagnostic = { severity: "information", message, law, fixes: fixesOf(grown.layers, grown.factor) } as const;
  return [{ range: literal.range, facts: [], diagnostic, measured: true }];
}

/** By how much all layers but the last have grown that have grown at all, and one of them; undefined where they differ otherwise. */
function widthGrowth(model: ModelSketch, { modules }: InlineModel) {
  const now = withUnits(model);
  const then = modules.flatMap(({ units }) => units ?? []);
  if (now.length !== then.length || now.length < 2) return undefined;
  const ratios = now.map(({ units }, index) => (units.known ? units.value / (then[index] ?? NaN) : NaN));
  const [factor, ...unlike] = new Set(ratios.filter((ratio) => ratio !== 1));
  if (factor === undefined || !(factor > 0) || unlike.length > 0 || ratios.at(-1) !== 1) return undefined;
  const layer = now[ratios.indexOf(factor)];
  return layer && { factor, layer, layers: now.map((each, index) => ({ layer: each, ratio: ratios[index] ?? NaN })) };
}

function withUnits({ layers }: ModelSketch) {
  return layers.filter(
    (layer): layer is Extract<LayerSketch, { kind: "dense" | "convolution" }> =>
      (layer.kind === "dense" || layer.kind === "convolution") && layer.sharedWith === undefined,
  );
}

function depthFinding(
  context: InlineContext,
  model: ModelSketch,
  recorded: InlineModel,
  record: OptimizerRecord,
): readonly InlineFinding[] {
  const factor = depthGrowth(model, recorded);
  const asked = factor === undefined ? undefined : askedByDepth(record, factor);
  const { speaking } = context;
  if (factor === undefined || asked === undefined || speaking === undefined) return [];
  const message = `The network has ${digits(factor)} times the blocks of that of ${speaking.name}, and its optimizer is as it was. With CompleteP, for which one learning rate suits all depths: ${asked.map((each) => `${each.what} ×${digits(each.factor)}`).join(", ")}.`;
  const fixes = branchFixes(model, branchMultiplier({ width: 1, depth: factor }));
  const diagnostic = { severity: "information", message, law: lawLink(depthTransferLaw), fixes } as const;
  return [{ range: restOfLine(context, model.statement), facts: [], diagnostic, measured: true }];
}

/** Blocks over those that ran; undefined where that does not follow from how many layers there are. */
function depthGrowth(model: ModelSketch, { modules }: InlineModel): number | undefined {
  if (!isStack(model)) return undefined;
  const { layers } = model;
  const blocks = blocksOf(model);
  const isWithUnits = (layer: LayerSketch | undefined) => layer?.kind === "dense" || layer?.kind === "convolution";
  const sizes = new Set(blocks.map(({ first, last }) => layers.slice(first, last + 1).filter(isWithUnits).length));
  const [size, ...unlike] = sizes;
  if (size === undefined || size === 0 || unlike.length > 0) return undefined;
  const then = modules.filter(({ units }) => units !== undefined).length;
  const before = blocks.length - (withUnits(model).length - then) / size;
  const factor = blocks.length / before;
  if (!Number.isInteger(before) || before < 1) return undefined;
  return factor >= leastDeeper || factor <= 1 / leastDeeper ? factor : undefined;
}

/** Where one literal multiplies all branches, that times the factor. */
function branchFixes(model: ModelSketch, factor: number): readonly InlineFix[] {
  const literals = blocksOf(model).map(({ scale }) => literalOf(scale));
  const [one] = literals;
  const isOne =
    one !== undefined && literals.every((each) => JSON.stringify(each?.range) === JSON.stringify(one.range));
  if (!isOne) return [];
  const text = String(Number((one.value * factor).toPrecision(6)));
  return [
    { title: `Multiply what each block adds by ${text}, as CompleteP asks`, edits: [{ range: one.range, text }] },
  ];
}
