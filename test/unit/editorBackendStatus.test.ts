import { expect, test } from "vitest";
import type { Diagnosis } from "../../src/doctor/diagnosis.ts";
import { backendStatus } from "../../src/editor/backendStatus.ts";

const diagnosis: Diagnosis = {
  folder: "/project",
  node: { executable: "/opt/node", version: "24.0.0" },
  gpus: { known: true, seen: [], how: "by looking" },
  choice: "auto",
  chosen: { title: "WebAssembly", backend: "wasm", reason: "" },
  backends: [
    { title: "WebGPU", choice: "webgpu", available: false, why: "the package webgpu is not installed" },
    { title: "WebAssembly", choice: "wasm", available: true, why: "it is good" },
  ],
  advice: { command: "npm install it", text: "It is better." },
};

test("the line above the runs names the backend and whether a GPU is used; its tooltip has the reasons and the action", () => {
  expect(backendStatus({ is: "known", diagnosis })).toEqual({
    label: "Backend: WebAssembly",
    description: "no GPU is used",
    tooltip: [
      "✗ WebGPU: the package webgpu is not installed",
      "✓ WebAssembly: it is good",
      "GPU: none is seen, by looking",
      "To do: npm install it. It is better.",
    ].join("\n"),
  });
});

test.each([
  ["WebGPU", "on its hardware", "Example GPU 1", "a GPU is used"],
  ["WebGPU", "played by the processor", "asked for, in software (Example)", "no GPU is used"],
  ["@tensorflow/tfjs-node-gpu", "on its GPU", "native code, on a CUDA GPU", "a GPU is used"],
  ["@tensorflow/tfjs-node-gpu", "without a GPU", "native code, on the CPU, as it finds no CUDA GPU", "no GPU is used"],
])("%s %s is told apart", (title, _how, why, description) => {
  const backends = [{ title, choice: "webgpu", available: true, why }];
  const chosen = { title, backend: "webgpu", reason: "" };
  expect(backendStatus({ is: "known", diagnosis: { ...diagnosis, backends, chosen } }).description).toBe(description);
});

test("what is left to the script, and what failed, is said", () => {
  const left = { ...diagnosis, chosen: undefined, left: "the script chooses" };
  expect(backendStatus({ is: "known", diagnosis: left })).toMatchObject({
    label: "Backend: the script's own",
    description: "the script chooses",
  });
  const broken = { ...diagnosis, chosen: undefined, problem: "Trying WebGPU failed: it ended with SIGABRT." };
  expect(backendStatus({ is: "known", diagnosis: broken })).toMatchObject({
    label: "Backend: none",
    description: "trying the backends failed",
    tooltip: expect.stringContaining("SIGABRT") as unknown,
  });
  expect(backendStatus({ is: "failed", why: "No Node" })).toMatchObject({
    label: "Backend: none",
    tooltip: "No Node",
  });
  expect(backendStatus({ is: "restricted" }).tooltip).toContain("not trusted");
});
