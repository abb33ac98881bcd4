/** Restricted Mode, as a person meets it: runs can be looked at, nothing can be started. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EditorWindow } from "./editorWindow.ts";
import { storeRun, WorkspaceCopy } from "./workspaceCopy.ts";

describe("a folder in Restricted Mode", () => {
  const workspace = new WorkspaceCopy();
  const opened = new AsyncDisposableStack();
  let window: EditorWindow;

  beforeAll(async () => {
    storeRun(workspace);
    window = opened.use(await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: false }));
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await window.screenshot(`failed-${task.name.replaceAll(" ", "-")}`);
  });

  test("shows a stored run, and offers nothing that would act on it", async () => {
    await window.showRuns();
    await window.runItems.filter({ hasText: "Backend: unknown" }).filter({ hasText: "Restricted Mode" }).waitFor();
    await window.runItems.filter({ hasText: "chebyshev.mjs" }).click();
    const { panel } = window;
    await expect.poll(() => panel.status.innerText()).toContain("Finished");
    await expect.poll(() => panel.step()).toBeGreaterThan(0);
    await expect.poll(() => panel.canvases.count()).toBeGreaterThanOrEqual(1);
    for (const name of ["Stop", "Pause", "Resume", "Measure Now"])
      await expect.poll(() => panel.button(name).isVisible()).toBe(false);
    await window.screenshot("restricted-run");
  });

  test("has no ▷ Inspect over code, nor in the palette", async () => {
    await window.openFile("chebyshev.mjs");
    // The lens of the stored run shows that lenses have been asked for.
    await window.lens("last run").first().waitFor();
    await expect.poll(() => window.lens("▷ Inspect").count()).toBe(0);
    const offered = await window.offeredCommands("Orrery: ");
    expect(offered.filter((title) => /Inspect This Script|Stop|Pause|Resume|Measure|Doctor/.test(title))).toEqual([]);
    expect(offered).toContain("Orrery: Open Run");
    await window.screenshot("restricted-lenses");
    expect(workspace.runs()).toHaveLength(1);
  });
});
