import { withRoomForOwnFrames } from "./stackTraces.ts";
import { currentEngine, type Engine, type GradientEvaluation, type Tensor, type Variable } from "./engine.ts";
import { memoryOfScript } from "./trace/heldHandles.ts";

/** Who wants to know of the engine's doings. */
export interface EngineListener {
  /** A backend has been registered, so the copy of TensorFlow.js that it was registered with has loaded. */
  loaded(): void;
  /** Runs a gradient evaluation of a scalar function with respect to variables; must return what `run` returns. */
  evaluate(engine: Engine, variables: readonly Variable[], run: () => GradientEvaluation): GradientEvaluation;
  /** A variable is about to take a new value. */
  assigning(variable: Variable): void;
}

/** Catches the engine as TensorFlow.js makes it: whichever copy comes first makes it, and all copies share it. */
export function hookEngine(listener: EngineListener): void {
  let engine = currentEngine();
  if (engine !== undefined) hook(engine, listener);
  Object.defineProperty(globalThis, "_tfengine", {
    configurable: true,
    enumerable: true,
    get: () => engine,
    set: (value: Engine | undefined) => {
      engine = value;
      if (value !== undefined) hook(value, listener);
    },
  });
}

interface HookedEngine extends Engine {
  registerBackend(...args: unknown[]): unknown;
}

function hook(engine: Engine, listener: EngineListener): void {
  const hooked = engine as HookedEngine;
  const gradients = hooked.gradients.bind(engine);
  const makeVariable = hooked.makeVariable.bind(engine);
  const registerBackend = hooked.registerBackend.bind(engine);
  const memory = hooked.memory.bind(engine);
  hooked.memory = () => memoryOfScript(engine, memory());
  hooked.registerBackend = (...args) => {
    const result = registerBackend(...args);
    listener.loaded();
    return result;
  };
  hooked.gradients = (evaluate, xs, dy, allowNoGradients) => {
    const run = () => gradients(evaluate, xs, dy, allowNoGradients);
    const nested = engine.state.gradientDepth > 0 || engine.state.kernelDepth > 0;
    return !nested && xs.length > 0 && xs.every(isVariable)
      ? withRoomForOwnFrames(() => listener.evaluate(engine, xs, run))
      : run();
  };
  const known = new WeakSet();
  hooked.makeVariable = (...args) => {
    const variable = makeVariable(...args);
    const prototype = Object.getPrototypeOf(variable) as Variable;
    if (!known.has(prototype)) {
      known.add(prototype);
      hookAssign(prototype, listener);
    }
    return variable;
  };
}

function hookAssign(prototype: Variable, listener: EngineListener): void {
  const assign = Object.getOwnPropertyDescriptor(prototype, "assign")?.value as Variable["assign"] | undefined;
  if (assign === undefined) return;
  prototype.assign = function (this: Variable, value: Tensor) {
    listener.assigning(this);
    assign.call(this, value);
  };
}

function isVariable(tensor: Tensor): tensor is Variable {
  return "assign" in tensor;
}
