import { randomBytes } from "node:crypto";
import path from "node:path";
import * as vscode from "vscode";
import { views } from "../../ids.ts";
import { pack, type FromPanel } from "../messages.ts";
import type { RunAccess, RunControl, Subscription } from "../runAccess.ts";
import { PanelFeed, type PanelTheory } from "./panelFeed.ts";
import { panelHtml } from "./panelHtml.ts";
import { readRequest } from "./panelRequests.ts";

/** What a panel needs of the rest of the editor. */
export interface PanelSurroundings {
  readonly extensionUri: vscode.Uri;
  readonly access: RunAccess;
  readonly control: RunControl;
  /** Loaded only once a panel is open, which keeps activation short. */
  readonly theory: () => Promise<PanelTheory>;
  readonly log: vscode.LogOutputChannel;
}

/** One webview that shows one run. It outlives its page, which is made anew each time the panel is shown. */
export class RunPanel implements Subscription {
  readonly directory: string;
  readonly #panel: vscode.WebviewPanel;
  readonly #surroundings: PanelSurroundings;
  readonly #subscriptions: Subscription[] = [];
  #feed: PanelFeed | undefined;
  #disposed = false;

  constructor(directory: string, panel: vscode.WebviewPanel, surroundings: PanelSurroundings) {
    this.directory = directory;
    this.#panel = panel;
    this.#surroundings = surroundings;
    this.#subscriptions.push(
      panel.webview.onDidReceiveMessage((message: unknown) => {
        this.#receive(message).catch((error: unknown) => {
          this.#fail(error);
        });
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#feed?.pause();
      }),
      surroundings.control.onDidChangeControllable(() => this.#feed?.refresh()),
    );
    this.#load();
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  /** Called when the panel has been closed; closing it is the owner's. */
  dispose(): void {
    this.#disposed = true;
    this.#feed?.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Writes the page into the webview; it will say when it is ready. */
  #load(): void {
    const { webview } = this.#panel;
    const files = webviewFiles(this.#surroundings.extensionUri);
    webview.options = { enableScripts: true, localResourceRoots: [files] };
    webview.html = panelHtml({
      nonce: randomBytes(24).toString("base64url"),
      source: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(files, "panel.js")).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(files, "panel.css")).toString(),
      run: this.directory,
    });
  }

  async #receive(message: unknown): Promise<void> {
    const request = readRequest(message);
    if (request === undefined) {
      this.#surroundings.log.warn("The panel sent a message that this version does not know; it was ignored.");
      return;
    }
    await this.#act(request);
  }

  async #act(request: FromPanel): Promise<void> {
    const { control } = this.#surroundings;
    switch (request.type) {
      case "ready":
        (await this.#fed())?.start(request.wanted);
        return;
      case "drawn":
        this.#feed?.drawn();
        return;
      case "series":
        this.#feed?.want(request.request, request.wanted);
        return;
      case "reading":
        await this.#feed?.read(request.observable, request.step);
        return;
      case "vectors":
        await this.#feed?.readVectors(request.names, request.step);
        return;
      case "control":
        await control.request(this.directory, request.do);
        return;
      case "console":
        await control.showConsole(this.directory);
        return;
      case "open": {
        const start = new vscode.Position(request.line - 1, request.column - 1);
        const uri = vscode.Uri.file(request.file);
        await vscode.window.showTextDocument(uri, { selection: new vscode.Range(start, start) });
        return;
      }
      case "openExternal":
        await vscode.env.openExternal(vscode.Uri.parse(request.url, true));
    }
  }

  /** The feed, made when first a page asks for it; undefined once the panel is gone. */
  async #fed(): Promise<PanelFeed | undefined> {
    const { access, control, theory } = this.#surroundings;
    const known = await theory();
    if (this.#disposed) return undefined;
    this.#feed ??= new PanelFeed(
      access.open(this.directory),
      known,
      () => control.controllable(this.directory),
      (message) => {
        if (message.type === "snapshot")
          this.#panel.title = `Orrery: ${path.basename(message.snapshot.overview.script)}`;
        void this.#panel.webview.postMessage(pack(message));
      },
    );
    return this.#feed;
  }

  #fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#surroundings.log.error(`Panel of ${this.directory}: ${text}`);
    void this.#panel.webview.postMessage(pack({ type: "failure", text }));
  }
}

/** The only folder that a page may load from. */
function webviewFiles(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, "dist", "webview");
}

/** Makes an empty panel beside the active editor. */
export function createPanel(directory: string, extensionUri: vscode.Uri, preserveFocus: boolean): vscode.WebviewPanel {
  const panel = vscode.window.createWebviewPanel(
    views.panel,
    `Orrery: ${path.basename(directory)}`,
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
    { enableScripts: true, localResourceRoots: [webviewFiles(extensionUri)], enableFindWidget: true },
  );
  panel.iconPath = new vscode.ThemeIcon("graph-line");
  return panel;
}
