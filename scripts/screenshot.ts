/** `npm run screenshot`: takes the README's picture, of the example inspected in the local workbench. */
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { EditorWindow } from "../test/editor/editorWindow.ts";

const root = path.dirname(import.meta.dirname);
const picture = path.join(root, "media", "panel.png");
const home = realpathSync(mkdtempSync(path.join(tmpdir(), "orrery-screenshot-")));
const folder = path.join(home, "examples");
const patience = 120_000;

const settings = {
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.layoutControl.enabled": false,
  "editor.minimap.enabled": false,
  "orrery.measuringBudget": 0.2,
};

try {
  cpSync(path.join(root, "examples"), folder, { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"), "junction");
  await using window = await EditorWindow.open({ home, folder, trusted: true, settings });
  await window.page.setViewportSize({ width: 1680, height: 1180 });
  await window.openFile("edgeOfStability.ts");
  await window.lens("▷ Inspect").first().click();
  const until = Date.now() + patience;
  while (!(await window.panel.status.innerText({ timeout: patience })).includes("Finished")) {
    if (Date.now() > until) throw new Error("The example's run did not finish in time.");
    await setTimeout(200);
  }
  await window.lens("held").first().waitFor();
  await window.page.keyboard.press("Control+B");
  await window.panel.verdicts("L18");
  await setTimeout(1000);
  await window.page.screenshot({ path: picture });
  console.log(`Written to ${path.relative(root, picture)}.`);
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
