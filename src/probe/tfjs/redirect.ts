import { existsSync, readdirSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import util from "node:util";
import type { Journal } from "./journal.ts";
import { loadedCopies } from "./loadedCopies.ts";

/** Files beside the probe that stand in for packages. */
export const standIns = {
  tfjsNode: path.join(import.meta.dirname, "tfjsNode.cjs"),
  tensorflow: path.join(import.meta.dirname, "tensorflow.cjs"),
  wasmBackend: path.join(import.meta.dirname, "wasmBackend.cjs"),
} as const;

/** Files beside the probe that are run elsewhere: in the thread that has the GPU, and in a process that looks for one. */
export const webgpuFiles = {
  worker: path.join(import.meta.dirname, "webgpuWorker.mjs"),
  adapter: path.join(import.meta.dirname, "webgpuAdapter.mjs"),
} as const;

/** While it is asked what the script itself has, nothing is redirected. */
let asksForOwn = false;

/** Packages whose native part has turned out not to load. */
const givenUp = new Set<string>();

/** From now on, the package is treated as if it had no native part. */
export function giveUpOn(name: string): void {
  givenUp.add(name);
}

const nativePackage = /^@tensorflow\/tfjs-node(-gpu)?$/;

/**
 * Gives a script that imports TensorFlow.js what there is of it: `tfjs-node` without its native part becomes a stand-in over plain
 * TensorFlow.js, and `@tensorflow/tfjs` that is not installed becomes the copy that the extension carries.
 */
export function redirectPackages(script: string, journal: Pick<Journal, "noteOnce">): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (asksForOwn) return nextResolve(specifier, context);
      const parent = context.parentURL?.startsWith("file:") === true ? fileURLToPath(context.parentURL) : "";
      if (nativePackage.test(specifier)) {
        const found = attempt(() => nextResolve(specifier, context));
        const hasPart = found !== undefined && hasNativePart(fileURLToPath(found.url));
        if (hasPart && !givenUp.has(specifier)) {
          reviveUtilities();
          return found;
        }
        const why = found === undefined ? "is not installed" : "is installed without its native part";
        noteMissing(journal, specifier, hasPart ? "has a native part that does not load" : why);
        return commonJs(standIns.tfjsNode);
      }
      if (specifier === "@tensorflow/tfjs-core" && parent === standIns.wasmBackend) {
        return commonJs(loadedCopies().cores[0]?.file ?? standIns.tensorflow);
      }
      if (specifier !== "@tensorflow/tfjs") return nextResolve(specifier, context);
      if (parent === standIns.tfjsNode) return commonJs(ownPackage(script, "@tensorflow/tfjs") ?? standIns.tensorflow);
      const found = attempt(() => nextResolve(specifier, context));
      if (found !== undefined) return found;
      journal.noteOnce(
        "information",
        "carried-copy",
        `${specifier} is not installed where the script is. It runs on the copy that comes with Orrery.`,
      );
      return commonJs(standIns.tensorflow);
    },
  });
}

/** File of a package that the script would load without our help; undefined where it is not installed. */
export function ownPackage(script: string, name: string): string | undefined {
  asksForOwn = true;
  try {
    return attempt(() => createRequire(script).resolve(name));
  } finally {
    asksForOwn = false;
  }
}

function commonJs(file: string): { url: string; format: string; shortCircuit: true } {
  return { url: pathToFileURL(file).href, format: "commonjs", shortCircuit: true };
}

/** Undefined where a package is not found; other faults are the script's own. */
function attempt<T>(resolve: () => T): T | undefined {
  try {
    return resolve();
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Whether tfjs-node, given its main file, has its addon, which is put under `lib/napi-vN`. */
export function hasNativePart(file: string): boolean {
  const library = path.join(path.dirname(path.dirname(file)), "lib");
  return (
    existsSync(library) &&
    readdirSync(library).some((folder) => existsSync(path.join(library, folder, "tfjs_binding.node")))
  );
}

/** tfjs-node 4.22 calls two functions that Node 23 took out of `util`: to be called before it is loaded. */
export function reviveUtilities(): void {
  const utilities = util as unknown as Record<string, unknown>;
  utilities["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  utilities["isArray"] ??= (value: unknown) => Array.isArray(value);
}

function noteMissing(journal: Pick<Journal, "noteOnce">, specifier: string, why: string): void {
  journal.noteOnce(
    "warning",
    "native-addon-missing",
    `${specifier} ${why}, so the script runs on plain TensorFlow.js. Reinstall it where its native part can be downloaded to train faster.`,
  );
}
