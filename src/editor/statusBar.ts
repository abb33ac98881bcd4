/** One item in the status bar while a run is live; nothing otherwise. */
import path from "node:path";
import * as vscode from "vscode";
import { commands } from "../ids.ts";
import type { RunIndex } from "./runIndex.ts";
import { liveText } from "./runListing.ts";

export class StatusBar implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #subscription: vscode.Disposable;

  constructor(runs: RunIndex) {
    this.#item = vscode.window.createStatusBarItem("orrery.live", vscode.StatusBarAlignment.Left, 10);
    this.#item.name = vscode.l10n.t("Orrery: Live Run");
    this.#subscription = runs.onDidChange(() => {
      this.#show(runs);
    });
    this.#show(runs);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #show(runs: RunIndex): void {
    const [run, ...others] = runs.live;
    if (run === undefined) {
      this.#item.hide();
      return;
    }
    const text = liveText(run) + (others.length === 0 ? "" : ` (+${others.length})`);
    const name = path.basename(run.script);
    this.#item.text = `$(${run.status === "paused" ? "debug-pause" : "pulse"}) ${text}`;
    this.#item.tooltip = vscode.l10n.t("{0}: click to open its run", name);
    this.#item.accessibilityInformation = { label: `${name}, ${text}`, role: "button" };
    this.#item.command = { command: commands.openRun, title: vscode.l10n.t("Open Run"), arguments: [run.directory] };
    this.#item.show();
  }
}
