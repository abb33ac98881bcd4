import type { Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/** A kernel of the probe's own: see `wasm/patches.ts`. Only the WebAssembly backend has it. */
export const patchesKernel = "OrreryPatches";

/** Gradient of a convolution with respect to its filter, from what each tap saw and the output's gradient. */
export function patchesProduct(kernels: Kernels, seen: Tensor, dy: Tensor, filterShape: readonly number[]): Tensor {
  const [taps = 0, positions = 0] = seen.shape;
  const channels = dy.shape.at(-1) ?? 1;
  const product = kernels.matMul(
    kernels.reshape(seen, [1, taps, positions]),
    kernels.reshape(dy, [1, positions, channels]),
  );
  return kernels.reshape(product, filterShape);
}
