import type { Tensor } from "./engine.ts";
import { onFirstAssignment } from "./firstAssignment.ts";
import { withRoomForOwnFrames } from "./stackTraces.ts";

/** Gradients as an optimizer takes them: by variable name, in either of TensorFlow.js's two forms. */
export type VariableGradients =
  | Readonly<Record<string, Tensor | null | undefined>>
  | readonly { readonly name: string; readonly tensor: Tensor | null | undefined }[];

/** An optimizer of the script's own TensorFlow.js; its hyperparameters are properties that differ by class. */
export interface Optimizer {
  applyGradients(gradients: VariableGradients): void;
  getClassName?(): string;
}

export interface OptimizerListener {
  optimizerCreated(optimizer: Optimizer): void;
  /** One optimizer step; must call `run` once. */
  apply(optimizer: Optimizer, gradients: VariableGradients, run: () => void): void;
}

interface OptimizerClass {
  readonly prototype: Optimizer;
}

/** Watches the optimizers of one copy of tfjs-core, given its exports. Subclasses that the script defines are watched too. */
export function hookOptimizers(core: Readonly<Record<string, unknown>>, listener: OptimizerListener): void {
  const base = core["Optimizer"];
  if (!isClass(base)) return;
  const hooked = new WeakSet();
  const hookChain = (from: Optimizer) => {
    for (let each = from; each !== Object.prototype; each = Object.getPrototypeOf(each) as Optimizer) {
      if (hooked.has(each)) return;
      hooked.add(each);
      hookApply(each, listener);
    }
  };
  onFirstAssignment(base.prototype, "learningRate", (optimizer) => {
    hookChain(Object.getPrototypeOf(optimizer) as Optimizer);
    listener.optimizerCreated(optimizer);
  });
  for (const exported of Object.values(core)) {
    if (isClass(exported) && exported.prototype instanceof (base as unknown as new () => object)) {
      hookChain(exported.prototype);
    }
  }
}

function hookApply(prototype: Optimizer, listener: OptimizerListener): void {
  const apply = Object.getOwnPropertyDescriptor(prototype, "applyGradients")?.value as
    Optimizer["applyGradients"] | undefined;
  if (apply === undefined) return;
  prototype.applyGradients = function (this: Optimizer, gradients: VariableGradients) {
    withRoomForOwnFrames(() => {
      listener.apply(this, gradients, () => {
        apply.call(this, gradients);
      });
    });
  };
}

function isClass(value: unknown): value is OptimizerClass {
  return typeof value === "function" && typeof value.prototype === "object";
}

/** The gradients that there are, by the names of their variables. */
export function namedGradients(gradients: VariableGradients): ReadonlyMap<string, Tensor> {
  const entries: (readonly [string, Tensor | null | undefined])[] = isList(gradients)
    ? gradients.map(({ name, tensor }) => [name, tensor] as const)
    : Object.entries(gradients);
  return new Map(
    entries.flatMap(([name, tensor]) => (tensor === null || tensor === undefined ? [] : [[name, tensor]])),
  );
}

function isList(
  gradients: VariableGradients,
): gradients is readonly { readonly name: string; readonly tensor: Tensor | null | undefined }[] {
  return Array.isArray(gradients);
}
