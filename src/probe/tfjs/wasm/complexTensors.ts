import type { KernelConfig, KernelRegistry, Tensor } from "../engine.ts";

const guarded = new WeakSet<KernelRegistry>();

/**
 * From now on, every kernel of the WebAssembly backend that is called with a complex tensor is plain JavaScript's, where complex
 * tensors are. To be called before there is the first: programs that have none do not pay for it.
 */
export function guardComplexTensors(
  registry: KernelRegistry,
  plainJavaScript: (kernelName: string) => KernelConfig["kernelFunc"],
): void {
  if (guarded.has(registry)) return;
  guarded.add(registry);
  for (const own of registry.values()) {
    if (own.backendName !== "wasm" || !registry.has(`cpu_${own.kernelName}`)) continue;
    const instead = plainJavaScript(own.kernelName);
    const { kernelFunc } = own;
    // In place: what is known of the kernel's configuration stays true.
    Object.assign(own, {
      kernelFunc: (call: Parameters<typeof kernelFunc>[0]) => {
        const inputs = Object.values(call.inputs as Readonly<Record<string, Tensor | Tensor[] | undefined>>).flat();
        return inputs.some((input) => input?.dtype === "complex64") ? instead(call) : kernelFunc(call);
      },
    });
  }
}
