import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pythonAdvice } from "../../src/doctor/pythonDiagnosis.ts";
import { choosePython, findPython, InterpreterError, type PythonFindings } from "../../src/recorder/pythonRuntime.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-python-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Something that answers what Python is asked as an interpreter would that has this to say of itself. */
function interpreter(answer: object): string {
  const file = path.join(folder, "python");
  writeFileSync(file, `#!/bin/sh\necho 'a banner'\necho '${JSON.stringify(answer)}'\n`, { mode: 0o755 });
  return file;
}

const good: PythonFindings = {
  executable: "/env/bin/python",
  version: "3.12.1",
  torch: "2.4.0+cpu",
  devices: ["cpu"],
};

describe.skipIf(process.platform === "win32")("an interpreter", () => {
  test("that will do is taken as it describes itself", async () => {
    expect(await choosePython(interpreter(good))).toEqual(good);
  });

  test.each([
    ["the oldest Python and PyTorch", { version: "3.9.0", torch: "1.13.0a0" }],
    ["a development version", { version: "3.13.0", torch: "2.10.0.dev20260101" }],
  ])("that is %s will do", async (_what, part) => {
    expect(await choosePython(interpreter({ ...good, ...part }))).toMatchObject(part);
  });

  test.each([
    ["an older Python", { ...good, version: "3.8.18" }, "is Python 3.8.18; inspecting a script needs Python 3.9"],
    ["an older PyTorch", { ...good, torch: "1.12.1" }, 'Run "/env/bin/python -m pip install --upgrade torch"'],
    [
      "no PyTorch",
      {
        executable: good.executable,
        version: "3.12.1",
        devices: [],
        missing: "ModuleNotFoundError: No module named torch",
      },
      "cannot import PyTorch (ModuleNotFoundError",
    ],
  ])("that is or has %s is refused with what to do, and still described", async (_what, answer, says) => {
    const file = interpreter(answer);
    const refused = choosePython(file);
    await expect(refused).rejects.toBeInstanceOf(InterpreterError);
    await expect(refused).rejects.toThrow(says);
    expect(await findPython(file)).toMatchObject({ version: answer.version });
  });

  test("that is none is refused", async () => {
    await expect(choosePython(path.join(folder, "nothing"))).rejects.toThrow("Give the path of a Python executable");
  });
});

describe("what would bring a faster run", () => {
  const nvidia = { name: "Example GPU 1", vendor: "NVIDIA", driver: true } as const;
  const nothing = { known: true, seen: [], how: "" };

  test.each([
    ["nothing, where there is no GPU", good, nothing, "Nothing: no GPU is seen."],
    [
      "nothing, where PyTorch can use it",
      { ...good, devices: ["cpu", "cuda: Example GPU 1"] },
      nothing,
      "can use the GPU",
    ],
    ["another PyTorch", good, { ...nothing, seen: [nvidia] }, "built for CUDA"],
    ["a driver", good, { ...nothing, seen: [{ ...nvidia, driver: false }] }, "NVIDIA's driver"],
  ])("%s", (_what, python, gpus, says) => {
    expect(pythonAdvice(python, gpus, undefined).text).toContain(says);
  });
});
