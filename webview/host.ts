import type { FromPanel, PanelState } from "../src/editor/messages.ts";

interface VsCodeApi {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: PanelState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The extension host, as this page sees it. It may be acquired only once. */
export const host: VsCodeApi = acquireVsCodeApi();
