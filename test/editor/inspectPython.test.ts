/** The same way through the house with a PyTorch script: a lens is clicked, a curve moves, a forecast is scored. */
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findPython, howToGetTorch } from "../../scripts/python.ts";
import { EditorWindow } from "./editorWindow.ts";
import { WorkspaceCopy } from "./workspaceCopy.ts";

const python = findPython();
const example = "edge_of_stability.py";

if (python === undefined) console.warn(`Inspecting a PyTorch script in the editor is not tested. ${howToGetTorch}`);

describe.skipIf(python === undefined)("inspecting a PyTorch script in a trusted workspace", () => {
  const workspace = new WorkspaceCopy();
  const opened = new AsyncDisposableStack();
  let window: EditorWindow;

  beforeAll(async () => {
    copyFileSync(path.join(import.meta.dirname, "../../examples", example), path.join(workspace.folder, example));
    // In the folder's settings: which executable there is belongs to the machine, and a person's own settings do not know it.
    const settings = path.join(workspace.folder, ".vscode", "settings.json");
    writeFileSync(settings, JSON.stringify({ "orrery.measuringBudget": 0.3, "orrery.python.path": python }));
    window = opened.use(await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: true }));
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await window.screenshot(`failed-python-${task.name.replaceAll(" ", "-")}`);
  });

  test("lenses stand over the model and over the loop that trains, and a click starts a run", async () => {
    await window.openFile(example);
    const lenses = window.lens("▷ Inspect");
    await lenses.last().waitFor();
    await expect.poll(() => lenses.count()).toBe(2);
    await lenses.last().click();
    await expect.poll(() => window.panel.step()).toBeGreaterThan(0);
    await expect.poll(() => window.panel.canvases.count()).toBeGreaterThanOrEqual(2);
    await window.screenshot("python-begun");
  });

  test("the sharpness reaches its threshold and stays there, as forecast", async () => {
    const { panel } = window;
    await expect.poll(() => panel.status.innerText(), { timeout: 240_000, interval: 500 }).toContain("Finished");
    await expect.poll(() => panel.verdicts("L18")).toContain("held");
    await panel.backend.focus();
    await window.screenshot("python-finished");
    await expect.poll(() => panel.backend.innerText()).toMatch(/^PyTorch \d+\.\d+\S* on cpu$/);
    await expect
      .poll(() => panel.backendReason.innerText())
      .toMatch(/The script chooses its device\. It runs on Python 3\.\d+\.\d+ at/);
  });

  test("the doctor says which Python and which PyTorch it was", async () => {
    await window.runCommand("View: Close All Editors");
    await window.openFile(example);
    await window.runCommand("Orrery: Doctor");
    const lines = window.page.locator(".editor-instance .view-line");
    await lines
      .filter({ hasText: /^devices/ })
      .first()
      .waitFor();
    const text = (await lines.allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
    expect(text).toMatch(/python +3\.\d+\.\d+, at [^]*PyTorch +\d+\.\d+[^]*devices +cpu/);
    await window.screenshot("python-doctor");
  });

  test("nothing was complained of on the way", async () => {
    expect(await window.notifications.allInnerTexts()).toEqual([]);
  });
});
