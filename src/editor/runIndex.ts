/** The runs of this window's workspace: which there are, which are live, and how they stand. */
import path from "node:path";
import * as vscode from "vscode";
import { contextKeys, settings } from "../ids.ts";
import type { Subscription } from "./runAccess.ts";
import { asError } from "./threadChannel.ts";
import { isEnded, type RunListing } from "./runListing.ts";
import type { WorkerRunAccess } from "./workerRunAccess.ts";

/** Milliseconds between two looks at live runs. */
const liveInterval = 500;

/** Milliseconds for which a run is looked at although nothing of it lives yet. */
const expectation = 20_000;

export class RunIndex implements vscode.Disposable {
  readonly #access: WorkerRunAccess;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #ended = new vscode.EventEmitter<RunListing>();
  readonly #orphaned = new vscode.EventEmitter<RunListing>();
  readonly #subscriptions: Subscription[] = [];
  /** Folders that are no workspace folder's, where a run was started from this window. */
  readonly #otherRoots = new Set<string>();
  readonly #expected = new Map<string, number>();
  readonly #seenLive = new Set<string>();
  readonly #seenOrphaned = new Set<string>();
  #watchers: vscode.Disposable[] = [];
  #runs: readonly RunListing[] = [];
  #refreshing: Promise<void> | undefined;
  #asked = 0;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  readonly onDidChange = this.#changed.event;
  /** A run that was seen live in this window has ended. */
  readonly onDidEnd = this.#ended.event;
  /** A run has not ended and nobody records it. Told once a run. */
  readonly onDidFindOrphan = this.#orphaned.event;

  constructor(access: WorkerRunAccess, log: vscode.LogOutputChannel) {
    this.#access = access;
    this.#log = log;
    this.#subscriptions.push(
      this.#changed,
      this.#ended,
      this.#orphaned,
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.#watch();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(settings.runsDirectory)) this.#watch();
      }),
    );
    this.#watch();
  }

  /** Newest first. */
  get runs(): readonly RunListing[] {
    return this.#runs;
  }

  get live(): readonly RunListing[] {
    return this.#runs.filter((run) => run.live);
  }

  find(directory: string): RunListing | undefined {
    return this.#runs.find((run) => run.directory === directory);
  }

  newestOf(script: string): RunListing | undefined {
    return this.#runs.find((run) => run.script === script);
  }

  /** Tells of a run that has been started, or is about to be recorded again. */
  expect(directory: string): Promise<void> {
    this.#expected.set(directory, Date.now() + expectation);
    const root = path.dirname(directory);
    if (!this.#roots().includes(root)) {
      this.#otherRoots.add(root);
      this.#watch();
    }
    return this.refresh();
  }

  /** Reads all runs anew. Calls while one is under way share the next. */
  refresh(): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    this.#asked += 1;
    this.#refreshing ??= this.#readAll().finally(() => {
      this.#refreshing = undefined;
      this.#asked = 0;
    });
    return this.#refreshing;
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const each of [...this.#subscriptions, ...this.#watchers]) each.dispose();
  }

  #roots(): string[] {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const own = folders.filter((folder) => folder.uri.scheme === "file").map((folder) => runsRoot(folder));
    return [...new Set([...own, ...this.#otherRoots])];
  }

  #watch(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watchers = this.#roots().flatMap((root) =>
      ["*", "*/run.json"].map((pattern) => {
        const watcher = vscode.workspace.createFileSystemWatcher(
          new vscode.RelativePattern(vscode.Uri.file(root), pattern),
          false,
          true,
          false,
        );
        const refresh = () => void this.refresh();
        watcher.onDidCreate(refresh);
        watcher.onDidDelete(refresh);
        return watcher;
      }),
    );
    // Later, because starting the reader thread takes longer than all else that activation does.
    setImmediate(() => void this.refresh());
  }

  async #readAll(): Promise<void> {
    let answered = 0;
    while (answered < this.#asked) {
      answered = this.#asked;
      try {
        this.#take(await this.#access.runs(this.#roots()));
      } catch (error) {
        if (!this.#disposed) this.#log.error(`The runs cannot be read: ${asError(error).message}`);
      }
    }
  }

  async #readLive(): Promise<void> {
    const wanted = this.#runs.filter((run) => this.#isWatched(run)).map((run) => run.directory);
    try {
      const fresh = new Map((await this.#access.listings(wanted)).map((run) => [run.directory, run]));
      const gone = new Set(wanted.filter((directory) => !fresh.has(directory)));
      const kept = this.#runs.filter((run) => !gone.has(run.directory));
      this.#take(kept.map((run) => fresh.get(run.directory) ?? run));
    } catch (error) {
      if (!this.#disposed) this.#log.error(`The live runs cannot be read: ${asError(error).message}`);
      this.#schedule();
    }
  }

  #take(runs: readonly RunListing[]): void {
    if (this.#disposed) return;
    const before = this.#runs;
    this.#runs = [...runs].sort((one, other) => other.startedAt - one.startedAt);
    if (JSON.stringify(before) !== JSON.stringify(this.#runs)) {
      this.#changed.fire();
      setContext(contextKeys.live, this.live.length > 0);
      setContext(contextKeys.paused, this.live.some(isPaused));
      setContext(
        contextKeys.running,
        this.live.some((run) => !isPaused(run)),
      );
    }
    this.#tellOfEnds();
    this.#schedule();
  }

  #tellOfEnds(): void {
    for (const run of this.#runs) {
      if (run.live) this.#seenLive.add(run.directory);
      else if (isEnded(run.status) && this.#seenLive.delete(run.directory)) this.#ended.fire(run);
      if (!run.orphaned) this.#seenOrphaned.delete(run.directory);
      else if (!this.#seenOrphaned.has(run.directory)) {
        this.#seenOrphaned.add(run.directory);
        this.#orphaned.fire(run);
      }
    }
  }

  #isWatched(run: RunListing): boolean {
    return run.live || (this.#expected.get(run.directory) ?? 0) > Date.now();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#disposed || !this.#runs.some((run) => this.#isWatched(run))) return;
    this.#timer = setTimeout(() => void this.#readLive(), liveInterval);
  }
}

/** Where the runs of a workspace folder lie. */
export function runsRoot(folder: vscode.WorkspaceFolder): string {
  const directory = vscode.workspace.getConfiguration("", folder).get<string>(settings.runsDirectory, "").trim();
  return path.resolve(folder.uri.fsPath, directory === "" ? defaultRunsDirectory : directory);
}

/** Where the runs of a script lie that belongs to no workspace folder. */
export function runsRootBeside(script: string): string {
  return path.join(path.dirname(script), defaultRunsDirectory);
}

const defaultRunsDirectory = path.join(".orrery", "runs");

function isPaused(run: RunListing): boolean {
  return run.status === "paused";
}

function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand("setContext", key, value);
}
