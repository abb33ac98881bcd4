import { registerComposed, type Attributes, type Engine, type KernelRegistry, type NamedTensors } from "../engine.ts";
import { Kernels } from "../trace/kernels.ts";
import { maxPoolVolume } from "../trace/largestInVolume.ts";
import { returnToLargest } from "../trace/largestInWindow.ts";
import { patchesKernel } from "../trace/patchesProduct.ts";
import { guardComplexTensors } from "./complexTensors.ts";
import {
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
} from "./convolutionKernels.ts";
import { einsum } from "./einsum.ts";
import { gather } from "./gather.ts";
import { WasmHeap } from "./heap.ts";
import { sumOfLeadingAxes } from "./leadingSum.ts";
import { batchMatMul } from "./matrixProduct.ts";
import { patches } from "./patches.ts";
import { plainJavaScript, type KernelFunction } from "./plainJavaScript.ts";
import { required } from "./required.ts";
import { unsortedSegmentSum } from "./segmentSum.ts";
import { conv3DBackpropFilter, conv3DBackpropInput, maxPool3DGrad } from "./volumeKernels.ts";
import { wrongCalls } from "./wrongCalls.ts";

type Compose = (inputs: NamedTensors, attributes: Attributes, own: () => unknown) => unknown;

/** Kernels that only plain JavaScript has; gradients go through hardly any of them. Listed for scripts that have not loaded it. */
const plainOnly = [
  ...["Complex", "ComplexAbs", "FFT", "IFFT", "Imag", "Real"],
  ...["Draw", "RaggedGather", "RaggedRange", "RaggedTensorToTensor", "StaticRegexReplace"],
];

/** Kernels that training needs and the backend lacks, composed of those that it has. */
function missing(engine: Engine, kernels: Kernels): Readonly<Record<string, Compose>> {
  return {
    Conv2DBackpropFilter: (inputs, attributes) => conv2DBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropFilter: (inputs, attributes) => depthwiseBackpropFilter(kernels, inputs, attributes),
    DepthwiseConv2dNativeBackpropInput: (inputs, attributes) => depthwiseBackpropInput(kernels, inputs, attributes),
    Einsum: (inputs, attributes) => einsum(kernels, inputs, attributes),
    [patchesKernel]: (inputs, attributes) => patches(kernels, new WasmHeap(engine), inputs, attributes),
    UnsortedSegmentSum: (inputs, attributes) => unsortedSegmentSum(engine, kernels, inputs, attributes),
  };
}

/** Kernels that the backend has, and that are wrong, or several times slower than others that give the same. */
function replacements(engine: Engine, kernels: Kernels): Readonly<Record<string, Compose>> {
  const pooling = (inputs: NamedTensors) =>
    [required(inputs, "input"), required(inputs, "output"), required(inputs, "dy")] as const;
  return {
    BatchMatMul: (inputs, attributes, own) => batchMatMul(kernels, inputs, attributes, own),
    // Copies bytes, so that 0.5 is false and 253 is a boolean.
    Cast(inputs, { dtype }, own) {
      const x = required(inputs, "x");
      if (dtype !== "bool" || x.dtype === "bool" || x.dtype === "complex64") return own();
      const zero = x.dtype === "int32" ? Int32Array.of(0) : Float32Array.of(0);
      return kernels.run("NotEqual", { a: x, b: engine.makeTensor(zero, [], x.dtype) });
    },
    Conv2DBackpropInput: (inputs, attributes) => conv2DBackpropInput(kernels, inputs, attributes),
    // Leaves windows out that reach into the padding.
    Conv3DBackpropFilterV2: (inputs, attributes) => conv3DBackpropFilter(kernels, inputs, attributes),
    // Adds to memory that it has not cleared.
    Conv3DBackpropInputV2: (inputs, attributes) => conv3DBackpropInput(kernels, inputs, attributes),
    GatherV2: (inputs, attributes, own) => gather(new WasmHeap(engine), inputs, attributes, own),
    // All three are wrong for windows without a positive element.
    MaxPoolGrad: (inputs, attributes) => returnToLargest(kernels, ...pooling(inputs), attributes),
    MaxPool3D: (inputs, attributes) => maxPoolVolume(kernels, required(inputs, "x"), attributes),
    MaxPool3DGrad: (inputs, attributes) => maxPool3DGrad(kernels, inputs, attributes),
    Sum: (inputs, attributes, own) => sumOfLeadingAxes(new WasmHeap(engine), inputs, attributes, own),
  };
}

const installed = new WeakSet<KernelRegistry>();

/**
 * Makes the WebAssembly backend train what plain JavaScript trains, and several times faster than it does by itself. Results
 * may differ from the backend's own, so this is only for a backend that the probe has chosen, not for one that the script chose.
 *
 * To be called once the backend's package has been loaded; further calls do nothing.
 */
export function installWasmKernels(engine: Engine, registry: KernelRegistry): void {
  if (installed.has(registry)) return;
  installed.add(registry);
  const kernels = new Kernels(engine);
  const plain = (kernelName: string) =>
    plainJavaScript(engine, registry, kernelName, () => {
      guardComplexTensors(registry, plain);
    });
  const find = (kernelName: string) => registry.get(`wasm_${kernelName}`);
  const add = (kernelName: string, kernelFunc: KernelFunction) => {
    registerComposed(registry, { ...find(kernelName), kernelName, backendName: "wasm", kernelFunc });
  };
  for (const [kernelName, compose] of Object.entries(missing(engine, kernels))) {
    if (find(kernelName) !== undefined) continue;
    add(kernelName, ({ inputs, attrs }) => engine.tidy(() => compose(inputs, attrs, () => undefined)));
  }
  for (const [kernelName, compose] of Object.entries(replacements(engine, kernels))) {
    const own = find(kernelName);
    if (own === undefined) continue;
    add(kernelName, (call) => engine.tidy(() => compose(call.inputs, call.attrs, () => own.kernelFunc(call))));
  }
  for (const [kernelName, isWrong] of Object.entries(wrongCalls)) {
    const own = find(kernelName);
    const instead = plain(kernelName);
    if (own === undefined) continue;
    add(kernelName, (call) => (isWrong(call.inputs, call.attrs) ? instead : own.kernelFunc)(call));
  }
  const ofPlain = [...registry.values()].filter(({ backendName }) => backendName === "cpu");
  for (const kernelName of [...plainOnly, ...ofPlain.map((config) => config.kernelName)]) {
    if (find(kernelName) === undefined) add(kernelName, plain(kernelName));
  }
}
