/**
 * `npm run test:gpu`: the oracle suite on the backends that compute on a GPU of this machine: `tfjs-node-gpu` where its native part
 * and a CUDA GPU are, WebGPU where there is an adapter in hardware. Fails where there is neither, since nothing was tested then.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { BackendName } from "../test/oracle/support/backends.ts";

const root = path.dirname(import.meta.dirname);
const support = (file: string) => pathToFileURL(path.join(root, "test", "oracle", "support", file)).href;
const environment = { ...process.env, ORRERY_TEST_GPU: "1" };

/**
 * What one of the tests' own modules says when it is asked, in a process of its own: a driver that crashes ends only that.
 *
 * @param program prints what it finds, or throws why there is nothing.
 */
function ask(program: string): { readonly answer?: string; readonly refusal: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
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

const refusals: string[] = [];
const found: string[] = [];
for (const [backend, program] of Object.entries(looks)) {
  const { answer, refusal } = ask(program);
  if (answer === undefined) refusals.push(refusal);
  else found.push(backend);
}
if (found.length === 0) {
  console.error(`Nothing was tested, as no backend computes on a GPU here. ${refusals.join(" ")}`);
  process.exit(1);
}
console.log(
  `The oracle suite, on ${found.join(" and ")}.${refusals.map((refusal) => ` Left out: ${refusal}`).join("")}`,
);
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const outcome = spawnSync(process.execPath, [vitest, "run", "--project", "oracle", ...process.argv.slice(2)], {
  cwd: root,
  env: { ...environment, ORRERY_TEST_BACKENDS: found.join(",") },
  stdio: "inherit",
});
process.exit(outcome.status ?? 1);
