import { onFirstAssignment } from "./firstAssignment.ts";
import type { Tensor, Variable } from "./engine.ts";
import type { Optimizer } from "./optimizerHook.ts";

/** A layer of the script's own tfjs-layers; a model is a layer too. */
export interface Layer {
  readonly name: string;
  readonly trainableWeights: readonly { readonly val?: Variable; readonly shape: readonly (number | null)[] }[];
  /** Functions that give weight penalties. */
  readonly losses?: readonly unknown[];
  readonly activation?: { getClassName?(): string } | null;
  /** Of a rectifier, where it is cut off. */
  readonly maxValue?: number | null;
  getClassName(): string;
}

export interface LayersModel extends Layer {
  readonly layers: readonly Layer[];
  readonly loss?: unknown;
  readonly outputs?: readonly { readonly shape: readonly (number | null)[] }[];
  readonly optimizer?: Optimizer;
  /** The model that a Sequential wraps. */
  readonly model?: LayersModel;
}

/** Arguments of `fit` as far as they say something of the data. */
export interface FitArguments {
  readonly batchSize?: number | null;
  readonly validationSplit?: number | null;
}

export interface LayersListener {
  layerCreated(layer: Layer): void;
  compiled(model: LayersModel): void;
  /** The script calls one of a model's ways to train. */
  training(model: LayersModel, way: "fit" | "fitDataset" | "trainOnBatch", args: readonly unknown[]): void;
  /** One training step of a model on the given inputs and targets. */
  trainStep<T>(model: LayersModel, tensors: readonly Tensor[], run: () => T): T;
  /** `fit` has evaluated a model on the data set aside for validation. @param outputs scalars, the loss first. */
  validated(model: LayersModel, outputs: readonly Tensor[], examples: number | undefined): void;
}

/** Watches one copy of tfjs-layers, given any of its classes; a class that is no layer is passed over. */
export function hookLayerClass(layerClass: unknown, listener: LayersListener, hooked: WeakSet<object>): void {
  if (typeof layerClass !== "function") return;
  let each = layerClass.prototype as object | null;
  for (; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each) as object | null) {
    if (hooked.has(each)) return;
    if (!isLayerPrototype(each)) continue;
    hooked.add(each);
    hookPrototype(each, listener);
  }
}

function isLayerPrototype(prototype: object): boolean {
  return "addWeight" in prototype && "apply" in prototype && "countParams" in prototype;
}

function hookPrototype(prototype: object, listener: LayersListener): void {
  if (Object.hasOwn(prototype, "addWeight")) {
    onFirstAssignment(prototype as Layer, "id", (layer) => {
      listener.layerCreated(layer);
    });
  }
  wrap(prototype, "compile", (model, run) => {
    const result = run();
    listener.compiled(model);
    return result;
  });
  // A Sequential hands these on to the model that it wraps.
  if (!Object.hasOwn(prototype, "makeTrainFunction")) return;
  for (const way of ["fit", "fitDataset", "trainOnBatch"] as const) {
    wrap(prototype, way, (model, run, args) => {
      listener.training(model, way, args);
      return run();
    });
  }
  wrap(prototype, "makeTrainFunction", (model, run) => {
    const train = run() as (tensors: readonly Tensor[]) => unknown;
    return (tensors: readonly Tensor[]) => listener.trainStep(model, tensors, () => train(tensors));
  });
  hookValidation(prototype, listener);
}

/** The loop over evaluated batches is `fit`'s, for its validation data, or `evaluate`'s, of whatever the script asks for. */
function hookValidation(prototype: object, listener: LayersListener): void {
  const asked = new WeakSet<LayersModel>();
  wrap(prototype, "evaluate", (model, run) => {
    asked.add(model);
    try {
      return run();
    } finally {
      asked.delete(model);
    }
  });
  wrap(prototype, "testLoop", (model, run, args) => {
    const outputs = run() as readonly Tensor[];
    const inputs = args[1] as readonly Tensor[] | undefined;
    if (!asked.has(model)) listener.validated(model, outputs, inputs?.[0]?.shape[0]);
    return outputs;
  });
}

function wrap(
  prototype: object,
  method: string,
  around: (model: LayersModel, run: () => unknown, args: readonly unknown[]) => unknown,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  const original: unknown = descriptor?.value;
  if (typeof original !== "function") return;
  Object.defineProperty(prototype, method, {
    ...descriptor,
    value(this: LayersModel, ...args: unknown[]) {
      return around(this, () => Reflect.apply(original, this, args) as unknown, args);
    },
  });
}
