/** The runs of the workspace as a list: status, script, step, loss and verdicts. */
import path from "node:path";
import * as vscode from "vscode";
import { commands, runItems, views } from "../ids.ts";
import type { Subscription } from "./runAccess.ts";
import type { RunIndex } from "./runIndex.ts";
import {
  ageText,
  runAccessibleLabel,
  runDescription,
  shownStatus,
  type RunListing,
  type ShownStatus,
} from "./runListing.ts";

/** Shape tells a status apart, and colour only helps. */
const icons: Readonly<Record<ShownStatus, readonly [icon: string, color?: string]>> = {
  starting: ["loading~spin"],
  running: ["loading~spin", "charts.blue"],
  paused: ["debug-pause", "charts.yellow"],
  finished: ["pass", "testing.iconPassed"],
  stopped: ["circle-slash"],
  failed: ["error", "testing.iconFailed"],
  diverged: ["flame", "testing.iconFailed"],
  interrupted: ["debug-disconnect", "charts.yellow"],
  unreadable: ["question", "charts.yellow"],
};

/** Milliseconds between two updates of the ages. */
const ageInterval = 60_000;

export class RunsView implements vscode.TreeDataProvider<RunListing>, vscode.Disposable {
  readonly #runs: RunIndex;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #view: vscode.TreeView<RunListing>;
  readonly #subscriptions: Subscription[] = [];
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(runs: RunIndex) {
    this.#runs = runs;
    this.#view = vscode.window.createTreeView(views.runs, { treeDataProvider: this });
    const ages = setInterval(() => {
      if (this.#view.visible) this.#changed.fire();
    }, ageInterval);
    this.#subscriptions.push(
      this.#changed,
      this.#view,
      runs.onDidChange(() => {
        this.#changed.fire();
        this.#showBadge();
      }),
      new vscode.Disposable(() => {
        clearInterval(ages);
      }),
    );
  }

  getChildren(run?: RunListing): RunListing[] {
    return run === undefined ? [...this.#runs.runs] : [];
  }

  getTreeItem(run: RunListing): vscode.TreeItem {
    const now = Date.now();
    const status = shownStatus(run);
    const name = run.script === "" ? run.id : path.basename(run.script);
    const item = new vscode.TreeItem(name);
    const [icon, color] = icons[status];
    item.id = run.directory;
    item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
    item.description = runDescription(run, now);
    item.tooltip = tooltipOf(run, status, now);
    item.accessibilityInformation = { label: runAccessibleLabel(run, name, now) };
    item.contextValue = run.live ? (run.status === "paused" ? runItems.paused : runItems.live) : runItems.ended;
    item.command = { command: commands.openRun, title: vscode.l10n.t("Open Run"), arguments: [run.directory] };
    return item;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #showBadge(): void {
    const live = this.#runs.live.length;
    const tooltip = live === 1 ? vscode.l10n.t("1 live run") : vscode.l10n.t("{0} live runs", live);
    this.#view.badge = live === 0 ? undefined : { value: live, tooltip };
  }
}

/** Plain text: nothing of a script's name or its error is read as markup. */
function tooltipOf(run: RunListing, status: ShownStatus, now: number): string {
  const { held, broken, outOfRegime, unresolved, pending } = run.verdicts;
  const counts = [
    [held, "held"],
    [broken, "broken"],
    [outOfRegime, "out of regime"],
    [unresolved, "unresolved"],
    [pending, "pending"],
  ] as const;
  const forecasts = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const lines = [
    run.script,
    [status, ageText(run.startedAt, now)].filter((part) => part !== "").join(", started "),
    forecasts.length === 0 ? "" : `Forecasts: ${forecasts.join(", ")}`,
    run.error,
    run.problem,
    run.directory,
  ];
  return lines.filter((line) => line !== "").join("\n");
}
