import { describe, expect, test } from "vitest";
import { adviceFor, type AdviceFacts } from "../../src/doctor/advice.ts";
import { findingsOf, type BackendFinding } from "../../src/doctor/backendFindings.ts";
import { diagnosisText } from "../../src/doctor/diagnosisText.ts";
import { seeGpus, type Gpu, type Gpus, type Machine } from "../../src/doctor/gpus.ts";

/** A machine with these files (a folder is what lies below it) and these programs. */
function machine(
  platform: NodeJS.Platform,
  files: Readonly<Record<string, string>>,
  programs: Readonly<Record<string, string>> = {},
): Machine {
  const paths = Object.keys(files);
  return {
    platform,
    architecture: "x64",
    run: (program) => Promise.resolve(programs[program]),
    exists: (file) => paths.some((each) => each === file || each.startsWith(`${file}/`)),
    list: (folder) =>
      [
        ...new Set(
          paths
            .filter((each) => each.startsWith(`${folder}/`))
            .map((each) => each.slice(folder.length + 1).split("/")[0]),
        ),
      ].filter((name) => name !== undefined),
    read: (file) => files[file] ?? "",
  };
}

function display(vendor: string): Readonly<Record<string, string>> {
  const device = "/sys/bus/pci/devices/0000:01:00.0";
  return { [`${device}/class`]: "0x030000\n", [`${device}/vendor`]: `${vendor}\n` };
}

const nvidia: Gpu = { name: "Example GPU 1", vendor: "NVIDIA", driver: true };
const other: Gpu = { name: "a GPU of AMD", vendor: "other", driver: true };

describe("GPUs are seen", () => {
  test.each<[string, Machine, boolean, readonly Gpu[]]>([
    ["nowhere on a machine without", machine("linux", {}), true, []],
    [
      "by NVIDIA's own program, with its name",
      machine("linux", display("0x10de"), { "nvidia-smi": "GPU 0: Example GPU 1 (UUID: GPU-0)\n" }),
      true,
      [nvidia],
    ],
    [
      "by a device of NVIDIA's driver where that program is missing",
      machine("linux", { "/dev/nvidia0": "", "/dev/nvidiactl": "" }),
      true,
      [{ name: "an NVIDIA GPU", vendor: "NVIDIA", driver: true }],
    ],
    [
      "on the bus, without a driver",
      machine("linux", display("0x10de")),
      true,
      [{ name: "an NVIDIA GPU", vendor: "NVIDIA", driver: false }],
    ],
    [
      "on the bus, with a node to render by",
      machine("linux", { ...display("0x1002"), "/dev/dri/renderD128": "" }),
      true,
      [other],
    ],
    [
      "not in a virtual machine's display adapter",
      machine("linux", { ...display("0x1234"), "/dev/dri/card0": "" }),
      true,
      [],
    ],
    [
      "in a system on a chip, which is on no bus",
      machine("linux", { "/dev/dri/renderD128": "" }),
      true,
      [{ name: "a GPU", vendor: "other", driver: true }],
    ],
    [
      "in Windows from within WSL",
      machine("linux", { "/dev/dxg": "" }),
      true,
      [{ name: "a GPU of Windows, by way of WSL", vendor: "other", driver: true }],
    ],
    [
      "on a Mac",
      machine(
        "darwin",
        {},
        { system_profiler: "Graphics/Displays:\n\n    Apple M9:\n\n      Chipset Model: Apple M9\n" },
      ),
      true,
      [{ name: "Apple M9", vendor: "other", driver: true }],
    ],
    [
      "on Windows, but not in its basic display adapter",
      machine("win32", {}, { "powershell.exe": "Microsoft Basic Display Adapter\r\nExample Graphics 7\r\n" }),
      true,
      [{ name: "Example Graphics 7", vendor: "other", driver: undefined }],
    ],
    ["on Windows: unknown where nothing answers", machine("win32", {}), false, []],
    ["elsewhere: unknown", machine("freebsd", {}), false, []],
  ])("%s", async (_where, asked, known, seen) => {
    expect(await seeGpus(asked)).toMatchObject({ known, seen });
  });
});

const none: Gpus = { known: true, seen: [], how: "by looking" };
const absent: Readonly<Record<string, string>> = {
  "@tensorflow/tfjs-node-gpu": "not installed",
  WebGPU: "the package webgpu is not installed",
  "@tensorflow/tfjs-node": "not installed",
};

function absentBut(present: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(absent).filter(([title]) => title !== present));
}

function findings(refusals: Readonly<Record<string, string>>): BackendFinding[] {
  return ["@tensorflow/tfjs-node-gpu", "WebGPU", "@tensorflow/tfjs-node", "WebAssembly", "plain JavaScript"].map(
    (title) => ({ title, choice: "any", available: !(title in refusals), why: refusals[title] ?? "it is good" }),
  );
}

function facts(
  refusals: Readonly<Record<string, string>>,
  seen: readonly Gpu[],
  merit = "it is good",
  part: Partial<AdviceFacts> = {},
): AdviceFacts {
  const backends = findings(refusals).map((each) => (each.available ? { ...each, why: merit } : each));
  const chosen = backends.find((each) => each.available)?.title;
  return { backends, chosen, left: undefined, choice: "auto", gpus: { ...none, seen }, ...part };
}

describe("the one action that brings a better backend", () => {
  const withCuda = absentBut("@tensorflow/tfjs-node-gpu");
  const withWebgpu = absentBut("WebGPU");
  const withNative = absentBut("@tensorflow/tfjs-node");

  test.each<[string, AdviceFacts, string | undefined, string]>([
    ["without a GPU is native code", facts(absent, []), "npm install @tensorflow/tfjs-node", "no GPU is seen"],
    ["without a GPU, with native code, is none", facts(withNative, []), undefined, "Nothing: no GPU is seen"],
    ["with an NVIDIA GPU is CUDA", facts(absent, [nvidia]), "npm install @tensorflow/tfjs-node-gpu", "Example GPU 1"],
    [
      "with CUDA's package lacking its native part is to get that",
      facts({ ...absent, "@tensorflow/tfjs-node-gpu": "installed without its native part" }, [nvidia]),
      "npm rebuild @tensorflow/tfjs-node-gpu",
      "native part",
    ],
    [
      "with CUDA in use is none",
      facts(withCuda, [nvidia], "native code, on a CUDA GPU"),
      undefined,
      "Nothing: the best",
    ],
    ["with CUDA's package and no GPU says so", facts(withCuda, []), undefined, "no NVIDIA GPU is seen"],
    ["with CUDA's package on the processor is CUDA", facts(withCuda, [nvidia]), undefined, "Install CUDA and cuDNN"],
    [
      "with CUDA's package that does not load is what that lacks",
      facts({ ...absent, "@tensorflow/tfjs-node-gpu": "its native part does not load: no libcudart" }, [nvidia]),
      undefined,
      "no libcudart",
    ],
    [
      "with an NVIDIA GPU without a driver is the driver",
      facts(absent, [{ ...nvidia, driver: false }]),
      undefined,
      "NVIDIA's driver",
    ],
    [
      "with another GPU is WebGPU",
      facts(absent, [other]),
      "npm install webgpu @tensorflow/tfjs-backend-webgpu",
      "a GPU of AMD",
    ],
    ["with WebGPU in use is none", facts(withWebgpu, [other]), undefined, "the GPU is used"],
    [
      "with WebGPU that finds no adapter is a driver",
      facts({ ...absent, WebGPU: "there is no adapter" }, [other]),
      undefined,
      "Install a newer graphics driver",
    ],
    [
      "after another backend was asked for is not to ask",
      facts(withNative, [], undefined, { choice: "cpu", chosen: "plain JavaScript" }),
      undefined,
      "@tensorflow/tfjs-node would be chosen",
    ],
    [
      "where GPUs cannot be seen says so",
      facts(absent, [], undefined, { gpus: { ...none, known: false } }),
      "npm install @tensorflow/tfjs-node",
      "cannot be known",
    ],
  ])("%s", (_where, given, command, text) => {
    const advice = adviceFor(given);
    expect(advice.command).toBe(command);
    expect(advice.text).toContain(text);
  });

  test("a WebGPU adapter that the processor plays is not taken for a GPU", () => {
    const backends = findings(withWebgpu).map((each) =>
      each.title === "WebGPU" ? { ...each, why: "asked for, on a software adapter" } : each,
    );
    expect(adviceFor({ ...facts(absent, []), backends, choice: "webgpu", chosen: "WebGPU" }).text).toContain("no GPU");
  });
});

test("a process that dies while it tries a backend is reported with that backend and what it last said", () => {
  const found = findingsOf(
    [
      { t: "plan", backends: ["A", "B", "C"] },
      { t: "backend", title: "A", choice: "tensorflow", refusal: "not installed" },
    ],
    "it ended with SIGABRT",
    "terminate called",
  );
  expect(found.backends).toEqual([{ title: "A", choice: "tensorflow", available: false, why: "not installed" }]);
  expect(found.problem).toBe("Trying B failed: it ended with SIGABRT. Its last output:\nterminate called");
  expect(found.chosen).toBeUndefined();
});

test("a diagnosis names Node, GPUs, every backend with why, the chosen one, and the action", () => {
  const backends = findings(absent);
  const text = diagnosisText({
    folder: "/project",
    node: { executable: "/opt/node", version: "24.0.0" },
    gpus: none,
    choice: "auto",
    chosen: { title: "WebAssembly", backend: "wasm", reason: "" },
    backends,
    advice: { command: "npm install it", text: "It is better." },
  });
  expect(text).toMatch(/node +24\.0\.0, new enough .*, at \/opt\/node/);
  expect(text).toMatch(/GPU +none is seen, by looking\nbackend +WebAssembly\n/);
  expect(text).toMatch(/✗ @tensorflow\/tfjs-node {6}not installed/);
  expect(text).toMatch(/✓ WebAssembly +chosen: it is good\n {2}✓ plain JavaScript +there: it is good/);
  expect(text).toMatch(/to do +npm install it\n +It is better\.$/);
});
