import type { ModelFacts } from "../facts.ts";
import { activationNamed, type ActivationName } from "./activationFunctions.ts";

/** A layer of a network that is nothing but dense layers, each with its activation function, one after the other. */
export interface DenseLayer {
  readonly path: string;
  readonly fanIn: number;
  readonly units: number;
  /** Linear for the last layer, whatever follows: what the loss is compared with lies before a softmax. */
  readonly activation: ActivationName;
}

/** The layers, or what stands in the way, as a noun. */
export type PlainChain = { readonly layers: readonly DenseLayer[] } | { readonly obstacle: string };

/** What leaves a signal as it is. */
const transparent = new Set(["InputLayer", "Flatten", "Reshape", "Identity"]);
const dense = new Set(["Dense", "Linear"]);
/** Functions of modules that have a setting, as α or β, which is not recorded: to take it for the default would be a guess. */
const unsettled = new Set(["ELU", "CELU", "Softplus"]);

/** Reads a model's modules in their order. PyTorch's activation functions are seen only where they are modules. */
export function plainChain({ modules }: ModelFacts): PlainChain {
  const layers: DenseLayer[] = [];
  let isBent = true;
  for (const { path, kind, parameterShapes, activation } of modules) {
    if (transparent.has(kind)) continue;
    if (dense.has(kind)) {
      const before = layers.at(-1);
      if (!isBent) return { obstacle: `${before?.path ?? "a layer"}, whose activation function was not seen` };
      const [rows = 0, columns = 0] = parameterShapes[0] ?? [];
      const [fanIn, units] = kind === "Linear" ? [columns, rows] : [rows, columns];
      if (before !== undefined && before.units !== fanIn)
        return { obstacle: `what lies between ${before.path} and ${path}` };
      layers.push({ path, fanIn, units, activation: "linear" });
      isBent = false;
      if (activation === undefined || activation === "linear") {
        isBent = activation === "linear";
        continue;
      }
    }
    const named = activation ?? (kind === "Activation" || dense.has(kind) || unsettled.has(kind) ? "" : kind);
    const known = activationNamed(named);
    const last = layers.at(-1);
    const isLast = last !== undefined && layers.length === modules.filter((each) => dense.has(each.kind)).length;
    if (isLast) continue;
    if (last === undefined || known === undefined || last.activation !== "linear")
      return { obstacle: `${path} (${kind})` };
    layers[layers.length - 1] = { ...last, activation: known };
    isBent = true;
  }
  return layers.length > 1 ? { layers } : { obstacle: "a network of fewer than two dense layers" };
}
