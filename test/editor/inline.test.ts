/** What is shown beside the lines: lenses, hints, hovers, diagnostics and fixes, in TypeScript, JavaScript and Python. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findPython, howToGetTorch } from "../../scripts/python.ts";
import { EditorWindow } from "./editorWindow.ts";
import { storeRun, WorkspaceCopy } from "./workspaceCopy.ts";

const python = findPython();

/** So that a run of a second has measured what hints are made of. */
const measuring = ["--budget", "0.5"];

/** What is typed is not kept, and what is new is TypeScript. */
const settings = { "files.autoSave": "off", "files.defaultLanguage": "typescript" };

/** Settings are written to a disk, and texts read in a thread. */

if (python === undefined) console.warn(`What is shown beside the lines of Python is not tested. ${howToGetTorch}`);

describe("beside the lines", () => {
  const workspace = new WorkspaceCopy();
  const opened = new AsyncDisposableStack();
  const script = path.join(workspace.folder, "diverges.js");
  let window: EditorWindow;

  beforeAll(async () => {
    storeRun(workspace, "layers.ts", measuring);
    storeRun(workspace, "diverges.js", measuring);
    if (python !== undefined) storeRun(workspace, "layers.py", [...measuring, "--python", python]);
    window = opened.use(
      await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: true, settings }),
    );
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await window.screenshot(`failed-inline-${task.name.replaceAll(" ", "-")}`);
  });

  test("a TypeScript file has a lens over its model and its training call, and hints from its last run", async () => {
    await window.openFile("layers.ts");
    await window.lens("195 parameters · step-0 loss").waitFor();
    await window.lens("sharpness ceiling 2/η = 20").waitFor();
    await window.hint(/η·λ = \S+ of 2 (after|at step \d+ of) run 1/).waitFor();
    await window.hint(/0 % dead · update \S+/).waitFor();
    await window.screenshot("inline-typescript");
  });

  test("the hover over a literal says where its number comes from, and links to the law and the run", async () => {
    await window.showHover("0.1");
    const { hover } = window;
    await hover.filter({ hasText: /Sharpness on the batch.*of 2\/η = 20 in run 1/ }).waitFor();
    await expect
      .poll(() => hover.innerText())
      .toMatch(/Lanczos[^]*L18 Edge of stability \(Cohen et al\. 2021\)[^]*Open Run/);
    await expect
      .poll(() => hover.locator("a").filter({ hasText: "L18" }).first().getAttribute("data-href"))
      .toBe("https://arxiv.org/abs/2103.00065");
    await window.screenshot("inline-hover");
    await window.page.keyboard.press("Escape");
  });

  test("a click on a lens explains what it predicts", async () => {
    await window.lens("195 parameters").click();
    await window.hover.filter({ hasText: /Parameters 195/ }).waitFor();
    await window.screenshot("inline-explained");
    await window.page.keyboard.press("Escape");
  });

  test("another literal is tried, and what would be predicted is told without a run", async () => {
    await window.lens("What if…").click();
    await window.pick("learning rate");
    await window.page.getByText(/learning rate, which is 0\.1/).waitFor();
    await window.answer("0.2");
    await window.rows.filter({ hasText: /Largest stable sharpness.*20 → 10/ }).waitFor();
    await window.screenshot("inline-what-if");
    await window.page.keyboard.press("Escape");
    await window.hint(/RATE = 0\.1.*of 2 (after|at)/).waitFor();
  });

  test("hints move with their lines, and go where a line is changed until that is undone", async () => {
    await window.goTo(1, 1);
    const before = await window.hint(/of 2 (after|at)/).boundingBox();
    await window.page.keyboard.type("// Moved.\n\n");
    await expect
      .poll(async () => ((await window.hint(/of 2 (after|at)/).boundingBox())?.y ?? 0) - (before?.y ?? 0))
      .toBeGreaterThan(20);
    await window.goTo(6, 17);
    await window.page.keyboard.type("5");
    await expect.poll(() => window.hint(/of 2 (after|at)/).count()).toBe(0);
    // What was measured of layers is not of this line.
    await expect.poll(() => window.hint(/% dead/).count()).toBe(1);
    await window.page.keyboard.press("Control+Z");
    await window.hint(/of 2 (after|at)/).waitFor();
    await window.runCommand("File: Revert File");
  });

  test("everything can be switched off and on, and reads as well in a dark theme", async () => {
    await window.runCommand("Orrery: Toggle Inline Results");
    await expect.poll(() => window.lens("▷ Inspect").count()).toBe(0);
    await expect.poll(() => window.hint(/of 2|update/).count()).toBe(0);
    await window.screenshot("inline-off");
    await window.runCommand("Orrery: Toggle Inline Results");
    await window.lens("195 parameters").waitFor();
    await window.hint(/of 2 (after|at)/).waitFor();
    await window.runCommand("Preferences: Toggle between Light/Dark Themes");
    await window.page.locator(".monaco-workbench.vs-dark").waitFor();
    await window.screenshot("inline-dark");
    await window.runCommand("Preferences: Toggle between Light/Dark Themes");
  });

  test("a run that diverged is marked at its optimizer, and a fix sets the largest stable learning rate, which can be undone", async () => {
    await window.openFile("diverges.js");
    await window.squiggles("warning").first().waitFor();
    await window.goTo(10, 30);
    await window.page.locator(".lightBulbWidget").first().waitFor();
    await window.page.keyboard.press("Control+.");
    const fix = window.page.locator(".action-widget").getByText(/^Set the learning rate to 0\.\d/);
    await fix.waitFor();
    await window.screenshot("inline-fix-offered");
    await fix.click();
    await window.line(/tf\.train\.sgd\(0\.\d+\)/).waitFor();
    await expect.poll(() => window.squiggles("warning").count()).toBe(0);
    await window.screenshot("inline-fixed");
    await window.page.keyboard.press("Control+Z");
    await window.line(/tf\.train\.sgd\(40\)/).waitFor();
    await window.squiggles("warning").first().waitFor();
  });

  test("two editors of one file read alike", async () => {
    await window.runCommand("View: Split Editor");
    await expect.poll(() => window.lens("49 parameters").count()).toBe(2);
    await expect.poll(() => window.squiggles("warning").count()).toBeGreaterThanOrEqual(2);
    await window.screenshot("inline-two-editors");
    await window.runCommand("View: Close All Editors");
  });

  test("a run is not spoken of once the script on disk is another", async () => {
    writeFileSync(script, readFileSync(script, "utf8").replace("sgd(40)", "sgd(0.05)"));
    await window.openFile("diverges.js");
    await window.lens("sharpness ceiling 2/η = 40").waitFor();
    await expect.poll(() => window.squiggles("warning").count()).toBe(0);
  });

  test.skipIf(python === undefined)("a Python file has lenses, and hints at its layers", async () => {
    await window.openFile("layers.py");
    await window.lens("195 parameters · step-0 loss").waitFor();
    await window.lens("sharpness ceiling 2/η = 4").waitFor();
    await window.hint(/0 % dead · update \S+/).waitFor();
    await window.hint(/η·λ = \S+ of 2 (after|at step \d+ of) run 1/).waitFor();
    await window.screenshot("inline-python");
  });

  test("a text that was never saved is read as well", async () => {
    await window.runCommand("File: New Untitled Text File");
    // The editor ends a comment that is begun.
    const text = readFileSync(path.join(workspace.folder, "layers.ts"), "utf8").replace(/^.*\n/, "");
    await window.page.keyboard.insertText(text);
    await window.lens("195 parameters · step-0 loss").waitFor();
    await window.lens("sharpness ceiling 2/η = 20").waitFor();
    await expect.poll(() => window.hint(/of 2|update/).count()).toBe(0);
    await window.screenshot("inline-untitled");
    await window.runCommand("View: Revert and Close Editor");
  });

  test("results can be cleared, and what is read off the text stays", async () => {
    await window.openFile("layers.ts");
    await window.hint(/of 2 (after|at)/).waitFor();
    await window.runCommand("Orrery: Clear Inline Results");
    await expect.poll(() => window.hint(/of 2|update/).count()).toBe(0);
    await expect.poll(() => window.lens("195 parameters").count()).toBe(1);
  });

  test("nothing was complained of on the way", async () => {
    expect(await window.notifications.allInnerTexts()).toEqual([]);
  });
});

describe("in Restricted Mode", () => {
  const workspace = new WorkspaceCopy();
  const opened = new AsyncDisposableStack();
  let window: EditorWindow;

  beforeAll(async () => {
    window = opened.use(await EditorWindow.open({ home: workspace.home, folder: workspace.folder, trusted: false }));
  });

  afterAll(async () => {
    await opened.disposeAsync();
    workspace.remove();
  });

  test("a text is read, and nothing offers to run it", async () => {
    await window.openFile("layers.ts");
    await window.lens("195 parameters").waitFor();
    await expect.poll(() => window.lens("▷ Inspect").count()).toBe(0);
    await window.screenshot("inline-restricted");
  });
});
