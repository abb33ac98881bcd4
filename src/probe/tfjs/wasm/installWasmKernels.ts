import type { Attributes, Engine, KernelConfig, KernelRegistry, NamedTensors, Tensor } from "../engine.ts";
import { Kernels } from "../trace/kernels.ts";
import {
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
} from "./convolutionKernels.ts";
import { batchMatMul } from "./matrixProduct.ts";
import { unsortedSegmentSum } from "./segmentSum.ts";

type Compose = (inputs: NamedTensors, attributes: Attributes) => Tensor;
type Replace = (inputs: NamedTensors, attributes: Attributes, plain: () => unknown) => unknown;

const installed = new WeakSet<KernelConfig>();

/**
 * Adds the kernels that training needs and the WebAssembly backend lacks, composed from those that it has: without them
 * convolutions and embeddings do not train at all. A kernel that the backend does have is left alone.
 *
 * To be called once the backend's package has been loaded; further calls do nothing.
 *
 * @returns the names of the kernels added.
 */
export function installMissingKernels(engine: Engine, registry: KernelRegistry): string[] {
  const kernels = new Kernels(engine);
  const composed: Record<string, Compose> = {
    Conv2DBackpropFilter: (inputs, attributes) => conv2DBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropFilter: (inputs, attributes) => depthwiseBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropInput: (inputs, attributes) => depthwiseBackpropInput(kernels, inputs, attributes),
    UnsortedSegmentSum: (inputs, attributes) => unsortedSegmentSum(engine, kernels, inputs, attributes),
  };
  return Object.entries(composed).flatMap(([kernelName, compose]) => {
    const key = `wasm_${kernelName}`;
    if (registry.has(key)) return [];
    registry.set(key, {
      kernelName,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs }) => engine.tidy(() => compose(inputs, attrs)),
    });
    return [kernelName];
  });
}

/**
 * Replaces kernels of the WebAssembly backend that are several times slower than others that give the same. The last bits of
 * results may differ, so this is only for a backend that the probe has chosen, not for one that the script chose itself.
 *
 * To be called once the backend's package has been loaded; further calls do nothing.
 *
 * @returns the names of the kernels replaced.
 */
export function installFastKernels(engine: Engine, registry: KernelRegistry): string[] {
  const kernels = new Kernels(engine);
  const replacements: Record<string, Replace> = {
    BatchMatMul: (inputs, attributes, plain) => batchMatMul(kernels, inputs, attributes, plain),
    Conv2DBackpropInput: (inputs, attributes, plain) =>
      String(attributes["dataFormat"]).toUpperCase() === "NCHW"
        ? plain()
        : conv2DBackpropInput(kernels, inputs, attributes),
  };
  return Object.entries(replacements).flatMap(([kernelName, replace]) => {
    const key = `wasm_${kernelName}`;
    const own = registry.get(key);
    if (own === undefined || installed.has(own)) return [];
    const config: KernelConfig = {
      ...own,
      kernelFunc: (call) => engine.tidy(() => replace(call.inputs, call.attrs, () => own.kernelFunc(call))),
    };
    installed.add(config);
    registry.set(key, config);
    return [kernelName];
  });
}

/** Both of the above, for a WebAssembly backend that the probe has chosen. */
export function installWasmKernels(engine: Engine, registry: KernelRegistry): void {
  installMissingKernels(engine, registry);
  installFastKernels(engine, registry);
}
