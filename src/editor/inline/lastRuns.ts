/** The run that speaks about a document: its script's last one, once that has ended, unless it was cleared from the lines. */
import * as vscode from "vscode";
import { contextKeys } from "../../ids.ts";
import type { Subscription } from "../runAccess.ts";
import type { RunIndex } from "../runIndex.ts";
import { isEnded, type RunListing } from "../runListing.ts";
import type { WorkerRunAccess } from "../workerRunAccess.ts";
import type { InlineRun } from "./inlineRun.ts";
import type { PlacedRun } from "./placedRun.ts";
import { TextHistory } from "./textHistory.ts";

export class LastRuns implements vscode.Disposable {
  readonly #runs: RunIndex;
  readonly #access: Pick<WorkerRunAccess, "inlineRun">;
  readonly #history = new TextHistory();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly Subscription[];
  readonly #read = new Map<string, Promise<InlineRun>>();
  readonly #cleared = new Set<string>();
  #shown = "";

  /** A run has begun, ended, gone, or been cleared: what is beside the lines may be another. */
  readonly onDidChange = this.#changed.event;

  constructor(runs: RunIndex, access: Pick<WorkerRunAccess, "inlineRun">) {
    this.#runs = runs;
    this.#access = access;
    this.#subscriptions = [
      this.#history,
      this.#changed,
      runs.onDidChange(() => {
        this.#update();
      }),
    ];
  }

  /** Whether a run's results were taken off the lines. */
  isCleared(directory: string): boolean {
    return this.#cleared.has(directory);
  }

  /** Takes the results of the runs so far off the lines; the next run's come back by themselves. */
  clear(): void {
    for (const run of this.#runs.runs) if (!run.live) this.#cleared.add(run.directory);
    this.#update();
  }

  /** Undefined where no run speaks of the document as it stands. Rejects where the run cannot be read. */
  async of(document: vscode.TextDocument): Promise<PlacedRun | undefined> {
    if (document.uri.scheme !== "file") return undefined;
    const file = document.uri.fsPath;
    // A module that the script imports is no script itself: the newest run may have sites in it.
    const listing = this.#runs.newestOf(file) ?? this.#runs.runs.find((run) => this.#speaks(run));
    if (listing === undefined || !this.#speaks(listing)) return undefined;
    const run = await this.#inlineRun(listing.directory);
    const hash = run.texts[file];
    const places = hash === undefined ? undefined : this.#history.places(document, hash);
    return places && { run, ordinal: this.#ordinalOf(listing), file, places };
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #speaks(run: RunListing): boolean {
    return isEnded(run.status) && run.problem === "" && !this.#cleared.has(run.directory);
  }

  #ordinalOf({ script, startedAt }: RunListing): number {
    return this.#runs.runs.filter((run) => run.script === script && run.startedAt <= startedAt).length;
  }

  /** A run that has ended does not change, so it is read once. */
  #inlineRun(directory: string): Promise<InlineRun> {
    let read = this.#read.get(directory);
    if (read === undefined) {
      read = this.#access.inlineRun(directory);
      this.#read.set(directory, read);
      read.catch(() => this.#read.delete(directory));
    }
    return read;
  }

  #update(): void {
    const newest = new Map<string, RunListing>();
    for (const run of this.#runs.runs) if (!newest.has(run.script)) newest.set(run.script, run);
    const speaking = [...newest.values()].filter((run) => this.#speaks(run)).map(({ directory }) => directory);
    for (const directory of this.#read.keys()) if (!speaking.includes(directory)) this.#read.delete(directory);
    const shown = speaking.join("\n");
    if (shown === this.#shown) return;
    this.#shown = shown;
    void vscode.commands.executeCommand("setContext", contextKeys.inlineResults, speaking.length > 0);
    this.#changed.fire();
  }
}
