import type { Engine, Tensor } from "../engine.ts";
import { Kernels } from "./kernels.ts";
import type { Operation } from "./operation.ts";
import { makeProgram, neededOperations, type Program } from "./program.ts";
import { splitRule, UnsplittableError, type SplitAxis, type SplitInput } from "./splitRules.ts";
import { offTape, runOperation, TracePoint } from "./tracePoint.ts";

/** Some examples, by their places in a batch of `batch` examples. */
export interface SomeExamples {
  readonly batch: number;
  readonly examples: readonly number[];
}

/**
 * The recorded evaluation on some of its examples: whatever the batch leads to runs anew on these. Constants stay, a
 * mean's divisor among them, so the gradients of parts that make up the batch usually add up to the whole gradient; whether
 * they do is the caller's to check, since statistics over the batch are another function on a part of it.
 *
 * @param leaves ids of the values that hold one row an example.
 * @throws UnsplittableError where some kernel cannot work on a part of the batch.
 */
export function microBatch(
  engine: Engine,
  program: Program,
  recorded: ReadonlyMap<number, Tensor>,
  leaves: readonly number[],
  some: SomeExamples,
): TracePoint {
  const part = new Part(engine, program, recorded, some);
  try {
    offTape(engine, () => {
      for (const leaf of leaves) part.cut(leaf);
      const { operations, loss, variables } = program;
      const wanted = [loss, ...variables.map(({ gradient }) => gradient)];
      for (const operation of neededOperations(operations, wanted)) part.run(operation);
    });
  } catch (error) {
    part.release();
    throw error;
  }
  return part.finish();
}

class Part {
  readonly #engine: Engine;
  readonly #kernels: Kernels;
  readonly #program: Program;
  readonly #recorded: ReadonlyMap<number, Tensor>;
  readonly #some: SomeExamples;
  readonly #values: Map<number, Tensor>;
  readonly #owned: Tensor[] = [];
  readonly #operations: Operation[] = [];
  /** Batch axis of each value that has one. */
  readonly #axes = new Map<number, number>();
  /** Ids of all values that are not the recorded ones. */
  readonly #changed = new Set<number>();
  readonly #placesOf = new Map<number, number>();
  #nextId: number;

  constructor(engine: Engine, program: Program, recorded: ReadonlyMap<number, Tensor>, some: SomeExamples) {
    this.#engine = engine;
    this.#kernels = new Kernels(engine);
    this.#program = program;
    this.#recorded = recorded;
    this.#some = some;
    this.#values = new Map(recorded);
    this.#nextId = recorded.keys().reduce((largest, id) => Math.max(largest, id), 0) + 1;
  }

  /** Leaves only the part's examples of a value that enters from outside. */
  cut(id: number): void {
    const x = this.#whole(id);
    const indices = this.#value(this.#places(x.shape[0] ?? 0));
    this.#set(id, this.#kernels.run("GatherV2", { x, indices }, { axis: 0, batchDims: 0 }), 0);
  }

  run(operation: Operation): void {
    const entries = Object.entries(operation.inputs);
    if (!entries.some(([, id]) => this.#changed.has(id))) {
      this.#operations.push(operation);
      return;
    }
    const adapted = this.#pick(operation) ?? this.#adapt(operation);
    if (adapted === "of others") {
      this.#setZero(operation);
      return;
    }
    this.#operations.push(adapted);
    const outputs = runOperation(this.#kernels, adapted, (name) => this.#value(adapted.inputs[name] ?? Number.NaN));
    operation.outputs.forEach((id, index) => {
      const output = outputs[index];
      if (output !== undefined) this.#set(id, output, this.#axisOf(operation.kernelName, output, this.#whole(id)));
    });
  }

  finish(): TracePoint {
    const isFloat = (id: number) => this.#values.get(id)?.dtype === "float32";
    const program = makeProgram(this.#program.variables, this.#operations, this.#program.loss, isFloat);
    return new TracePoint(this.#engine, program, this.#values, this.#owned);
  }

  release(): void {
    for (const tensor of this.#owned) tensor.dispose();
  }

  /**
   * What is tiled over the batch gets its gradient as the sum of slices, one an example. Those of the part's examples are found at other
   * places, and those of others add nothing.
   */
  #pick({ kernelName, inputs, attributes, pass, ...rest }: Operation): Operation | "of others" | undefined {
    const x = inputs["x"];
    const axis = x === undefined ? undefined : this.#axes.get(x);
    if (kernelName !== "Slice" || pass !== "backward" || x === undefined || axis === undefined) return undefined;
    const [begin, size] = [attributes["begin"] as readonly number[], attributes["size"] as readonly number[]];
    const each = (this.#whole(x).shape[axis] ?? 0) / this.#some.batch;
    const [first = 0, extent = -1] = [begin[axis], size[axis]];
    const example = Math.floor(first / each);
    if (extent < 1 || Math.floor((first + extent - 1) / each) !== example) return undefined;
    const place = this.#some.examples.indexOf(example);
    if (place < 0) return "of others";
    const moved = begin.with(axis, first + (place - example) * each);
    return { ...rest, kernelName, inputs, pass, attributes: { ...attributes, begin: moved } };
  }

  #setZero({ outputs }: Operation): void {
    for (const id of outputs) {
      const { shape, size, dtype } = this.#whole(id);
      this.#set(id, this.#engine.makeTensor(new Float32Array(size), shape, dtype), undefined);
    }
  }

  #adapt(operation: Operation): Operation {
    const { kernelName, attributes } = operation;
    const rule = splitRule(kernelName);
    const inputs = Object.entries(operation.inputs).map(([name, id]) => ({ name, id, shape: this.#whole(id).shape }));
    const names = inputs.map((input) => rule.names(input, attributes, inputs));
    const split = inputs.flatMap(({ id }, index) => {
      const axis = this.#axes.get(id);
      return axis === undefined ? [] : [{ axis, name: names[index]?.[axis], input: inputs[index] }];
    });
    const [first] = split;
    // Only sums over the batch go in: the kernel works on them as it did.
    if (first?.input === undefined) return operation;
    const { name } = first;
    if (name === undefined || split.some((each) => each.name !== name)) {
      throw new UnsplittableError(`${kernelName} works across the batch`);
    }
    const whole = first.input.shape[first.axis] ?? 0;
    const replaced = inputs.map(({ name: inputName, id, shape }, index) => {
      const axis = names[index]?.indexOf(name) ?? -1;
      const extent = shape[axis] ?? 1;
      if (axis < 0 || extent === 1 || this.#axes.get(id) === axis) return [inputName, id] as const;
      if (extent !== whole || this.#changed.has(id)) {
        throw new UnsplittableError(`${kernelName} joins the batch with something else`);
      }
      return [inputName, this.#cutWithin(id, axis)] as const;
    });
    return {
      ...operation,
      inputs: Object.fromEntries(replaced),
      attributes: this.#attributes(operation, first.input, { axis: first.axis, whole, part: this.#scaled(whole) }),
    };
  }

  #attributes({ kernelName, attributes, outputs }: Operation, input: SplitInput, split: SplitAxis) {
    const [output] = outputs;
    const shape = output === undefined ? [] : this.#whole(output).shape;
    return splitRule(kernelName).attributes?.(attributes, split, input, shape) ?? attributes;
  }

  /** Picks by an operation of the program's own, so that tangents pass it. */
  #cutWithin(id: number, axis: number): number {
    const cutId = this.#nextId++;
    const x = this.#whole(id);
    const indices = this.#places(x.shape[axis] ?? 0);
    const attributes = { axis, batchDims: 0 };
    this.#operations.push({
      kernelName: "GatherV2",
      inputs: { x: id, indices },
      takesList: false,
      attributes,
      outputs: [cutId],
      pass: "backward",
    });
    this.#set(cutId, this.#kernels.run("GatherV2", { x, indices: this.#value(indices) }, attributes), axis);
    return cutId;
  }

  /** Id of the places of the part's elements on a batch axis of that length, which holds each example's together. */
  #places(extent: number): number {
    const known = this.#placesOf.get(extent);
    if (known !== undefined) return known;
    const each = this.#scaled(extent) / this.#some.examples.length;
    const places = this.#some.examples.flatMap((example) =>
      Array.from({ length: each }, (_, index) => example * each + index),
    );
    const id = this.#nextId++;
    this.#values.set(id, this.#own(this.#engine.makeTensor(Int32Array.from(places), [places.length], "int32")));
    this.#placesOf.set(extent, id);
    return id;
  }

  /** Length of a part of an axis that holds a whole number of elements an example. */
  #scaled(extent: number): number {
    const { batch, examples } = this.#some;
    if (extent % batch !== 0) throw new UnsplittableError(`an axis of ${extent} does not hold ${batch} examples`);
    return (extent / batch) * examples.length;
  }

  /** Where the batch axis of an output is: the one that is shorter than it was. */
  #axisOf(kernelName: string, output: Tensor, recorded: Tensor): number | undefined {
    const changed = recorded.shape.flatMap((extent, axis) => (extent === output.shape[axis] ? [] : [axis]));
    const [axis] = changed;
    if (output.shape.length !== recorded.shape.length || changed.length > 1) {
      throw new UnsplittableError(`${kernelName} gives another shape on a part of the batch`);
    }
    if (axis !== undefined && output.shape[axis] !== this.#scaled(recorded.shape[axis] ?? 0)) {
      throw new UnsplittableError(`${kernelName} gives another shape on a part of the batch`);
    }
    return axis;
  }

  #set(id: number, tensor: Tensor, axis: number | undefined): void {
    this.#values.set(id, tensor);
    this.#own(tensor);
    this.#changed.add(id);
    if (axis !== undefined) this.#axes.set(id, axis);
  }

  #own(tensor: Tensor): Tensor {
    this.#owned.push(this.#engine.keep(tensor));
    return tensor;
  }

  #value(id: number): Tensor {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`Value ${id} was not recorded.`);
    return value;
  }

  /** The recorded value, on the whole batch. */
  #whole(id: number): Tensor {
    const value = this.#recorded.get(id);
    if (value === undefined) throw new Error(`Value ${id} was not recorded.`);
    return value;
  }
}
