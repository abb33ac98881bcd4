/** The panels, whose code is loaded when the first one is opened or has outlived a reload of the window. */
import * as vscode from "vscode";
import { views } from "../ids.ts";
import type { PanelSurroundings } from "./panel/runPanel.ts";
import type { RunPanelRegistry } from "./panel/runPanels.ts";
import type { RunPanels } from "./runAccess.ts";

export class PanelsOnDemand implements RunPanels {
  readonly #surroundings: PanelSurroundings;
  readonly #serializer: vscode.Disposable;
  #registry: Promise<RunPanelRegistry> | undefined;

  constructor(surroundings: PanelSurroundings) {
    this.#surroundings = surroundings;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(views.panel, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        (await this.#load()).restore(panel, state);
      },
    });
  }

  open(directory: string, options?: { readonly preserveFocus: boolean }): void {
    void this.#load().then((registry) => {
      registry.open(directory, options);
    });
  }

  dispose(): void {
    this.#serializer.dispose();
    void this.#registry?.then((registry) => {
      registry.dispose();
    });
  }

  #load(): Promise<RunPanelRegistry> {
    this.#registry ??= import("./panel/runPanels.ts").then((module) => new module.RunPanelRegistry(this.#surroundings));
    return this.#registry;
  }
}
