import type { Engine, GradientEvaluation, KernelCall, Tensor } from "../engine.ts";
import { holdHandles, letGoOfHandles } from "./heldHandles.ts";
import type { Operation, TracedVariable } from "./operation.ts";
import { makeProgram } from "./program.ts";
import { Trace } from "./trace.ts";

/** What became of a recorded evaluation: its result as ever, and the record or why there is none. */
export interface Recording {
  readonly evaluation: GradientEvaluation;
  readonly trace?: Trace;
  readonly failure?: Error;
}

/**
 * Runs one gradient evaluation of the script's own, and records the kernels that it runs.
 *
 * The evaluation is untouched: it runs once, on the same inputs, and what it returns or throws passes through. If recording
 * itself fails, there is a `failure` instead of a `trace`.
 *
 * @param evaluate calls the engine's own `gradients`.
 * @param variables what is differentiated by, in the order of the evaluation's `grads`. Those without a gradient are left out:
 *   Adam, for one, registers its accumulators as trainable variables.
 */
export function recordTrace(
  engine: Engine,
  evaluate: () => GradientEvaluation,
  variables: readonly Tensor[],
): Recording {
  const recorder = new Recorder(engine);
  const evaluation = recorder.run(evaluate);
  return { evaluation, ...recorder.finish(evaluation, variables) };
}

interface Clone {
  readonly call: KernelCall;
  readonly output: Tensor | Tensor[];
}

/** What a tensor has been: the buffer last seen on it, and the ids of all its values, the last one current. */
interface Versions {
  readonly dataId: object;
  readonly ids: readonly number[];
}

class Recorder {
  readonly #engine: Engine;
  readonly #startDepth: number;
  readonly #values = new Map<number, Tensor>();
  readonly #versions = new Map<number, Versions>();
  readonly #operations: Operation[] = [];
  /** Defined while a registered kernel runs: copies that the engine makes within it, for the backward pass. */
  #clones: Clone[] | undefined;
  #nextVersion = -1;
  #failure: Error | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#startDepth = engine.state.gradientDepth;
    holdHandles(engine, this.#values);
  }

  run(evaluate: () => GradientEvaluation): GradientEvaluation {
    const engine = this.#engine;
    const own = Object.getOwnPropertyDescriptor(engine, "runKernelFunc");
    const original = engine.runKernelFunc.bind(engine);
    engine.runKernelFunc = (call) => this.#observe(call, () => original(call));
    try {
      return evaluate();
    } catch (error) {
      this.#release();
      throw error;
    } finally {
      if (own === undefined) Reflect.deleteProperty(engine, "runKernelFunc");
      else Object.defineProperty(engine, "runKernelFunc", own);
    }
  }

  finish(evaluation: GradientEvaluation, variables: readonly Tensor[]): { trace: Trace } | { failure: Error } {
    this.#attempt(() => {
      for (const tensor of [evaluation.value, ...variables, ...evaluation.grads]) if (tensor) this.#hold(tensor);
    });
    if (this.#failure !== undefined) {
      this.#release();
      return { failure: this.#failure };
    }
    const traced = variables.flatMap((variable, index): TracedVariable[] => {
      const gradient = evaluation.grads[index];
      if (!gradient) return [];
      return [
        {
          id: variable.id,
          name: "name" in variable && typeof variable.name === "string" ? variable.name : `x${index}`,
          shape: [...variable.shape],
          size: variable.size,
          values: this.#versions.get(variable.id)?.ids ?? [],
          gradient: this.#idOf(gradient.id),
        },
      ];
    });
    const isFloat = (id: number) => this.#values.get(id)?.dtype === "float32";
    const program = makeProgram(traced, this.#operations, this.#idOf(evaluation.value.id), isFloat);
    const currentIds = new Map(this.#versions.keys().map((tensorId) => [tensorId, this.#idOf(tensorId)]));
    return { trace: new Trace(this.#engine, program, this.#values, currentIds) };
  }

  #observe(call: KernelCall, proceed: () => Tensor | Tensor[]): Tensor | Tensor[] {
    if (this.#failure !== undefined) return proceed();
    if (this.#clones !== undefined) {
      const output = proceed();
      if (call.kernelName === "Identity") this.#clones.push({ call, output });
      return output;
    }
    // A custom gradient's body: its kernels pass here one by one.
    if (call.kernelName === undefined) return proceed();
    const clones: Clone[] = [];
    this.#clones = clones;
    let output;
    try {
      output = proceed();
    } finally {
      this.#clones = undefined;
    }
    this.#attempt(() => {
      this.#note(call, output);
      const own = new Set([...Object.values(call.inputs), ...[output].flat()].map((tensor) => tensor?.id));
      // Copies of anything else are intermediate results of a kernel that is composed of others.
      for (const clone of clones) if (own.has(clone.call.inputs["x"]?.id)) this.#note(clone.call, clone.output);
    });
    return output;
  }

  #note(call: KernelCall, output: Tensor | Tensor[]): void {
    const copied = call.inputs["x"];
    if (call.kernelName === "Identity" && copied !== undefined && !Array.isArray(output)) {
      // A copy is the same value: on WebAssembly it has a buffer of its own, which need not be kept as well.
      this.#versions.set(output.id, { dataId: output.dataId, ids: [this.#hold(copied)] });
      return;
    }
    const inputs = Object.entries(call.inputs).flatMap(([name, tensor]) => {
      if (tensor === undefined || (tensor as unknown) === null) return [];
      if (Array.isArray(tensor))
        throw new Error(`${call.kernelName ?? "A kernel"} takes a list among its named inputs.`);
      return [[name, this.#hold(tensor)] as const];
    });
    this.#operations.push({
      kernelName: call.kernelName ?? "",
      inputs: Object.fromEntries(inputs),
      takesList: Array.isArray(call.inputs),
      attributes: { ...call.attrs },
      outputs: [output].flat().map((tensor) => this.#hold(tensor)),
      pass: this.#engine.state.gradientDepth > this.#startDepth ? "forward" : "backward",
    });
  }

  /** Keeps a tensor's buffer alive by a second handle, and names its value. */
  #hold(tensor: Tensor): number {
    const known = this.#versions.get(tensor.id);
    const current = known?.ids.at(-1);
    if (current !== undefined && known?.dataId === tensor.dataId) return current;
    const id = current === undefined ? tensor.id : this.#nextVersion--;
    const engine = this.#engine;
    const backend = engine.state.tensorInfo.get(tensor.dataId)?.backend ?? engine.backend;
    const handle = engine.makeTensorFromDataId(tensor.dataId, tensor.shape, tensor.dtype);
    backend.incRef(tensor.dataId);
    this.#values.set(id, engine.keep(handle));
    this.#versions.set(tensor.id, { dataId: tensor.dataId, ids: [...(known?.ids ?? []), id] });
    return id;
  }

  #idOf(tensorId: number): number {
    return this.#versions.get(tensorId)?.ids.at(-1) ?? tensorId;
  }

  #attempt(record: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      record();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
  }

  #release(): void {
    for (const tensor of this.#values.values()) tensor.dispose();
    this.#values.clear();
    letGoOfHandles(this.#engine, this.#values);
  }
}
