/** Inlay hints: what the last run found of a literal or a layer, beside it. */
import * as vscode from "vscode";
import type { Subscription } from "../runAccess.ts";
import { scriptSelector } from "../sourceFiles.ts";
import type { InlineFinding } from "./inlineFinding.ts";
import { hoverString } from "./inlineHovers.ts";
import type { InlineResults } from "./inlineResults.ts";
import { isShown } from "./inlineSettings.ts";

/** A hint whose tooltip is put together when it is looked at. */
class FindingHint extends vscode.InlayHint {
  readonly finding: InlineFinding;

  constructor(hint: NonNullable<InlineFinding["hint"]>, finding: InlineFinding) {
    super(new vscode.Position(hint.at.line, hint.at.column), hint.text);
    this.finding = finding;
    this.paddingLeft = true;
  }
}

export class InlineHints implements vscode.InlayHintsProvider<FindingHint>, vscode.Disposable {
  readonly #results: InlineResults;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly Subscription[];
  readonly onDidChangeInlayHints = this.#changed.event;

  constructor(results: InlineResults) {
    this.#results = results;
    this.#subscriptions = [
      this.#changed,
      results.onDidChange(() => {
        this.#changed.fire();
      }),
      vscode.languages.registerInlayHintsProvider(scriptSelector, this),
    ];
  }

  async provideInlayHints(
    document: vscode.TextDocument,
    range: vscode.Range,
    token: vscode.CancellationToken,
  ): Promise<FindingHint[]> {
    if (!isShown("inlayHints", document)) return [];
    const findings = await this.#results.of(document, token);
    return findings
      .flatMap((finding) => (finding.hint === undefined ? [] : [new FindingHint(finding.hint, finding)]))
      .filter((hint) => range.contains(hint.position));
  }

  resolveInlayHint(hint: FindingHint): FindingHint {
    hint.tooltip = hoverString(hint.finding.facts);
    return hint;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
