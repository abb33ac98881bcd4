import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const editor = vi.hoisted(() => ({
  EventEmitter: class {
    event = vi.fn();
    fire = vi.fn();
  },
  workspace: {
    isTrusted: false,
    registerTextDocumentContentProvider: vi.fn(),
    onDidGrantWorkspaceTrust: vi.fn(),
    onDidChangeWorkspaceFolders: vi.fn(),
    onDidChangeConfiguration: vi.fn(),
  },
  window: { showInformationMessage: () => Promise.resolve(undefined) },
  l10n: { t: (text: string) => text },
  env: {},
}));

vi.mock("vscode", () => editor);

const { RunController } = await import("../../src/editor/runController.ts");
const { runCommands } = await import("../../src/editor/runCommands.ts");
const { Doctor } = await import("../../src/editor/doctor.ts");
const { inspectScript, inspectWithArguments } = await import("../../src/editor/inspectCommand.ts");
const { commands } = await import("../../src/ids.ts");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orrery-restricted-"));
  writeFileSync(path.join(folder, "run.json"), "{}");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function parts() {
  const run = { directory: folder, live: true, orphaned: true };
  const runs = { runs: [run], find: () => run, expect: vi.fn(), refresh: vi.fn() };
  const log = { info: vi.fn(), error: vi.fn() };
  const installation = { recorder: "absent", preload: "absent", inspectScript: "absent" };
  const controller = new RunController(installation, runs as never, log as never);
  const panels = { open: vi.fn(), dispose: vi.fn() };
  return { runs: runs as never, controller, panels };
}

describe("in Restricted Mode, by code and not only by conditions in the manifest,", () => {
  test("no script is inspected", async () => {
    const { controller, panels } = parts();
    await expect(controller.inspect({ fsPath: "/project/train.ts" } as never, [])).rejects.toThrow("not trusted");
    await expect(inspectScript(undefined, { controller, panels })).rejects.toThrow("not trusted");
    const memory = { get: vi.fn(), update: vi.fn() };
    await expect(inspectWithArguments(undefined, { controller, panels }, memory)).rejects.toThrow("not trusted");
    expect(memory.get).not.toHaveBeenCalled();
    expect(panels.open).not.toHaveBeenCalled();
  });

  test.each(["stop", "pause", "resume", "measure"] as const)(
    "%s is refused and nothing is written",
    async (request) => {
      const all = parts();
      await expect(all.controller.request(folder, request)).rejects.toThrow("not trusted");
      await expect((async () => runCommands(all).get(commands[request])?.(folder))()).rejects.toThrow("not trusted");
      expect(readdirSync(folder)).toEqual(["run.json"]);
    },
  );

  test("no recorder is started again, and a panel is told that it controls nothing", async () => {
    const { controller } = parts();
    await controller.recoverAll();
    expect(readdirSync(folder)).toEqual(["run.json"]);
    expect(controller.controllable(folder)).toBe(false);
  });

  test("the doctor runs nothing, and says so", async () => {
    const log = { warn: vi.fn() };
    const doctor = new Doctor("absent", log as never);
    expect(doctor.status()).toEqual({ is: "restricted" });
    await expect(doctor.show()).rejects.toThrow("not trusted");
    expect(log.warn).not.toHaveBeenCalled();
  });

  test("a stored run is opened", async () => {
    const all = parts();
    await runCommands(all).get(commands.openRun)?.(folder);
    expect(all.panels.open).toHaveBeenCalledWith(folder);
  });
});
