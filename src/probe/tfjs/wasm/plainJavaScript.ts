import type { Engine, KernelConfig, KernelRegistry, NamedTensors, Tensor } from "../engine.ts";

/** What a kernel of the plain-JavaScript backend takes and gives; `values` may be those of strings, as bytes. */
interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: string;
}

type PlainBackend = NonNullable<ReturnType<Engine["findBackend"]>> & {
  makeTensorInfo(shape: readonly number[], dtype: string, values: ArrayLike<number>): TensorInfo;
  disposeData(dataId: object): boolean;
};

export type KernelFunction = KernelConfig["kernelFunc"];

/**
 * A kernel of another backend that is the plain-JavaScript backend's own: it reads its inputs out, computes, and writes its
 * outputs back. Right, if slow.
 *
 * Complex tensors, which only plain JavaScript has, stay there; `holdsComplex` is called when the first of them is about to be
 * made.
 *
 * @throws when the kernel is called, where the plain-JavaScript backend has not been loaded.
 */
export function plainJavaScript(
  engine: Engine,
  registry: KernelRegistry,
  kernelName: string,
  holdsComplex: () => void,
): KernelFunction {
  return ({ inputs, attrs }) => {
    const kernel = registry.get(`cpu_${kernelName}`);
    const plain = engine.findBackend("cpu") as PlainBackend | null;
    if (kernel === undefined || plain === null) {
      throw new Error(
        `The backend ${engine.backendName} has no kernel ${kernelName}. The plain-JavaScript backend has: import @tensorflow/tfjs-backend-cpu too.`,
      );
    }
    const copies: TensorInfo[] = [];
    const copy = (tensor: Tensor): TensorInfo => {
      if (tensor.dtype === "complex64") return tensor;
      const info = plain.makeTensorInfo(tensor.shape, tensor.dtype, engine.readSync(tensor.dataId));
      copies.push(info);
      // Some kernels ask a tensor for what a mere description of one lacks.
      return Object.assign(info, { rank: tensor.shape.length, size: tensor.size });
    };
    const bringBack = (info: TensorInfo): Tensor => {
      if (info.dtype === "complex64") {
        holdsComplex();
        return engine.makeTensorFromDataId(info.dataId, info.shape, info.dtype, plain);
      }
      const tensor = engine.makeTensor(valuesOf(info, plain.readSync(info.dataId)), info.shape, info.dtype);
      plain.disposeData(info.dataId);
      return tensor;
    };
    const copied = Object.fromEntries(
      Object.entries(inputs as Readonly<Record<string, Tensor | Tensor[] | undefined>>).map(([name, input]) => [
        name,
        Array.isArray(input) ? input.map(copy) : input && copy(input),
      ]),
    );
    try {
      // A kernel that takes a list of tensors is given a list.
      const given = Array.isArray(inputs) ? Object.assign([], copied) : copied;
      const output = kernel.kernelFunc({ inputs: given as unknown as NamedTensors, attrs, backend: plain }) as
        TensorInfo | TensorInfo[];
      return Array.isArray(output) ? output.map(bringBack) : bringBack(output);
    } finally {
      for (const { dataId } of copies) plain.disposeData(dataId);
    }
  };
}

/** Kernels in JavaScript do not always keep to the arrays that the types of their outputs call for. */
function valuesOf({ dtype }: TensorInfo, values: ArrayLike<number>): Float32Array | Int32Array | Uint8Array {
  if (dtype === "int32") return Int32Array.from(values);
  if (dtype === "bool") return Uint8Array.from(values);
  // Strings are arrays of bytes, which no other type holds.
  return dtype === "float32" ? Float32Array.from(values) : (values as Uint8Array);
}
