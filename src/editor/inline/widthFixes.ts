/** What puts the wider network of a PyTorch script into the maximal-update parametrization: groups of parameters with rates of their own. */
import type { SourceRange } from "../../source/places.ts";
import type { ConvolutionLayer, DenseLayer } from "../../source/sketch/layerSketch.ts";
import type { ModelSketch } from "../../source/sketch/modelSketch.ts";
import type { OptimizerSketch } from "../../source/sketch/trainingSketch.ts";
import {
  transferWidth,
  withoutMultiplier,
  type LayerChange,
  type LayerRole,
  type UpdateKind,
} from "../../theory/hyperparameters/widthTransfer.ts";
import { literalOf, type InlineContext } from "./inlineContext.ts";
import type { InlineFix } from "./inlineFinding.ts";

/** A layer with what its units are over those of the run before. */
export interface GrownLayer {
  readonly layer: DenseLayer | ConvolutionLayer;
  readonly ratio: number;
}

/** A parameter as `named_parameters` calls it. */
interface Changed {
  readonly name: string;
  readonly change: LayerChange;
  /** Factor on fresh weights that are drawn in proportion to 1/√inputs. */
  readonly drawn: number;
}

/** Kinds of layers whose rates under Adam do not go with the width, besides those that are looked at. */
const unchanged: readonly string[] = ["activation", "dropout", "embedding", "normalization", "pooling", "reshape"];

const ask = ".parameters()";

/**
 * None where there are no groups of parameters to set, as in TensorFlow.js, or the text does not say which parameters are which. Without multipliers, which rates and
 * fresh weights take up (`withoutMultiplier`): a model may be called anywhere. ε is so small that it is left.
 */
export function widthFixes(
  context: InlineContext,
  { model, optimizer }: { readonly model: ModelSketch; readonly optimizer: OptimizerSketch },
  layers: readonly GrownLayer[],
  factor: number,
): readonly InlineFix[] {
  const update = updateOf(optimizer);
  const rate = literalOf(optimizer.hyperparameters.learningRate)?.value;
  const receiver = receiverOf(context, optimizer);
  const indentation = context.lines[optimizer.statement.line]?.slice(0, optimizer.statement.column);
  const changed = update === undefined ? undefined : changesOf(update, model, layers, factor);
  if (rate === undefined || receiver === undefined || changed === undefined || indentation?.trim() !== "") return [];
  const decay = optimizer.hyperparameters.weightDecay;
  if (decay?.known !== true || (decay.value > 0 && optimizer.weightDecayForm !== "decoupled")) return [];
  const moved = changed.filter(({ change }) => change.learningRate !== 1);
  if (moved.length === 0) return [];
  const groups = [...Map.groupBy(moved, ({ change }) => change.learningRate)].map(([times, all]) => {
    const weights = all.map(({ name }) => `${receiver}.get_parameter("${name}")`).join(", ");
    const own = decay.value > 0 ? `, "weight_decay": ${numberText(decay.value / times)}` : "";
    return `{"params": [${weights}], "lr": ${numberText(rate * times)}${own}}`;
  });
  const names = moved.map(({ name }) => `"${name}"`).join(", ");
  const rest = `{"params": [each for name, each in ${receiver}.named_parameters() if name not in [${names}]]}`;
  const list = [rest, ...groups].map((each) => `\n${indentation}    ${each},`).join("");
  const scaled = changed
    .filter(({ drawn }) => drawn !== 1)
    .map(({ name, drawn }) => `${receiver}.get_parameter("${name}").data.mul_(${numberText(drawn)})\n${indentation}`);
  const { parameters, statement } = optimizer;
  if (parameters === undefined) return [];
  return [
    {
      title: `Give ${moved.map(({ name }) => name).join(", ")} the learning rates that μP asks for at ${numberText(factor)} times the width, and the last matrix its fresh weights`,
      edits: [
        ...(scaled.length > 0 ? [{ range: { start: statement, end: statement }, text: scaled.join("") }] : []),
        { range: parameters, text: `[${list}\n${indentation}]` },
      ],
    },
  ];
}

function updateOf({ kind }: OptimizerSketch): UpdateKind | undefined {
  if (kind === "adam" || kind === "adamw") return "adaptive";
  return kind === "sgd" || kind === "momentum" ? "descent" : undefined;
}

/** Text of the model whose parameters the optimizer is given within its own call. */
function receiverOf({ lines }: InlineContext, { parameters, range }: OptimizerSketch): string | undefined {
  if (parameters === undefined || parameters.start.line !== parameters.end.line || !isWithin(parameters, range))
    return undefined;
  const text = lines[parameters.start.line]?.slice(parameters.start.column, parameters.end.column) ?? "";
  return text.endsWith(ask) ? text.slice(0, -ask.length) : undefined;
}

function isWithin(inner: SourceRange, outer: SourceRange): boolean {
  const before = (one: SourceRange["start"], other: SourceRange["start"]) =>
    one.line < other.line || (one.line === other.line && one.column <= other.column);
  return before(outer.start, inner.start) && before(inner.end, outer.end);
}

/** Undefined where layers do not follow each other, have no names, or are of kinds whose parameters have other roles. */
function changesOf(
  update: UpdateKind,
  { layers: all }: ModelSketch,
  layers: readonly GrownLayer[],
  factor: number,
): readonly Changed[] | undefined {
  const others = all.filter((each) => each.kind !== "dense" && each.kind !== "convolution");
  const isPlain = update === "adaptive" || !others.some(({ kind }) => kind === "embedding" || kind === "normalization");
  if (!isPlain || others.some(({ kind }) => !unchanged.includes(kind))) return undefined;
  const changed: Changed[] = [];
  for (const [index, { layer, ratio }] of layers.entries()) {
    const before = layers[index - 1];
    const follows = before === undefined || isKnownAs(layer.inputs, before.layer.units);
    const { name, bias, kernelInitializer } = layer;
    if (name === undefined || !follows || !bias.known || kernelInitializer.fan !== "in") return undefined;
    const [grewBefore, grows] = [(before?.ratio ?? 1) !== 1, ratio !== 1];
    const changeOf = (role: LayerRole) =>
      withoutMultiplier(update, transferWidth(update, role, { inputs: factor, units: factor }));
    const change = changeOf(roleOf(grewBefore, grows));
    const drawn = change.initialScale * Math.sqrt(grewBefore ? factor : 1);
    changed.push({ name: `${name}.weight`, change, drawn: Math.abs(drawn - 1) < 1e-9 ? 1 : drawn });
    if (bias.value) changed.push({ name: `${name}.bias`, change: changeOf(grows ? "vector" : "fixed"), drawn: 1 });
  }
  return changed;
}

function isKnownAs(one: DenseLayer["units"], other: DenseLayer["units"]): boolean {
  return one.known && other.known && one.value === other.value;
}

function roleOf(inputsGrow: boolean, unitsGrow: boolean): LayerRole {
  if (inputsGrow) return unitsGrow ? "hidden" : "readout";
  return unitsGrow ? "input" : "fixed";
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
