/** What is said at a layer's end: what became of its representation and of its weights in the last run. */
import type { SourcePosition } from "../../source/places.ts";
import type { LayerSketch } from "../../source/sketch/layerSketch.ts";
import { signalAtInitialization } from "../../theory/limits/signalAtInitialization.ts";
import { deadUnits } from "../../theory/universality/deadUnits.ts";
import { measuredFact } from "./facts.ts";
import { restOfLine, type InlineContext, type SpeakingRun } from "./inlineContext.ts";
import type { InlineDiagnostic, InlineFact, InlineFinding } from "./inlineFinding.ts";
import type { InlineModule, InlineReading } from "./inlineRun.ts";
import { lawLink } from "./lawLink.ts";
import { digits, layersText, percent } from "./runTexts.ts";

/** Share of a layer's units from which on their being dead is worth acting on. */
const manyDead = 0.5;

/** Part of the relative update of half of the layers below which a layer does not learn with the others. */
const vanished = 1e-3;

/** Paragraphs in one hover; of a line that makes more layers, the first ones are told. */
const mostLayers = 4;

const words: Readonly<
  Record<string, { readonly what: string; value(reading: InlineReading, module: InlineModule): string }>
> = {
  "activation/effectiveRank": {
    what: "effective rank",
    value: ({ value }, { units }) => (units === undefined ? digits(value) : `${digits(value)} of ${units}`),
  },
  "activation/deadFraction": { what: "dead units", value: ({ value }) => `${percent(value)} %` },
  "activation/rms": { what: "activation RMS", value: ({ value }) => digits(value) },
  "update/relative": { what: "relative size of an update", value: ({ value }) => digits(value) },
};

/** One for each place that made layers of which something was measured. */
export function layerFindings(context: InlineContext): readonly InlineFinding[] {
  const { speaking } = context;
  if (speaking === undefined) return [];
  const modules = speaking.run.models.flatMap((model) => model.modules).filter((module) => layersText([module]) !== "");
  const places = Map.groupBy(modules, ({ source }) => JSON.stringify(speaking.sites.at(source)));
  return [...places].flatMap(([, made]) => {
    const [first] = made;
    const position = first && speaking.sites.at(first.source);
    if (first === undefined || position === undefined) return [];
    return [layerFinding(context, speaking, made, position)];
  });
}

function layerFinding(
  context: InlineContext,
  speaking: SpeakingRun,
  made: readonly InlineModule[],
  position: SourcePosition,
): InlineFinding {
  const layers: readonly LayerSketch[] = context.sketch.models.flatMap((model) => model.layers);
  const range = speaking.sites.among(made[0]?.source, layers)?.range ?? restOfLine(context, position);
  return {
    range,
    hint: { at: range.end, text: layersText(made) },
    facts: made.slice(0, mostLayers).flatMap((module) => factsOf(module, speaking)),
    diagnostic: deadDiagnostic(made, speaking) ?? stillDiagnostic(made, speaking),
    measured: true,
  };
}

function factsOf(module: InlineModule, { placed }: SpeakingRun): InlineFact[] {
  return Object.entries(module.readings).flatMap(([base, reading]) => {
    const known = words[base];
    if (known === undefined) return [];
    return [
      measuredFact(placed, reading, { what: `${module.path}: ${known.what}`, value: known.value(reading, module) }),
    ];
  });
}

/** A layer whose updates are next to none beside those of the others; one that does not move at all may be frozen on purpose. */
function stillDiagnostic(made: readonly InlineModule[], { run, name }: SpeakingRun): InlineDiagnostic | undefined {
  const all = run.models.flatMap(({ modules }) => modules.flatMap(({ readings }) => readings["update/relative"] ?? []));
  const half = all.map(({ value }) => value).toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? NaN;
  const still = made.flatMap(({ path, readings }) => {
    const reading = readings["update/relative"];
    return reading !== undefined && reading.value > 0 && reading.value < vanished * half ? [{ path, reading }] : [];
  });
  const [worst] = still.toSorted((one, other) => one.reading.value - other.reading.value);
  if (worst === undefined) return undefined;
  const { path, reading } = worst;
  return {
    severity: "information",
    message: `${path} hardly learns: its update at step ${reading.step} of ${name} was ${digits(reading.value)} of its size, and half of the layers move by ${digits(half)} or more. An initialization that lets gradients through, a normalization or a skip connection brings it along.`,
    law: lawLink(signalAtInitialization),
    fixes: [],
  };
}

function deadDiagnostic(made: readonly InlineModule[], { name }: SpeakingRun): InlineDiagnostic | undefined {
  const dead = made.flatMap((module) => {
    const reading = module.readings["activation/deadFraction"];
    return reading !== undefined && reading.value >= manyDead ? [{ module, reading }] : [];
  });
  const [worst] = dead.toSorted((one, other) => other.reading.value - one.reading.value);
  if (worst === undefined) return undefined;
  const { module, reading } = worst;
  const sample = reading.sample === undefined ? "the batch" : `all ${reading.sample.toLocaleString("en-US")} examples`;
  return {
    severity: "information",
    message: `${percent(reading.value)} % of the units of ${module.path} were zero on ${sample} at step ${reading.step} of ${name}: they get no gradient. A smaller learning rate, or another activation function, keeps them alive.`,
    law: lawLink(deadUnits),
    fixes: [],
  };
}
