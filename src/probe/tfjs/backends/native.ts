import { giveUpOn, hasNativePart, ownPackage } from "../redirect.ts";
import { makeCurrent, type Backend } from "./backend.ts";

/** What tells where libtensorflow computes. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
}

/** libtensorflow in the process: the workspace's own `tfjs-node-gpu`, else its `tfjs-node`. */
export function native(name: "@tensorflow/tfjs-node-gpu" | "@tensorflow/tfjs-node"): Backend {
  return {
    choice: "tensorflow",
    title: name,
    async setUp({ script, load, engine }) {
      const file = ownPackage(script, name);
      if (file === undefined) throw new Error("not installed");
      if (!hasNativePart(file)) throw new Error("installed without its native part");
      try {
        load(name);
      } catch (error) {
        giveUpOn(name);
        const [reason = ""] = String(error instanceof Error ? error.message : error).split("\n");
        throw new Error(`its native part does not load: ${reason}`, { cause: error });
      }
      await makeCurrent(engine(), "tensorflow");
      const { isUsingGpuDevice } = engine().backend as NativeBackend;
      if (isUsingGpuDevice === true) return "native code of the workspace's own package, on a CUDA GPU";
      const noGpu = name === "@tensorflow/tfjs-node-gpu" ? ", as it finds no CUDA GPU" : "";
      return `native code of the workspace's own package, on the CPU${noGpu}`;
    },
  };
}
