/** The laws by area, and how each has fared over the runs of the workspace. */
import * as vscode from "vscode";
import { views } from "../ids.ts";
import { lawTooltip, recordText, type LawListing } from "./lawListing.ts";
import type { Subscription } from "./runAccess.ts";
import type { RunIndex } from "./runIndex.ts";
import { asError } from "./threadChannel.ts";
import type { WorkerRunAccess } from "./workerRunAccess.ts";

type Area = LawListing["area"];
type Item = Area | LawListing;

const areas: Readonly<Record<Area, string>> = {
  solvable: "Solvable Settings",
  limits: "Tractable Limits",
  empirical: "Empirical Laws",
  hyperparameters: "Hyperparameters",
  universality: "Universality",
};

export class LawsView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  readonly #access: WorkerRunAccess;
  readonly #runs: RunIndex;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #view: vscode.TreeView<Item>;
  readonly #subscriptions: Subscription[] = [];
  readonly onDidChangeTreeData = this.#changed.event;
  #verdicts = "";
  /** Read once for all areas: every ledger is read for it. */
  #laws: Promise<readonly LawListing[]> | undefined;

  constructor(access: WorkerRunAccess, runs: RunIndex, log: vscode.LogOutputChannel) {
    this.#access = access;
    this.#runs = runs;
    this.#log = log;
    this.#view = vscode.window.createTreeView(views.laws, { treeDataProvider: this });
    this.#subscriptions.push(
      this.#changed,
      this.#view,
      runs.onDidChange(() => {
        // A live run changes at every look; a law's record only with a verdict.
        const verdicts = JSON.stringify(runs.runs.map((run) => run.verdicts));
        if (verdicts === this.#verdicts) return;
        this.#verdicts = verdicts;
        this.#laws = undefined;
        this.#changed.fire();
      }),
    );
  }

  /** Asked only while the view is visible. */
  async getChildren(item?: Item): Promise<Item[]> {
    if (typeof item === "object") return [];
    try {
      this.#laws ??= this.#access.laws(this.#runs.runs.map(({ directory }) => directory));
      const laws = await this.#laws;
      if (item !== undefined) return laws.filter(({ area }) => area === item);
      return [...new Set(laws.map(({ area }) => area))].toSorted((one, other) => order(one) - order(other));
    } catch (error) {
      this.#laws = undefined;
      this.#log.error(`The laws' record cannot be read: ${asError(error).message}`);
      return [];
    }
  }

  getTreeItem(item: Item): vscode.TreeItem {
    return typeof item === "object" ? lawItem(item) : areaItem(item);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function order(area: Area): number {
  return Object.keys(areas).indexOf(area);
}

function areaItem(area: Area): vscode.TreeItem {
  const item = new vscode.TreeItem(areas[area], vscode.TreeItemCollapsibleState.Expanded);
  item.id = area;
  return item;
}

/** Shape tells how it fared, and colour only helps. */
function lawItem(law: LawListing): vscode.TreeItem {
  const item = new vscode.TreeItem(law.title);
  const { held, broken } = law.record.outcomes;
  const [icon, color] =
    held + broken === 0
      ? ["circle-outline", undefined]
      : held >= broken
        ? ["pass", "testing.iconPassed"]
        : ["error", "testing.iconFailed"];
  item.id = law.id;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.description = recordText(law.record);
  item.tooltip = lawTooltip(law);
  item.accessibilityInformation = { label: [law.title, item.description].filter((part) => part !== "").join(", ") };
  return item;
}
