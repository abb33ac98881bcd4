import type { BackendChoice } from "../run/runManifest.ts";
import type { BackendFinding } from "./backendFindings.ts";
import type { Gpu, Gpus } from "./gpus.ts";

/** The one thing that would bring a better backend. */
export interface Advice {
  /** What to type; absent where it is nothing to type, or there is nothing to do. */
  readonly command?: string | undefined;
  readonly text: string;
}

export interface AdviceFacts {
  readonly backends: readonly BackendFinding[];
  /** Title of the backend that is chosen. */
  readonly chosen: string | undefined;
  readonly left: string | undefined;
  readonly choice: BackendChoice;
  readonly gpus: Gpus;
}

const cuda = "@tensorflow/tfjs-node-gpu";
const webgpu = "WebGPU";
const native = "@tensorflow/tfjs-node";
const bestFirst = [cuda, webgpu, native, "WebAssembly", "plain JavaScript"];

const installWebgpu = "npm install webgpu @tensorflow/tfjs-backend-webgpu";

export function adviceFor(facts: AdviceFacts): Advice {
  const { backends, chosen, left, choice } = facts;
  const best = bestFirst.find((title) => backends.some((each) => each.title === title && isGood(each)));
  if (best === undefined) return { text: "None of the backends starts. The reasons beside them say why." };
  if (left === undefined && choice !== "auto" && chosen !== undefined && rank(best) < rank(chosen))
    return { text: `Leave the backend to Orrery (\`auto\`): ${best} would be chosen.` };
  return gpuAdvice(facts, best) ?? nativeAdvice(facts, best);
}

/** Undefined where nothing more can be had of a GPU. */
function gpuAdvice({ backends, gpus }: AdviceFacts, best: string): Advice | undefined {
  const nvidia = gpus.seen.find((gpu) => gpu.vendor === "NVIDIA");
  if (best === cuda) return cudaAdvice(backends, nvidia);
  if (nvidia?.driver === false)
    return { text: `Install NVIDIA's driver: ${nvidia.name} is seen, but no driver answers for it.` };
  if (best === webgpu) return { text: "Nothing: the GPU is used." };
  const refusal = (title: string) => backends.find((each) => each.title === title)?.why ?? "";
  if (nvidia !== undefined) {
    const install = packageAdvice(cuda, refusal(cuda), `is for ${nvidia.name}, and needs CUDA and cuDNN too`);
    if (install !== undefined) return install;
  }
  const gpu: Gpu | undefined = nvidia ?? gpus.seen[0];
  if (gpu === undefined) return undefined;
  const why = refusal(webgpu);
  if (isMissing(why)) return { command: installWebgpu, text: `WebGPU would use ${gpu.name}.` };
  const driver = gpu.driver === true ? "a newer" : "a";
  return {
    text: `Install ${driver} graphics driver with Vulkan, Metal or Direct3D 12: ${gpu.name} is seen, but WebGPU says: ${why}.`,
  };
}

function cudaAdvice(backends: readonly BackendFinding[], nvidia: Gpu | undefined): Advice {
  if (backends.some(({ title, why }) => title === cuda && why.includes("on a CUDA GPU")))
    return { text: `Nothing: the best backend there is uses ${nvidia?.name ?? "a CUDA GPU"}.` };
  if (nvidia === undefined) return { text: `Nothing: ${cuda} computes on the processor, since no NVIDIA GPU is seen.` };
  return { text: `Install CUDA and cuDNN: ${cuda} computes on the processor although ${nvidia.name} is seen.` };
}

/** What is left without a GPU. */
function nativeAdvice({ backends, gpus }: AdviceFacts, best: string): Advice {
  const without = gpus.known
    ? "no GPU is seen"
    : "whether there is a GPU cannot be known here; if there is one, " + `\`${installWebgpu}\` would bring it`;
  if (best === native) return { text: `Nothing: ${without}, and ${native} computes in native code.` };
  const why = backends.find((each) => each.title === native)?.why ?? "";
  const advice = packageAdvice(native, why, "computes in native code");
  if (advice === undefined) return { text: `Nothing: ${without}.` };
  return { ...advice, text: `${advice.text} There is no better one, since ${without}.` };
}

/** How a package of TensorFlow.js is had that is missing or lacks its native part; undefined where it is neither. */
function packageAdvice(name: string, refusal: string, what: string): Advice | undefined {
  if (isMissing(refusal)) return { command: `npm install ${name}`, text: `It ${what}.` };
  if (refusal.includes("does not load")) return { text: `Give ${name} what it needs: ${refusal}.` };
  if (!refusal.includes("native part")) return undefined;
  return {
    command: `npm rebuild ${name}`,
    text: `It ${what}; its native part, which is missing, is downloaded by that.`,
  };
}

/** A GPU that is played by the processor is slower than what comes after it. */
function isGood({ available, why }: BackendFinding): boolean {
  return available && !why.includes("software");
}

function isMissing(refusal: string): boolean {
  return refusal.includes("not installed");
}

function rank(title: string): number {
  return bestFirst.indexOf(title);
}
