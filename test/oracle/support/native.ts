import { createRequire } from "node:module";
import { currentEngine } from "../../../src/probe/tfjs/engine.ts";
import { hasNativePart, reviveUtilities } from "../../../src/probe/tfjs/redirect.ts";

const require = createRequire(import.meta.url);

/**
 * Loads `tfjs-node-gpu`, or `tfjs-node` where that is not to be had: whichever has its native part.
 *
 * With `ORRERY_TEST_GPU` set, only one that computes on a GPU will do.
 */
export function loadNative(): void {
  const names = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];
  const name = names.find((each) => {
    try {
      return hasNativePart(require.resolve(each));
    } catch {
      return false;
    }
  });
  if (name === undefined) throw new Error(`Neither ${names.join(" nor ")} is installed with its native part.`);
  reviveUtilities();
  require(name);
  const backend = currentEngine()?.findBackend("tensorflow") as { readonly isUsingGpuDevice?: boolean } | null;
  if (process.env["ORRERY_TEST_GPU"] !== undefined && backend?.isUsingGpuDevice !== true) {
    throw new Error(`${name} does not compute on a GPU here.`);
  }
}
