/**
 * `npm run test:gpu`: the oracle suite on the backends that compute on a GPU of this machine: `tfjs-node-gpu` where its native part
 * and a CUDA GPU are, WebGPU where there is an adapter in hardware; and what tests PyTorch's numbers on CUDA, where the tests' PyTorch
 * can use it. Fails where there is none of them, since nothing was tested then.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { BackendName } from "../test/oracle/support/backends.ts";
import { findPython, howToGetTorch } from "./python.ts";

const root = path.dirname(import.meta.dirname);
const support = (file: string) => pathToFileURL(path.join(root, "test", "oracle", "support", file)).href;
const environment = { ...process.env, ORRERY_TEST_GPU: "1" };

interface Answer {
  readonly answer?: string;
  readonly refusal: string;
}

/**
 * What a program says when it is run, in a process of its own: a driver that crashes ends only that.
 *
 * @param words after which the program comes; it prints what it finds, or throws why there is nothing.
 */
function ask(executable: string, words: readonly string[], program: string): Answer {
  const { status, stdout, stderr } = spawnSync(executable, [...words, program], {
    cwd: root,
    env: environment,
    encoding: "utf8",
  });
  const refusal = /^(?:\w*Error): (.*)$/m.exec(stderr)?.[1] ?? `the process that looked for it ended with ${status}`;
  return status === 0 ? { answer: stdout.trim(), refusal } : { refusal };
}

const looks: Readonly<Partial<Record<BackendName, string>>> = {
  tensorflow: `const { loadNative } = await import(${JSON.stringify(support("native.ts"))}); loadNative();`,
  webgpu: `const { adapter } = await import(${JSON.stringify(support("webgpu.ts"))});
    if (adapter === undefined) throw new Error("WebGPU has no adapter.");
    if (adapter.isSoftware) throw new Error("WebGPU has an adapter in software only, " + adapter.name + ".");
    console.log(adapter.name); process.exit(0);`,
};

/** Which device PyTorch computes on, where that is a GPU. Makes it the default, which the tests do. */
const cudaLook = `
import torch
if not torch.cuda.is_available():
    raise RuntimeError(f"PyTorch {torch.__version__} finds no CUDA device.")
if not hasattr(torch, "set_default_device"):
    raise RuntimeError(f"PyTorch {torch.__version__} cannot make CUDA the default device, as 2.0 can.")
torch.set_default_device("cuda")
print(torch.cuda.get_device_name(torch.ones(1).device))
`;

function askPython(): Answer {
  const python = findPython();
  return python === undefined ? { refusal: howToGetTorch } : ask(python, ["-c"], cudaLook);
}

function runTests(words: readonly string[], variables: Readonly<Record<string, string>>): number {
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  const outcome = spawnSync(process.execPath, [vitest, "run", ...words, ...process.argv.slice(2)], {
    cwd: root,
    env: { ...environment, ...variables },
    stdio: "inherit",
  });
  return outcome.status ?? 1;
}

const refusals: string[] = [];
const found: string[] = [];
for (const [backend, program] of Object.entries(looks)) {
  const { answer, refusal } = ask(process.execPath, ["--input-type=module", "--eval"], program);
  if (answer === undefined) refusals.push(refusal);
  else found.push(backend);
}
const cuda = askPython();
if (cuda.answer === undefined) refusals.push(cuda.refusal);
if (found.length === 0 && cuda.answer === undefined) {
  console.error(`Nothing was tested, as no backend computes on a GPU here. ${refusals.join(" ")}`);
  process.exit(1);
}
const leftOut = refusals.map((refusal) => ` Left out: ${refusal}`).join("");
const statuses: number[] = [];
if (found.length > 0) {
  console.log(`The oracle suite, on ${found.join(" and ")}.${leftOut}`);
  statuses.push(runTests(["--project", "oracle"], { ORRERY_TEST_BACKENDS: found.join(",") }));
}
if (cuda.answer !== undefined) {
  console.log(`PyTorch, on ${cuda.answer}.${leftOut}`);
  const files = ["test/oracle/torchCurvature", "test/oracle/torchLayers", "test/contract/torchDevice"];
  statuses.push(
    runTests(["--project", "oracle", "--project", "contract", ...files], {
      ORRERY_TEST_TORCH_DEVICE: "cuda",
      // Without it cuBLAS may sum in another order each time.
      CUBLAS_WORKSPACE_CONFIG: ":4096:8",
    }),
  );
}
process.exit(Math.max(...statuses));
