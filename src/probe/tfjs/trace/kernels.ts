import { isComposed, type Attributes, type Engine, type NamedTensors, type Tensor } from "../engine.ts";

/**
 * Operations on the script's own engine, kernel by kernel.
 *
 * Raw kernels neither promote types nor check shapes: operands are float32 unless a method says otherwise, and broadcast as
 * in NumPy where the method says so.
 */
export class Kernels {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get backendName(): string {
    return this.#engine.backendName;
  }

  /** Whether the current backend's kernel of that name is one that the probe has put there. */
  isComposed(kernelName: string): boolean {
    return isComposed(this.#engine, kernelName);
  }

  /** Runs a kernel with exactly one output. */
  run(kernelName: string, inputs: NamedTensors, attributes: Attributes = {}): Tensor {
    const output = this.#engine.runKernel(kernelName, inputs, attributes);
    if (!Array.isArray(output)) return output;
    const [only] = output;
    if (only === undefined || output.length > 1) {
      throw new Error(`Kernel ${kernelName} gave ${output.length} outputs where one was expected.`);
    }
    return only;
  }

  runMany(kernelName: string, inputs: NamedTensors, attributes: Attributes = {}): Tensor[] {
    const output = this.#engine.runKernel(kernelName, inputs, attributes);
    return Array.isArray(output) ? output : [output];
  }

  tensor(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#engine.makeTensor(values, shape, "float32");
  }

  /** Integers to gather or scatter by. */
  indices(values: Int32Array): Tensor {
    return this.#engine.makeTensor(values, [values.length], "int32");
  }

  /** Copies a tensor's elements out of the backend, in row-major order. */
  read(tensor: Tensor): ArrayLike<number> {
    return this.#engine.readSync(tensor.dataId);
  }

  scalar(value: number): Tensor {
    return this.tensor(Float32Array.of(value), []);
  }

  fill(shape: readonly number[], value: number): Tensor {
    return this.run("Fill", {}, { shape: [...shape], value, dtype: "float32" });
  }

  zerosLike(x: Tensor): Tensor {
    return this.fill(x.shape, 0);
  }

  /** A second handle on the same values. Not the kernel Identity, which copies on WebAssembly. */
  alias(x: Tensor): Tensor {
    return this.reshape(x, x.shape);
  }

  /** a + b, broadcast. */
  add(a: Tensor, b: Tensor): Tensor {
    return this.run("Add", { a, b });
  }

  /** a − b, broadcast. */
  subtract(a: Tensor, b: Tensor): Tensor {
    return this.run("Sub", { a, b });
  }

  /** a·b elementwise, broadcast. */
  multiply(a: Tensor, b: Tensor): Tensor {
    return this.run("Multiply", { a, b });
  }

  /** a / b, broadcast. */
  divide(a: Tensor, b: Tensor): Tensor {
    return this.run("RealDiv", { a, b });
  }

  scale(x: Tensor, factor: number): Tensor {
    return this.multiply(x, this.scalar(factor));
  }

  offset(x: Tensor, addend: number): Tensor {
    return this.add(x, this.scalar(addend));
  }

  negate(x: Tensor): Tensor {
    return this.run("Neg", { x });
  }

  square(x: Tensor): Tensor {
    return this.multiply(x, x);
  }

  exponential(x: Tensor): Tensor {
    return this.run("Exp", { x });
  }

  minimum(a: Tensor, b: Tensor): Tensor {
    return this.run("Minimum", { a, b });
  }

  /** 1 where x > 0, NaN where x is NaN, else `below`. */
  step(x: Tensor, below = 0): Tensor {
    return this.run("Step", { x }, { alpha: below });
  }

  /** Boolean, broadcast. */
  compare(kernelName: "Equal" | "Greater" | "GreaterEqual" | "Less" | "LessEqual", a: Tensor, b: Tensor): Tensor {
    return this.run(kernelName, { a, b });
  }

  /** Elementwise choice; the three have equal shapes. */
  select(condition: Tensor, whereTrue: Tensor, whereFalse: Tensor): Tensor {
    return this.run("Select", { condition, t: whereTrue, e: whereFalse });
  }

  /**
   * 1 where the condition holds, else 0. Not a cast: WebGPU lets a cast boolean share its integer buffer, which later kernels
   * misread.
   */
  indicator(condition: Tensor): Tensor {
    return this.select(condition, this.fill(condition.shape, 1), this.fill(condition.shape, 0));
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.run("Reshape", { x }, { shape: [...shape] });
  }

  transpose(x: Tensor, permutation: readonly number[]): Tensor {
    return this.run("Transpose", { x }, { perm: [...permutation] });
  }

  sum(x: Tensor, axis: number | readonly number[], keepDims: boolean): Tensor {
    return this.run("Sum", { x }, { axis, keepDims });
  }

  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    return this.run("Slice", { x }, { begin: [...begin], size: [...size] });
  }

  /** Tensors one after the other along an axis. */
  concatenate(tensors: readonly Tensor[], axis: number): Tensor {
    // The kernel takes a list where others take inputs by name.
    return this.run("Concat", Object.assign([], tensors) as unknown as NamedTensors, { axis });
  }

  /** x with `paddings[i]` = [before, after] zeros along axis i. */
  pad(x: Tensor, paddings: readonly (readonly [number, number])[]): Tensor {
    return this.run("PadV2", { x }, { paddings: paddings.map((pair) => [...pair]), constantValue: 0 });
  }

  /** Repeats x until it has the wider shape, by NumPy's broadcasting rules. */
  broadcastTo(x: Tensor, shape: readonly number[]): Tensor {
    return sameShape(x.shape, shape) ? x : this.add(x, this.fill(shape, 0));
  }

  /** Matrix product over the last two axes, either of which may be transposed. */
  matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
    return this.run("BatchMatMul", { a, b }, { transposeA, transposeB });
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Axes counted from the front, for kernels that take one, several or (all of them) none. */
export function normalizedAxes(axis: unknown, rank: number): number[] {
  const listed =
    axis === undefined || axis === null
      ? Array.from({ length: rank }, (_, index) => index)
      : Array.isArray(axis)
        ? (axis as number[])
        : [axis as number];
  return listed.map((index) => (index < 0 ? index + rank : index));
}
