/** The main way through the house, in a real editor: a lens is clicked, a curve moves, a forecast is scored. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EditorWindow } from "./editorWindow.ts";
import { isAlive, processesNaming, trainingProcess, WorkspaceCopy } from "./workspaceCopy.ts";

describe("inspecting a script in a trusted workspace", () => {
  const workspace = new WorkspaceCopy();
  const opened = new AsyncDisposableStack();
  let window: EditorWindow;
  let training: number;

  beforeAll(async () => {
    window = opened.use(await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: true }));
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await window.screenshot(`failed-${task.name.replaceAll(" ", "-")}`);
  });

  test("a click on the lens starts a run whose curve moves", async () => {
    await window.openFile("chebyshev.mjs");
    await window.lens("▷ Inspect").last().click();
    const { panel } = window;
    await expect.poll(() => panel.step()).toBeGreaterThan(0);
    await expect.poll(() => panel.status.innerText()).toContain("Running");
    training = trainingProcess(workspace.newestRun());
    await window.screenshot("inspect-begun");

    await panel.showTable(true);
    await panel.rows.first().waitFor();
    // Not their number: a longer run has its steps in fewer rows.
    const ends = () => Promise.all([panel.rows.first(), panel.rows.last()].map((row) => row.innerText()));
    const [step, before] = [await panel.step(), await ends()];
    await expect.poll(() => panel.step()).toBeGreaterThan(step);
    await expect.poll(ends).not.toEqual(before);
    await window.screenshot("inspect-table");
    await panel.showTable(false);
    await expect.poll(() => panel.canvases.count()).toBeGreaterThanOrEqual(2);
    await window.statusItem.waitFor();
  });

  test("reloading the window in mid-run finds the run again", async () => {
    const step = await window.panel.step();
    await window.reload();
    const { panel } = window;
    await expect.poll(() => panel.step()).toBeGreaterThan(step);
    await expect.poll(() => panel.status.innerText()).toContain("Running");
    expect(isAlive(training)).toBe(true);
    expect(workspace.runs()).toHaveLength(1);
    await window.statusItem.waitFor();
    const after = await panel.step();
    await expect.poll(() => panel.step()).toBeGreaterThan(after);
    await window.screenshot("inspect-reloaded");
  });

  test("the ledger in the panel gives the forecasts' verdicts", async () => {
    const { panel } = window;
    await expect.poll(() => panel.status.innerText(), { timeout: 240_000, interval: 500 }).toContain("Finished");
    await window.screenshot("inspect-finished");
    await expect.poll(() => panel.verdicts("L18")).toContain("held");
    await window.lens("last run held").first().waitFor();
    await panel.forecasts("L18").first().scrollIntoViewIfNeeded();
    await window.screenshot("inspect-ledger");
  });

  test("a finished run opens without any process of ours", async () => {
    const run = workspace.newestRun();
    await expect.poll(() => processesNaming(run.path)).toEqual([]);
    expect(isAlive(training)).toBe(false);
    await window.runCommand("View: Close All Editors");
    await expect.poll(() => window.panelTabs.count()).toBe(0);

    await window.showRuns();
    await window.runItems.filter({ hasText: "chebyshev.mjs" }).click();
    const { panel } = window;
    await expect.poll(() => panel.status.innerText()).toContain("Finished");
    await expect.poll(() => panel.verdicts("L18")).toContain("held");
    expect(processesNaming(run.path)).toEqual([]);
    await window.screenshot("finished-opened");
  });

  test("the line above the runs names the backend, and a click on it shows the doctor's report", async () => {
    const line = window.runItems.filter({ hasText: "Backend: WebAssembly" });
    await line.waitFor();
    await expect.poll(() => line.innerText()).toContain("no GPU is used");
    await line.click();
    await window.page.locator(".editor-instance .view-lines").filter({ hasText: "WebAssembly" }).waitFor();
    await window.screenshot("doctor");
    const text = (await window.page.locator(".editor-instance .view-line").allInnerTexts()).join("\n");
    expect(text.replaceAll("\u00a0", " ")).toMatch(
      /✗ @tensorflow\/tfjs-node-gpu +not installed[^]*✓ WebAssembly +chosen/,
    );
  });

  test("the laws view tells how each law has fared in this workspace", async () => {
    await window.runCommand("Orrery: Focus on Laws View");
    // A list draws only what there is room for.
    const runs = window.page.locator(".part.sidebar .pane-header").filter({ hasText: "Runs" });
    await runs.click();
    const law = window.runItems.filter({ hasText: "Edge of stability" });
    await law.first().waitFor();
    await expect.poll(() => law.first().innerText()).toMatch(/held 1 of 1, skill \d\.\d\d/);
    await window.screenshot("laws");
    await runs.click();
  });

  test("stop ends the script with every process that it started", async () => {
    await window.runCommand("View: Close All Editors");
    await window.openFile("withHelper.mjs");
    await window.lens("▷ Inspect").first().click();
    const { panel } = window;
    await expect.poll(() => panel.step()).toBeGreaterThan(0);
    const script = trainingProcess(workspace.newestRun());
    const helper = Number(readFileSync(path.join(workspace.folder, "helper.pid"), "utf8"));
    expect([script, helper].map(isAlive)).toEqual([true, true]);
    await panel.button("Stop").click();
    await expect.poll(() => [script, helper].map(isAlive)).toEqual([false, false]);
    await expect.poll(() => panel.status.innerText()).toContain("Stopped");
    await window.screenshot("stopped");
  });

  test("nothing was complained of on the way", async () => {
    expect(await window.notifications.allInnerTexts()).toEqual([]);
  });
});
