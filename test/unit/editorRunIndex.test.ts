import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noVerdicts, type RunListing } from "../../src/editor/runListing.ts";

const editor = vi.hoisted(() => {
  class EventEmitter {
    readonly #listeners = new Set<(value: unknown) => void>();
    readonly event = (listener: (value: unknown) => void) => {
      this.#listeners.add(listener);
      return { dispose: () => this.#listeners.delete(listener) };
    };
    fire(value: unknown) {
      for (const listener of this.#listeners) listener(value);
    }
    dispose() {
      this.#listeners.clear();
    }
  }
  const nothing = { dispose: () => undefined };
  const contexts = new Map<string, boolean>();
  return {
    contexts,
    EventEmitter,
    RelativePattern: class {
      readonly pattern = "*";
    },
    Uri: { file: (path: string) => ({ fsPath: path }) },
    commands: {
      executeCommand: (_command: string, key: string, value: boolean) => Promise.resolve(contexts.set(key, value)),
    },
    workspace: {
      workspaceFolders: [{ uri: { scheme: "file", fsPath: "/project" } }],
      onDidChangeWorkspaceFolders: () => nothing,
      onDidChangeConfiguration: () => nothing,
      getConfiguration: () => ({ get: (_name: string, fallback: string) => fallback }),
      createFileSystemWatcher: () => ({ onDidCreate: () => nothing, onDidDelete: () => nothing, ...nothing }),
    },
  };
});

vi.mock("vscode", () => editor);

const { RunIndex } = await import("../../src/editor/runIndex.ts");

function listing(id: string, some: Partial<RunListing>): RunListing {
  return {
    directory: `/project/.orrery/runs/${id}`,
    id,
    script: "/project/train.ts",
    startedAt: 1,
    status: "running",
    live: true,
    orphaned: false,
    step: 0,
    loss: undefined,
    sharpness: undefined,
    verdicts: noVerdicts,
    error: "",
    problem: "",
    ...some,
  };
}

/** Runs on an imaginary disk: the first of `stages` now, the next one at each look. */
function indexOver(...stages: RunListing[][]) {
  const looks = { all: 0, live: 0 };
  const next = () => (stages.length > 1 ? stages.shift() : stages[0]) ?? [];
  const access = {
    runs: (roots: readonly string[]) => {
      looks.all += 1;
      expect(roots).toEqual(["/project/.orrery/runs"]);
      return Promise.resolve(next());
    },
    listings: (directories: readonly string[]) => {
      looks.live += 1;
      return Promise.resolve(next().filter((run) => directories.includes(run.directory)));
    },
  };
  const log = { error: vi.fn() };
  const index = new RunIndex(access as never, log as never);
  const told = { ended: [] as string[], orphaned: [] as string[], changes: 0 };
  index.onDidEnd((run) => told.ended.push(`${run.id} ${run.status}`));
  index.onDidFindOrphan((run) => told.orphaned.push(run.id));
  index.onDidChange(() => (told.changes += 1));
  return { index, looks, told };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "Date"] });
  editor.contexts.clear();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a run that was seen live is told of once when it ends, and then no longer looked at", async () => {
  const live = listing("a", { step: 1 });
  const ended = listing("a", { step: 2, status: "failed", live: false });
  const { index, looks, told } = indexOver([live], [live], [ended]);
  await vi.advanceTimersByTimeAsync(1);
  expect(editor.contexts.get("orrery.live")).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told.ended).toEqual(["a failed"]);
  expect(looks).toEqual({ all: 1, live: 2 });
  expect(editor.contexts.get("orrery.live")).toBe(false);
  index.dispose();
});

test("a run that had ended before this window looked is not told of", async () => {
  const { index, told } = indexOver([listing("a", { status: "failed", live: false })]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(told.ended).toEqual([]);
  index.dispose();
});

test("a run without a recorder is told of once, and its end as well when a recorder has found it", async () => {
  const orphan = listing("a", { orphaned: true });
  const ended = listing("a", { status: "failed", live: false });
  const { index, told } = indexOver([orphan], [orphan], [orphan], [ended]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(told).toMatchObject({ orphaned: ["a"], ended: ["a failed"] });
  index.dispose();
});

test("nothing is announced while nothing changes", async () => {
  const { index, told } = indexOver([listing("a", { loss: Number.NaN })]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(told.changes).toBe(1);
  index.dispose();
});

test("a run that is expected is looked at before anything of it lives", async () => {
  const fresh = listing("a", { status: "starting", live: false });
  const { index, looks } = indexOver([], [fresh], [fresh], [listing("a", { step: 5 })]);
  await vi.advanceTimersByTimeAsync(1);
  await index.expect("/project/.orrery/runs/a");
  await vi.advanceTimersByTimeAsync(2000);
  expect(looks.live).toBeGreaterThan(1);
  expect(index.live.map((run) => run.step)).toEqual([5]);
  index.dispose();
});

test("a run whose folder was deleted is forgotten", async () => {
  const { index } = indexOver([listing("a", {}), listing("b", {})], [listing("b", {})]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(index.runs.map((run) => run.id)).toEqual(["b"]);
  index.dispose();
});

test("many refreshes at once read the disk twice at most: what is under way, and once for all the others", async () => {
  const { index, looks } = indexOver([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all([index.refresh(), index.refresh(), index.refresh(), index.refresh()]);
  expect(looks.all).toBeLessThanOrEqual(3);
  index.dispose();
});
