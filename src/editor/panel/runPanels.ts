import path from "node:path";
import type * as vscode from "vscode";
import type { RunPanels } from "../runAccess.ts";
import { readRememberedRun } from "./panelRequests.ts";
import { createPanel, RunPanel, type PanelSurroundings } from "./runPanel.ts";

/** All panels of the window, one a run, those that outlived a reload of the window included. */
export class RunPanelRegistry implements RunPanels {
  readonly #surroundings: PanelSurroundings;
  readonly #panels = new Map<string, RunPanel>();

  constructor(surroundings: PanelSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Takes over a panel that outlived a reload of the window, given what its page remembered. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    const directory = readRememberedRun(state);
    if (directory === undefined || this.#panels.has(directory)) panel.dispose();
    else this.#adopt(directory, panel);
  }

  open(directory: string, options: { readonly preserveFocus: boolean } = { preserveFocus: false }): void {
    const key = path.resolve(directory);
    const known = this.#panels.get(key);
    if (known === undefined) this.#adopt(key, createPanel(key, this.#surroundings.extensionUri, options.preserveFocus));
    else known.reveal(options.preserveFocus);
  }

  /** Forgets all panels; those that are open stay, for the serializer of the next session. */
  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
    this.#panels.clear();
  }

  #adopt(directory: string, webviewPanel: vscode.WebviewPanel): void {
    const panel = new RunPanel(directory, webviewPanel, this.#surroundings);
    this.#panels.set(directory, panel);
    webviewPanel.onDidDispose(() => {
      this.#panels.delete(directory);
      panel.dispose();
    });
  }
}
