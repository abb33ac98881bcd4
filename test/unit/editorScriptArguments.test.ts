import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { areReadable, scriptArguments } from "../../src/editor/scriptArguments.ts";

interface InputBox {
  readonly value: string;
  validateInput(typed: string): unknown;
}

const editor = vi.hoisted(() => ({
  typed: undefined as string | undefined,
  boxes: [] as InputBox[],
  workspace: { isTrusted: true, textDocuments: [] },
  window: {
    showInputBox: (box: InputBox) => {
      editor.boxes.push(box);
      return Promise.resolve(editor.typed);
    },
    withProgress: (_options: unknown, task: () => unknown) => task(),
  },
  ProgressLocation: { Window: 10 },
  Uri: class {
    readonly scheme = "file";
    readonly fsPath: string;
    constructor(fsPath: string) {
      this.fsPath = fsPath;
    }
  },
  l10n: { t: (text: string) => text },
}));

vi.mock("vscode", () => editor);

const { inspectScript, inspectWithArguments } = await import("../../src/editor/inspectCommand.ts");

describe("arguments as they are typed", () => {
  test
    .runIf(process.platform !== "win32")
    .each([
      "",
      "  --epochs 100   --rate=1e-3 ",
      `--name="first try" --note='it is "here"' --both="it's"`,
      `escaped\\ space "a \\"quoted\\" word" back\\\\slash`,
      `'' "" end`,
      `tab\there 🪐 ünï`,
    ])("are the words that a shell makes of %j", (text) => {
    // `sh` itself is the oracle: it prints each word and a NUL.
    const { stdout } = spawnSync("sh", ["-c", `[ $# = 0 ]; for each in ${text}; do printf '%s\\0' "$each"; done`], {
      encoding: "utf8",
    });
    expect(scriptArguments(text, "linux")).toEqual(stdout.split("\0").slice(0, -1));
  });

  test("keep variables, patterns and operators as they are", () => {
    expect(scriptArguments("$HOME *.csv a>b x;y `z`", "linux")).toEqual(["$HOME", "*.csv", "a>b", "x;y", "`z`"]);
  });

  test("keep the backslashes of paths on Windows", () => {
    const text = String.raw`C:\data\x "C:\my data\" 'a\b' --to=\\server\share`;
    const words = [String.raw`C:\data\x`, "C:\\my data\\", String.raw`a\b`, String.raw`--to=\\server\share`];
    expect(scriptArguments(text, "win32")).toEqual(words);
  });

  test.each([`--name "first`, "it's"])("cannot be read while a quote is open: %j", (text) => {
    expect(areReadable(text, "linux")).toBe(false);
    expect(() => scriptArguments(text, "linux")).toThrow();
  });
});

describe("inspecting with arguments", () => {
  const memory = new Map<string, unknown>();
  const workspaceState = {
    get: <T>(key: string, otherwise: T) => (memory.get(key) as T | undefined) ?? otherwise,
    update: (key: string, value: unknown) => {
      memory.set(key, value);
      return Promise.resolve();
    },
  };
  const controller = { inspect: vi.fn(() => Promise.resolve("/runs/a")) };
  const panels = { open: vi.fn() };
  const script = new editor.Uri("/project/train.mjs");
  const inspect = (typed: string | undefined, target = script) => {
    editor.typed = typed;
    return inspectWithArguments(target, { controller, panels }, workspaceState as never);
  };

  beforeEach(() => {
    memory.clear();
    editor.boxes.length = 0;
    vi.clearAllMocks();
  });

  test("starts the script with them and opens its panel", async () => {
    await inspect(`--name "first try"`);
    expect(controller.inspect).toHaveBeenCalledWith(script, ["--name", "first try"]);
    expect(panels.open).toHaveBeenCalledWith("/runs/a", { preserveFocus: true });
  });

  test("offers the last ones, of this script only, as they were typed", async () => {
    await inspect(`--name "first try"`);
    await inspect("--epochs 3", new editor.Uri("/project/other.mjs"));
    await inspect("");
    await inspect("");
    expect(editor.boxes.map((box) => box.value)).toEqual(["", "", `--name "first try"`, ""]);
    expect(controller.inspect).toHaveBeenLastCalledWith(script, []);
  });

  test("starts and remembers nothing when the question is dismissed", async () => {
    await inspect(undefined);
    expect(controller.inspect).not.toHaveBeenCalled();
    expect(memory.size).toBe(0);
  });

  test("says what is wrong while it is typed", async () => {
    await inspect("");
    expect(editor.boxes[0]?.validateInput(`"first`)).toMatch("not closed");
    expect(editor.boxes[0]?.validateInput(`"first"`)).toBeUndefined();
  });

  test("is not what inspecting without does: it asks nothing and gives none", async () => {
    await inspect("--epochs 3");
    await inspectScript(script, { controller, panels });
    expect(editor.boxes).toHaveLength(1);
    expect(controller.inspect).toHaveBeenLastCalledWith(script, []);
  });
});
