import { pathToFileURL } from "node:url";
import { ownPackage } from "../redirect.ts";
import { makeCurrent, type Backend } from "./backend.ts";

/** What is used of the `webgpu` package, which is Dawn for Node. */
interface Dawn {
  readonly create: (flags: readonly string[]) => { requestAdapter(): Promise<Adapter | null> };
  readonly globals: Readonly<Record<string, unknown>>;
}

interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
  readonly isFallbackAdapter?: boolean;
}

/** Any modern GPU by way of Dawn, where the workspace has the packages `webgpu` and `@tensorflow/tfjs-backend-webgpu`. */
export const webgpu: Backend = {
  choice: "webgpu",
  title: "WebGPU",
  async setUp({ script, load, engine }, isAsked) {
    const dawnFile = ownPackage(script, "webgpu");
    const backendFile = ownPackage(script, "@tensorflow/tfjs-backend-webgpu");
    if (dawnFile === undefined) throw new Error("the package webgpu is not installed");
    if (backendFile === undefined) throw new Error("the package @tensorflow/tfjs-backend-webgpu is not installed");
    if (!isAsked) throw new Error("only on request, since measuring needs synchronous reads, which it has not");
    const { create, globals } = (await import(pathToFileURL(dawnFile).href)) as Dawn;
    const gpu = create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter === null) throw new Error("there is no adapter; is a Vulkan, Metal or Direct3D 12 driver installed?");
    for (const [name, value] of Object.entries(globals)) {
      if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
    load(backendFile);
    await makeCurrent(engine(), "webgpu");
    return adapter.info?.isFallbackAdapter === true ? "asked for, on a software adapter" : "asked for";
  },
};
