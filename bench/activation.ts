import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { packCompanion } from "../test/editor/companion/build.ts";
import { activationVariable } from "../test/editor/companion/report.ts";
import { EditorWindow } from "../test/editor/editorWindow.ts";
import { WorkspaceCopy } from "../test/editor/workspaceCopy.ts";
import { median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";

const rounds = 3;
const patience = 60_000;

/** Milliseconds that the extension counted for its own `activate`, in a fresh window of the local workbench. */
async function activatedIn(): Promise<number> {
  const workspace = new WorkspaceCopy();
  const file = path.join(workspace.home, "activation");
  try {
    await using window = await EditorWindow.open({
      home: workspace.home,
      folder: workspace.folder,
      trusted: true,
      companions: [await packCompanion(path.join(workspace.home, "companion"))],
      environment: { [activationVariable]: file },
    });
    await window.showRuns();
    const until = Date.now() + patience;
    while (!existsSync(file)) {
      if (Date.now() > until) throw new Error(`The extension was not activated within ${patience / 1000} s.`);
      await setTimeout(100);
    }
    return Number(readFileSync(file, "utf8"));
  } finally {
    workspace.remove();
  }
}

/** What the extension costs an editor that starts: time of its own thread in `activate`. */
export const activation: Benchmark = {
  title: "Activation of the extension",
  async run(): Promise<readonly BenchmarkRow[]> {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await activatedIn());
    const how = `the extension's own thread in \`activate\`, VS Code 1.139.1 workbench, median of ${rounds} fresh windows`;
    return [{ name: "activation", value: median(times), unit: "ms", how }];
  },
};
