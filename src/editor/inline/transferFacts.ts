/** What a wider and a deeper network than the one in the text would need, in the hover over the model. */
import { askedByDepth, askedByWidth, type Asked } from "../../analyses/beforeRun/widthChange.ts";
import { modelOf } from "../../analyses/beforeRun/beforeRun.ts";
import { optimizerFacts } from "../../analyses/beforeRun/optimizerFacts.ts";
import type { ModelSketch, ResidualSketch } from "../../source/sketch/modelSketch.ts";
import { depthTransferLaw } from "../../theory/hyperparameters/depthTransferLaw.ts";
import { widthTransferLaw } from "../../theory/hyperparameters/widthTransferLaw.ts";
import type { InlineContext } from "./inlineContext.ts";
import type { InlineFact } from "./inlineFinding.ts";
import { lawLink } from "./lawLink.ts";
import { digits } from "./runTexts.ts";

/** Nothing where it is not known which optimizer trains the model, or no rule is known for that. */
export function transferFacts({ sketch }: InlineContext, model: ModelSketch): readonly InlineFact[] {
  const [index, ...others] = [...sketch.optimizers.keys()].filter((each) => modelOf(sketch, each) === model);
  const optimizer = index === undefined ? undefined : sketch.optimizers[index];
  const known = optimizer === undefined ? undefined : optimizerFacts(optimizer);
  if (others.length > 0 || known?.known !== true) return [];
  const { facts } = known;
  const wider = askedByWidth(facts, 2);
  const deeper = isStack(model) ? askedByDepth(facts, 2) : undefined;
  return [
    ...(wider === undefined
      ? []
      : [
          {
            what: "Twice as wide, for the same learning rate to be the best one",
            value: askedText(wider),
            method: "μP: factors on what this network has",
            assumptions: ["Fresh weights are drawn in proportion to 1/√inputs.", "Hidden layers alone grow."],
            law: lawLink(widthTransferLaw),
          },
        ]),
    ...(deeper === undefined
      ? []
      : [
          {
            what: "Twice as deep, for the same learning rate to be the best one",
            value: askedText(deeper),
            method: "CompleteP: factors on what this network has",
            assumptions: ["Blocks are normalized before they are entered."],
            law: lawLink(depthTransferLaw),
          },
        ]),
  ];
}

/** "the learning rate of hidden matrices ×0.5, ε ×0.5" */
function askedText(all: readonly Asked[]): string {
  return all.map(({ what, factor }) => `${what} ×${digits(factor)}`).join(", ");
}

/** Its blocks that are skipped; what is looked up in several tables and added is none. */
export function blocksOf({ layers, residuals }: ModelSketch): readonly ResidualSketch[] {
  return residuals.filter(({ first }) => layers[first]?.kind !== "embedding");
}

/** Whether it is made of blocks that are skipped, each normalized before it is entered. */
export function isStack(model: ModelSketch): boolean {
  const { layers, flow } = model;
  const blocks = blocksOf(model);
  if (!flow.known || blocks.length === 0) return false;
  return blocks.every(({ first, kind }) => kind === "identity" && layers[first]?.kind === "normalization");
}
