/** Remembers the texts that open documents have had on disk, and where their lines stand now: runs are of such texts. */
import { createHash } from "node:crypto";
import * as vscode from "vscode";
import type { Subscription } from "../runAccess.ts";
import { LineOrigins } from "./lineOrigins.ts";

/** Texts that are followed in one document; of more, those are forgotten that were not asked for longest. */
const mostTexts = 8;

export class TextHistory implements vscode.Disposable {
  /** By document, then by the text's hash. */
  readonly #documents = new Map<string, Map<string, LineOrigins>>();
  readonly #subscriptions: readonly Subscription[];

  constructor() {
    this.#subscriptions = [
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        for (const lines of this.#documents.get(document.uri.toString())?.values() ?? []) {
          for (const { range, text } of contentChanges) {
            const { start, end } = range;
            lines.edit({
              start: { line: start.line, column: start.character },
              end: { line: end.line, column: end.character },
              inserted: text,
            });
          }
        }
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        if (this.#documents.has(document.uri.toString())) this.#follow(document);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        this.#documents.delete(document.uri.toString());
      }),
    ];
  }

  /**
   * For each line of the text with this hash (SHA-256, hexadecimal), where it stands in the document now; −1 where it has been
   * changed. Undefined where the document has not been seen with that text.
   */
  places(document: vscode.TextDocument, hash: string): Int32Array | undefined {
    const texts = this.#follow(document);
    const lines = texts.get(hash);
    if (lines === undefined) return undefined;
    // What is asked for is not what is forgotten first.
    texts.delete(hash);
    texts.set(hash, lines);
    return lines.places(document.getText());
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#documents.clear();
  }

  /** Begins to follow the text as it stands if it is that of the disk, and begins again where the text has come back. */
  #follow(document: vscode.TextDocument): Map<string, LineOrigins> {
    const key = document.uri.toString();
    const texts = this.#documents.get(key) ?? new Map<string, LineOrigins>();
    this.#documents.set(key, texts);
    const text = document.getText();
    const hash = createHash("sha256").update(text).digest("hex");
    if (!document.isDirty || texts.has(hash)) {
      texts.delete(hash);
      texts.set(hash, new LineOrigins(text));
    }
    for (const oldest of texts.keys()) {
      if (texts.size <= mostTexts) break;
      texts.delete(oldest);
    }
    return texts;
  }
}
