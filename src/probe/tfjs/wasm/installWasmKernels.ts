import {
  registerComposed,
  type Attributes,
  type Engine,
  type KernelConfig,
  type KernelRegistry,
  type NamedTensors,
  type Tensor,
} from "../engine.ts";
import { Kernels } from "../trace/kernels.ts";
import { returnToLargest } from "../trace/largestInWindow.ts";
import { patchesKernel } from "../trace/patchesProduct.ts";
import {
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
} from "./convolutionKernels.ts";
import { gather } from "./gather.ts";
import { WasmHeap } from "./heap.ts";
import { sumOfLeadingAxes } from "./leadingSum.ts";
import { batchMatMul } from "./matrixProduct.ts";
import { patches } from "./patches.ts";
import { required } from "./required.ts";
import { unsortedSegmentSum } from "./segmentSum.ts";

type Compose = (inputs: NamedTensors, attributes: Attributes) => Tensor;
type Replace = (inputs: NamedTensors, attributes: Attributes, plain: () => unknown) => unknown;

const replaced = new WeakSet<KernelConfig>();

/**
 * Adds the kernels that training needs and the WebAssembly backend lacks, composed from those that it has: without them
 * convolutions and embeddings do not train at all. A kernel that the backend does have is left alone.
 *
 * To be called once the backend's package has been loaded; further calls do nothing.
 *
 * @returns the names of the kernels added.
 */
function installMissingKernels(engine: Engine, registry: KernelRegistry): string[] {
  const kernels = new Kernels(engine);
  const missing: Record<string, Compose> = {
    Conv2DBackpropFilter: (inputs, attributes) => conv2DBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropFilter: (inputs, attributes) => depthwiseBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropInput: (inputs, attributes) => depthwiseBackpropInput(kernels, inputs, attributes),
    [patchesKernel]: (inputs, attributes) => patches(kernels, new WasmHeap(engine), inputs, attributes),
    UnsortedSegmentSum: (inputs, attributes) => unsortedSegmentSum(engine, kernels, inputs, attributes),
  };
  return Object.entries(missing).flatMap(([kernelName, compose]) => {
    if (registry.has(`wasm_${kernelName}`)) return [];
    registerComposed(registry, {
      kernelName,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs }) => engine.tidy(() => compose(inputs, attrs)),
    });
    return [kernelName];
  });
}

/**
 * Replaces kernels of the WebAssembly backend: some that are several times slower than others that give the same, and
 * MaxPoolGrad, which is wrong for windows without a positive element. Results may differ from the backend's own, so this is
 * only for a backend that the probe has chosen, not for one that the script chose itself.
 *
 * To be called once the backend's package has been loaded; further calls do nothing.
 *
 * @returns the names of the kernels replaced.
 */
function installFastKernels(engine: Engine, registry: KernelRegistry): string[] {
  const kernels = new Kernels(engine);
  const replacements: Record<string, Replace> = {
    BatchMatMul: (inputs, attributes, plain) => batchMatMul(kernels, inputs, attributes, plain),
    Conv2DBackpropInput: (inputs, attributes, plain) =>
      String(attributes["dataFormat"]).toUpperCase() === "NCHW"
        ? plain()
        : conv2DBackpropInput(kernels, inputs, attributes),
    GatherV2: (inputs, attributes, plain) => gather(new WasmHeap(engine), inputs, attributes, plain),
    Sum: (inputs, attributes, plain) => sumOfLeadingAxes(new WasmHeap(engine), inputs, attributes, plain),
    MaxPoolGrad: (inputs, attributes) => {
      const [dy, input, output] = [required(inputs, "dy"), required(inputs, "input"), required(inputs, "output")];
      return returnToLargest(kernels, input, output, dy, attributes);
    },
  };
  return Object.entries(replacements).flatMap(([kernelName, replace]) => {
    const own = registry.get(`wasm_${kernelName}`);
    if (own === undefined || replaced.has(own)) return [];
    const config: KernelConfig = {
      ...own,
      kernelFunc: (call) => engine.tidy(() => replace(call.inputs, call.attrs, () => own.kernelFunc(call))),
    };
    replaced.add(config);
    registerComposed(registry, config);
    return [kernelName];
  });
}

/** Both of the above, for a WebAssembly backend that the probe has chosen. */
export function installWasmKernels(engine: Engine, registry: KernelRegistry): void {
  installMissingKernels(engine, registry);
  installFastKernels(engine, registry);
}
