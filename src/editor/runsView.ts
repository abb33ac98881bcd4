/** The runs of the workspace as a list: status, script, step, loss and verdicts; above them the backend of the next. */
import path from "node:path";
import * as vscode from "vscode";
import { commands, runItems, views } from "../ids.ts";
import { backendStatus, type BackendStatus } from "./backendStatus.ts";
import type { Doctor } from "./doctor.ts";
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

/** The line above the runs. */
const backendItem = { is: "backend" } as const;

type Item = RunListing | typeof backendItem;

/** Milliseconds between two updates of the ages. */
const ageInterval = 60_000;

export class RunsView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #runs: RunIndex;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #doctor: Doctor;
  readonly #view: vscode.TreeView<Item>;
  readonly #subscriptions: Subscription[] = [];
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(runs: RunIndex, doctor: Doctor) {
    this.#runs = runs;
    this.#doctor = doctor;
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
        this.#describe();
      }),
      doctor.onDidChangeStatus(() => {
        this.#changed.fire();
        this.#describe();
      }),
      this.#view.onDidChangeVisibility(() => {
        this.#describe();
      }),
      new vscode.Disposable(() => {
        clearInterval(ages);
      }),
    );
  }

  /** Without runs the list is empty, which is where the view tells how to begin; its title then has the backend. */
  getChildren(item?: Item): Item[] {
    if (item !== undefined) return [];
    const { runs } = this.#runs;
    return runs.length === 0 ? [] : [backendItem, ...runs];
  }

  getTreeItem(item: Item): vscode.TreeItem {
    return "is" in item ? backendTreeItem(backendStatus(this.#doctor.status())) : runTreeItem(item);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Nobody who does not look makes the doctor look. */
  #describe(): void {
    if (!this.#view.visible) return;
    const isEmpty = this.#runs.runs.length === 0;
    this.#view.description = isEmpty ? backendStatus(this.#doctor.status()).label : "";
  }

  #showBadge(): void {
    const live = this.#runs.live.length;
    const tooltip = live === 1 ? vscode.l10n.t("1 live run") : vscode.l10n.t("{0} live runs", live);
    this.#view.badge = live === 0 ? undefined : { value: live, tooltip };
  }
}

function backendTreeItem({ label, description, tooltip }: BackendStatus): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = "backend";
  item.iconPath = new vscode.ThemeIcon("circuit-board");
  item.description = description;
  item.tooltip = tooltip;
  item.accessibilityInformation = { label: `${label}, ${description}` };
  item.contextValue = "backend";
  item.command = { command: commands.doctor, title: vscode.l10n.t("Doctor") };
  return item;
}

function runTreeItem(run: RunListing): vscode.TreeItem {
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
