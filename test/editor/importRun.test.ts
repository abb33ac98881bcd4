/** A run that the Python package recorded by itself becomes one of the runs here, by way of the dialog for folders. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findPython, howToGetTorch } from "../../scripts/python.ts";
import { EditorWindow } from "./editorWindow.ts";
import { WorkspaceCopy } from "./workspaceCopy.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
const python = findPython();

if (python === undefined) console.warn(`Importing a run in the editor is not tested. ${howToGetTorch}`);

/** Records a short training outside of the workspace. Throws with what it said. */
function record(into: string): void {
  const script = path.join(root, "test", "fixtures", "scripts", "torch", "plain_loop.py");
  const outcome = spawnSync(python ?? "", ["-m", "orrery_probe", "--out", into, script], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: path.join(root, "src", "probe", "torch"), PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (outcome.status !== 0) throw new Error(`Nothing was recorded:\n${outcome.stderr}`);
}

/**
 * Chooses a folder in the dialog, which the workbench in a browser shows as a line to type in, over what is in the folder that is typed. It
 * begins with the workspace's own and takes no notice of what is typed before that is listed.
 */
async function chooseFolder(window: EditorWindow, folder: string): Promise<void> {
  const dialog = window.page.locator(".quick-input-widget");
  const rows = dialog.locator(".monaco-list-row");
  await rows.filter({ hasText: "Folder of a run" }).click();
  const ofWorkspace = rows.filter({ hasText: "node_modules" });
  await ofWorkspace.waitFor();
  const line = dialog.locator(".quick-input-box input");
  await line.fill(`${folder}/`);
  await ofWorkspace.waitFor({ state: "hidden" });
  await expect.poll(() => line.inputValue()).toBe(`${folder}/`);
  await dialog.locator(".quick-input-action a").filter({ hasText: "Import Run" }).click();
}

describe.skipIf(python === undefined)("a run that was recorded elsewhere", () => {
  const workspace = new WorkspaceCopy();
  const recorded = path.join(workspace.home, "recorded");
  const opened = new AsyncDisposableStack();
  let window: EditorWindow;

  beforeAll(async () => {
    record(recorded);
    window = opened.use(await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: true }));
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await window.screenshot(`failed-import-${task.name.replaceAll(" ", "-")}`);
  });

  test("is imported from the folder that is chosen in the dialog, and opens", async () => {
    await window.showRuns();
    await window.runCommand("Orrery: Import Run…");
    await chooseFolder(window, recorded);
    await expect.poll(() => window.panel.status.innerText(), { timeout: 120_000 }).toContain("Finished");
    await expect.poll(() => window.panel.step()).toBeGreaterThan(0);
    await window.screenshot("imported-run");
  });

  test("is among the runs, with the very records that were made of it", async () => {
    await window.runItems.filter({ hasText: "plain_loop.py" }).waitFor();
    const runs = workspace.runs();
    expect(runs).toHaveLength(1);
    const [spool, original] = [runs[0]?.spool ?? "", path.join(recorded, "spool.jsonl")].map((file) =>
      readFileSync(file, "utf8"),
    );
    expect(spool).toBe(original);
  });
});
