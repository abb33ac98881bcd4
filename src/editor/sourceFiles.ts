/** Follows open scripts for the thread that parses them, and remembers its answers. */
import * as vscode from "vscode";
import type { CodeSite } from "../source/codeSite.ts";
import type { SourceLanguage } from "../source/grammar.ts";
import { isInScope, longestText } from "../source/scope.ts";
import type { InlineFinding } from "./inline/inlineFinding.ts";
import type { NamedLiteral } from "./inline/namedLiterals.ts";
import type { PlacedRun } from "./inline/placedRun.ts";
import type { Subscription } from "./runAccess.ts";
import type { SourceChange, SourceRequest, SourceService } from "./sourceService.ts";
import type { WorkerThread } from "./workerThread.ts";

const languages: Readonly<Record<string, SourceLanguage>> = {
  javascript: "javascript",
  javascriptreact: "javascript",
  typescript: "typescript",
  typescriptreact: "tsx",
  python: "python",
};

export const scriptSelector: vscode.DocumentSelector = Object.keys(languages).flatMap((language) => [
  { language, scheme: "file" },
  { language, scheme: "untitled" },
]);

/** Changes of a document that are kept for the thread; after more of them its whole text is parsed anew. */
const mostChanges = 1000;

/** What is known of a document since it was first asked about. */
interface OpenFile {
  /** `changes` has every change after this version. */
  since: number;
  changes: SourceChange[];
  /** The newest version that was answered. */
  answered: number;
  /** The newest answers, and what they were about. */
  sites: { readonly version: number; readonly found: readonly CodeSite[] } | undefined;
  findings:
    | { readonly version: number; readonly run: string | undefined; readonly found: readonly InlineFinding[] }
    | undefined;
}

export class SourceFiles implements vscode.Disposable {
  readonly #thread: WorkerThread<SourceService>;
  readonly #report: (error: Error) => void;
  readonly #files = new Map<string, OpenFile>();
  readonly #subscriptions: readonly Subscription[];

  /** `thread` is disposed with this; `report` is told of what goes wrong while nobody waits. */
  constructor(thread: WorkerThread<SourceService>, report: (error: Error) => void) {
    this.#thread = thread;
    this.#report = report;
    this.#subscriptions = [
      thread,
      vscode.workspace.onDidChangeTextDocument((event) => {
        this.#edit(event);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#forget(document.uri.toString());
      }),
    ];
  }

  /**
   * Training calls and model definitions of a document as it stands. Nothing in long files, and in files that name no
   * package that trains: the thread is not even started for those. Rejects when the token is cancelled, or the thread fails.
   */
  async sites(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly CodeSite[]> {
    const known = this.#files.get(document.uri.toString())?.sites;
    if (known?.version === document.version) return known.found;
    return this.#answer(document, [], async (request, file) => {
      const found = await this.#ask(token, (signal) => this.#thread.call("sites", [request], signal));
      if (request.version > (file.sites?.version ?? -1)) file.sites = { version: request.version, found };
      return found;
    });
  }

  /** What there is to say beside the lines of a document as it stands, given the run that speaks of them; as `sites` else. */
  async findings(
    document: vscode.TextDocument,
    run: PlacedRun | undefined,
    token: vscode.CancellationToken,
  ): Promise<readonly InlineFinding[]> {
    const known = this.#files.get(document.uri.toString())?.findings;
    const directory = run?.run.directory;
    if (known?.version === document.version && known.run === directory) return known.found;
    return this.#answer(document, [], async (request, file) => {
      const found = await this.#ask(token, (signal) => this.#thread.call("findings", [request, run], signal));
      if (request.version >= (file.findings?.version ?? -1)) {
        file.findings = { version: request.version, run: directory, found };
      }
      return found;
    });
  }

  /** The numbers of a document as it stands that decide what is predicted of it; as `sites` else. */
  literals(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<readonly NamedLiteral[]> {
    return this.#answer(document, [], (request) =>
      this.#ask(token, (signal) => this.#thread.call("literals", [request], signal)),
    );
  }

  /** What there would be to say before any run if a part of the document were another text; as `sites` else. */
  async findingsWith(
    document: vscode.TextDocument,
    { range, text }: { readonly range: vscode.Range; readonly text: string },
    token: vscode.CancellationToken,
  ): Promise<readonly InlineFinding[]> {
    const language = languages[document.languageId];
    if (language === undefined || lengthOf(document) > longestText) return [];
    const whole = document.getText();
    const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const key = `${document.uri.toString()}#with`;
    const request = {
      key,
      language,
      version: document.version,
      text: whole.slice(0, start) + text + whole.slice(end),
      since: document.version,
      changes: [],
    };
    try {
      return await this.#ask(token, (signal) => this.#thread.call("findings", [request, undefined], signal));
    } finally {
      this.#thread.call("close", [key]).catch(this.#report);
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#files.clear();
  }

  /** Asks about the document as it stands; `nothing` is the answer where it is not read at all. */
  async #answer<T>(
    document: vscode.TextDocument,
    nothing: T,
    ask: (request: SourceRequest, file: OpenFile) => Promise<T>,
  ): Promise<T> {
    const language = languages[document.languageId];
    if (language === undefined || lengthOf(document) > longestText) return nothing;
    const key = document.uri.toString();
    const { version } = document;
    const text = document.getText();
    if (!isInScope(text, language)) return nothing;
    const known = this.#files.get(key);
    const file = known ?? { since: version, changes: [], answered: -1, sites: undefined, findings: undefined };
    this.#files.set(key, file);
    const { since, changes } = file;
    const found = await ask({ key, language, version, text, since, changes }, file);
    if (version > file.answered) {
      file.answered = version;
      file.since = Math.max(file.since, version);
      file.changes = file.changes.filter((change) => change.version > version);
    }
    return found;
  }

  async #ask<T>(token: vscode.CancellationToken, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const cancel = () => {
      abort.abort(new vscode.CancellationError());
    };
    if (token.isCancellationRequested) cancel();
    const subscription = token.onCancellationRequested(cancel);
    try {
      return await call(abort.signal);
    } finally {
      subscription.dispose();
    }
  }

  #edit({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const file = this.#files.get(document.uri.toString());
    if (file === undefined || contentChanges.length === 0) return;
    const edits = contentChanges.map((change) => ({
      start: change.rangeOffset,
      oldEnd: change.rangeOffset + change.rangeLength,
      inserted: change.text,
      startPosition: { line: change.range.start.line, column: change.range.start.character },
      oldEndPosition: { line: change.range.end.line, column: change.range.end.character },
    }));
    file.changes.push({ version: document.version, edits });
    if (file.changes.length > mostChanges) {
      file.since = document.version;
      file.changes = [];
    }
  }

  #forget(key: string): void {
    if (this.#files.delete(key) && this.#thread.running) this.#thread.call("close", [key]).catch(this.#report);
  }
}

/** In UTF-16 code units, without putting the text together. */
function lengthOf(document: vscode.TextDocument): number {
  return document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
}
