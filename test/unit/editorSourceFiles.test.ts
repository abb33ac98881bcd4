import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ParsedFiles } from "../../src/editor/parsedFiles.ts";
import type { SourceChange, SourceRequest, SourceService } from "../../src/editor/sourceService.ts";
import type { SourceWorkerData } from "../../src/editor/sourceWorker.ts";
import { WorkerThread } from "../../src/editor/workerThread.ts";
import { Grammars } from "../../src/source/grammar.ts";
import { longestText } from "../../src/source/scope.ts";
import { SourceFile } from "../../src/source/sourceFile.ts";

type Listener = (event: never) => void;

const editor = vi.hoisted(() => {
  const changes = new Set<Listener>();
  const closings = new Set<Listener>();
  const event = (listeners: Set<Listener>) => (listener: Listener) => {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  };
  return {
    changes,
    closings,
    workspace: { onDidChangeTextDocument: event(changes), onDidCloseTextDocument: event(closings) },
    CancellationError: class extends Error {},
  };
});

vi.mock("vscode", () => editor);

const { SourceFiles } = await import("../../src/editor/sourceFiles.ts");

const wasm = path.join(import.meta.dirname, "../../node_modules/@vscode/tree-sitter-wasm/wasm");
const grammars = new Grammars({
  runtime: path.join(wasm, "tree-sitter.wasm"),
  read: (grammar) => readFile(path.join(wasm, `tree-sitter-${grammar}.wasm`)),
});

const training = `import * as tf from "@tensorflow/tfjs";
const model = tf.sequential();
await model.fit(x, y);
`;

/** An open document, as far as it is asked anything, whose edits the editor tells of. */
class Document {
  readonly uri: { toString(): string };
  languageId = "typescript";
  version = 1;
  #text: string;

  constructor(text: string, name = "train.ts") {
    this.#text = text;
    this.uri = { toString: () => `file:///${name}` };
  }

  getText = vi.fn(() => this.#text);

  get lineCount(): number {
    return this.#text.split("\n").length;
  }

  lineAt(line: number) {
    const lines = this.#text.split("\n");
    return { range: { end: lines.slice(0, line + 1).join("\n").length } };
  }

  offsetAt(end: number): number {
    return end;
  }

  replace(from: string, to: string): void {
    const start = this.#text.indexOf(from);
    expect(start).toBeGreaterThanOrEqual(0);
    const place = (offset: number) => {
      const lines = this.#text.slice(0, offset).split("\n");
      return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
    };
    const change = {
      rangeOffset: start,
      rangeLength: from.length,
      text: to,
      range: { start: place(start), end: place(start + from.length) },
    };
    this.#text = this.#text.slice(0, start) + to + this.#text.slice(start + from.length);
    this.version++;
    const event = { document: this, contentChanges: [change] };
    for (const listener of editor.changes) listener(event as never);
  }

  /** As when the ends of lines are switched: another text and version, and no change is told. */
  rewrite(text: string): void {
    this.#text = text;
    this.version++;
    const event = { document: this, contentChanges: [] };
    for (const listener of editor.changes) listener(event as never);
  }

  close(): void {
    for (const listener of editor.closings) listener(this as never);
  }
}

/** Stands in for the thread; while it is `lost`, requests never get their turn. */
class Thread {
  readonly files = new ParsedFiles(grammars);
  readonly asked: SourceRequest[] = [];
  readonly closed: string[] = [];
  readonly signals: AbortSignal[] = [];
  running = false;
  lost = false;

  async call(name: keyof SourceService, [given]: [SourceRequest | string], signal?: AbortSignal): Promise<unknown> {
    this.running = true;
    if (typeof given === "string") {
      this.closed.push(given);
      this.files.close(given);
      return undefined;
    }
    expect(name).toBe("sites");
    this.asked.push(given);
    if (signal !== undefined) this.signals.push(signal);
    signal?.throwIfAborted();
    if (this.lost) throw new Error("cancelled before its turn");
    return this.files.sites(structuredClone(given));
  }

  dispose(): void {
    this.running = false;
  }
}

const uncancelled = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };

function connect() {
  const thread = new Thread();
  const report = vi.fn();
  const files = new SourceFiles(thread as never, report);
  const ask = (document: Document, token: unknown = uncancelled) => files.sites(document as never, token as never);
  const statements = async (document: Document) =>
    (await ask(document)).map((site) => `${site.call}@${site.statement.line}`);
  return { thread, report, files, ask, statements };
}

/** What a file that was never edited finds. */
async function fresh(document: Document): Promise<string[]> {
  using file = new SourceFile(await grammars.parser("typescript"), "typescript");
  return file.sites(document.getText()).map((site) => `${site.call}@${site.statement.line}`);
}

beforeEach(() => {
  editor.changes.clear();
  editor.closings.clear();
});

describe("the extension host", () => {
  test("asks once a version, and answers the same version from memory", async () => {
    const { thread, ask, statements } = connect();
    const document = new Document(training);
    expect(await statements(document)).toEqual(["sequential@1", "fit@2"]);
    document.getText.mockClear();
    expect(await ask(document)).toBe(await ask(document));
    expect(thread.asked).toHaveLength(1);
    expect(document.getText).not.toHaveBeenCalled();
  });

  test.each([
    ["a file that does not name TensorFlow.js", new Document("optimizer.minimize(() => 1);")],
    ["a file over a million characters", new Document(`${training}${"/".repeat(longestText)}`)],
  ])("starts no thread for %s", async (_what, document) => {
    const { thread, ask } = connect();
    expect(await ask(document)).toEqual([]);
    expect(thread.running).toBe(false);
    document.close();
    expect(thread.running).toBe(false);
  });

  test("does not put together the text of a long file", async () => {
    const document = new Document("/".repeat(longestText + 1));
    expect(await connect().ask(document)).toEqual([]);
    expect(document.getText).not.toHaveBeenCalled();
  });

  test("sends each edit once, and finds after it what a fresh reading finds", async () => {
    const { thread, statements } = connect();
    const document = new Document(training);
    await statements(document);
    for (const [from, to] of [
      ["const model", "\n\nconst model"],
      ["model.fit(x, y);", "model.fit(x"],
      ["model.fit(x", "model.fit(x, y); optimizer.minimize(f)"],
    ] as const) {
      document.replace(from, to);
      expect(await statements(document)).toEqual(await fresh(document));
    }
    expect(thread.asked.map(({ changes }) => changes.map(({ version }) => version))).toEqual([[], [2], [3], [4]]);
  });

  test("loses no edit when a request is cancelled before its turn", async () => {
    const { thread, ask, statements } = connect();
    const document = new Document(training);
    await statements(document);
    thread.lost = true;
    document.replace("const model", "\n\n\nconst model");
    await expect(ask(document)).rejects.toThrow("cancelled");
    thread.lost = false;
    document.replace("await", "\nawait");
    expect(await statements(document)).toEqual(["sequential@4", "fit@6"]);
  });

  test("passes a cancellation on", async () => {
    const { thread, ask } = connect();
    let cancel: (() => void) | undefined;
    const token = {
      isCancellationRequested: false,
      onCancellationRequested: (listener: () => void) => {
        cancel = listener;
        return { dispose: () => undefined };
      },
    };
    const asked = ask(new Document(training), token);
    cancel?.();
    expect(thread.signals[0]?.aborted).toBe(true);
    expect(thread.signals[0]?.reason).toBeInstanceOf(editor.CancellationError);
    await asked;
    const cancelled = ask(new Document(training, "other.ts"), { ...token, isCancellationRequested: true });
    await expect(cancelled).rejects.toBeInstanceOf(editor.CancellationError);
  });

  test("an answer that arrives after another edit is not taken for the newer version's", async () => {
    const { statements } = connect();
    const document = new Document(training);
    const first = statements(document);
    document.replace("const model", "\nconst model");
    expect(await first).toEqual(["sequential@1", "fit@2"]);
    expect(await statements(document)).toEqual(["sequential@2", "fit@3"]);
  });

  test("a text that changed without an edit is read anew", async () => {
    const { statements } = connect();
    const document = new Document(training);
    await statements(document);
    document.rewrite(training.replaceAll("\n", "\r\n"));
    document.replace("const model", "\r\n\r\nconst model");
    expect(await statements(document)).toEqual(["sequential@3", "fit@4"]);
  });

  test("keeps no more than a thousand edits for a thread that is not asked", async () => {
    const { thread, statements } = connect();
    const document = new Document(training);
    await statements(document);
    for (let count = 0; count < 1500; count++) document.replace("const model", " const model");
    document.replace("const model", "\nconst model");
    expect(await statements(document)).toEqual(["sequential@2", "fit@3"]);
    expect(thread.asked.at(-1)?.changes.length).toBeLessThan(1000);
  });

  test("forgets a document that is closed, and reads it anew when it is opened again", async () => {
    const { thread, statements, report } = connect();
    const document = new Document(training);
    await statements(document);
    document.close();
    expect(thread.closed).toEqual([document.uri.toString()]);
    const reopened = new Document(`\n${training}`);
    expect(await statements(reopened)).toEqual(["sequential@2", "fit@3"]);
    expect(report).not.toHaveBeenCalled();
  });

  test("another thread, after the first broke, reads from the text alone", async () => {
    const { thread, statements } = connect();
    const document = new Document(training);
    await statements(document);
    thread.files.close(document.uri.toString());
    document.replace("const model", "\nconst model");
    expect(await statements(document)).toEqual(["sequential@2", "fit@3"]);
  });
});

describe("the thread", () => {
  const request = (version: number, text: string, changes: readonly SourceChange[], since: number): SourceRequest => {
    return { key: "a", language: "typescript", version, text, since, changes };
  };

  test("does not apply twice an edit of which it was told in a request that was given up", async () => {
    const files = new ParsedFiles(grammars);
    await files.sites(request(1, training, [], 1));
    const edit = (version: number): SourceChange => ({
      version,
      edits: [
        {
          start: 0,
          oldEnd: 0,
          inserted: "\n",
          startPosition: { line: 0, column: 0 },
          oldEndPosition: { line: 0, column: 0 },
        },
      ],
    });
    await files.sites(request(2, `\n${training}`, [edit(2)], 1));
    const sites = await files.sites(request(3, `\n\n${training}`, [edit(2), edit(3)], 1));
    expect(sites.map((site) => site.statement.line)).toEqual([3, 4]);
  });
});

describe("in a real thread", () => {
  let folder: string;
  let thread: WorkerThread<SourceService>;
  const report = vi.fn();

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-source-"));
    const script = path.join(folder, "sourceWorker.cjs");
    const entry = path.join(import.meta.dirname, "../../src/editor/sourceWorker.ts");
    await build({ bundle: true, platform: "node", format: "cjs", entryPoints: [entry], outfile: script });
    thread = new WorkerThread({ script, name: "reader", data: { grammars: wasm } satisfies SourceWorkerData, report });
  });

  afterAll(() => {
    thread.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the first reading of 3,000 lines, and one after an edit, take less than 20 ms of the asking thread", async () => {
    const block = `export async function train(model: tf.LayersModel, xs: tf.Tensor, ys: tf.Tensor) {
  for (let epoch = 0; epoch < 10; epoch++) {
    const loss = optimizer.minimize(() => model.predict(xs).sub(ys).square().mean(), true);
    console.log(\`epoch \${epoch}: \${loss}\`, { epoch, rate: 1e-3, names: ["a", "b"] });
  }
}
`;
    const text = `import * as tf from "@tensorflow/tfjs";\n${block.repeat(500)}`;
    const document = new Document(text);
    // Asked once before, so that neither starting the thread nor compiling this test's own code is part of the time.
    const files = new SourceFiles(thread, report);
    await files.sites(new Document(training, "warm.js") as never, uncancelled);
    const busy = async () => {
      // Time that this thread itself took: a busy machine does not change it.
      const before = process.threadCpuUsage();
      const sites = await files.sites(document as never, uncancelled);
      const { user, system } = process.threadCpuUsage(before);
      return { count: sites.length, milliseconds: (user + system) / 1000 };
    };
    const first = await busy();
    document.replace("let epoch", "let  epoch");
    const second = await busy();
    expect([first.count, second.count]).toEqual([500, 500]);
    expect(Math.max(first.milliseconds, second.milliseconds)).toBeLessThan(20);
    expect(report).not.toHaveBeenCalled();
  });
});
