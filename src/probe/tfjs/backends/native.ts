import { hasNativePart, ownPackage } from "../redirect.ts";
import { makeCurrent, type Backend } from "./backend.ts";

/** libtensorflow in the process: the workspace's own `tfjs-node-gpu`, else its `tfjs-node`. */
export function native(name: "@tensorflow/tfjs-node-gpu" | "@tensorflow/tfjs-node"): Backend {
  return {
    choice: "tensorflow",
    title: name,
    async setUp({ script, load, engine }) {
      const file = ownPackage(script, name);
      if (file === undefined) throw new Error("not installed");
      if (!hasNativePart(file)) throw new Error("installed without its native part");
      load(name);
      await makeCurrent(engine(), "tensorflow");
      return "native code of the workspace's own package";
    },
  };
}
