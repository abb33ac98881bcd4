import { endOfRun, type LawStanding, type LawText, type LedgerRow, type Reference } from "../src/editor/messages.ts";
import { element, setChildren } from "./dom.ts";
import { icon, type IconName } from "./icons.ts";
import { countText, optionalText, scoreText, valueText } from "./numberText.ts";
import { observableLabel } from "./observableLabel.ts";

/** The verdict comes early, so that it is seen in a narrow panel too. */
const columns = ["Law", "Verdict", "Forecast", "Interval", "Measured", "Issued at", "Skill", "Error"];

const explained: Readonly<Record<string, string>> = {
  Interval: "10 % to 90 % of what the law expects",
  "Issued at": "The step at which the forecast was written down, before the outcome",
  Skill: "1 is perfect, 0 is no better than the naive forecast",
  Error: "Distance from the forecast's centre, in half-widths of its interval",
};

/** Every forecast of the run with what came of it; a row opens to what it rests on. */
export class LedgerTable {
  readonly root = element("div", { class: "scrolling", tabindex: 0, role: "region", "aria-label": "Ledger table" });
  readonly #events: { openExternal(url: string): void };
  readonly #body = element("tbody", {});
  readonly #open = new Set<string>();
  readonly #rows = new Map<string, { readonly text: string; readonly parts: readonly [HTMLElement, HTMLElement] }>();

  constructor(events: { openExternal(url: string): void }) {
    this.#events = events;
    const head = element("tr", {});
    for (const name of columns) head.append(element("th", { scope: "col", title: explained[name] }, name));
    const caption = element("caption", { class: "unseen" }, "Forecasts and their verdicts");
    this.root.append(element("table", { class: "ledger" }, caption, element("thead", {}, head), this.#body));
  }

  update(rows: readonly LedgerRow[], standings: readonly LawStanding[], laws: readonly LawText[]): void {
    const parts = rows.flatMap((row) => {
      const standing = standings.find((each) => each.law === row.forecast.law);
      const law = laws.find((each) => each.law === row.forecast.law);
      const text = JSON.stringify([row, standing?.regime, row.verdict?.measured.toString()]);
      const known = this.#rows.get(row.forecast.id);
      if (known?.text === text) return known.parts;
      const made = this.#make(row, standing, law);
      // The button that was pressed keeps the focus when its row is made anew.
      if (known?.parts[0].contains(document.activeElement) === true)
        queueMicrotask(() => made[0].querySelector("button")?.focus());
      this.#rows.set(row.forecast.id, { text, parts: made });
      return made;
    });
    setChildren(this.#body, parts);
  }

  #make(row: LedgerRow, standing: LawStanding | undefined, law: LawText | undefined): [HTMLElement, HTMLElement] {
    const { forecast, verdict } = row;
    const steps = forecast.statistic.endsWith("Step");
    const number = (value: number) => (steps && Number.isFinite(value) ? countText(value) : optionalText(value));
    const outcome = verdict?.outcome ?? "pending";
    const detailId = `detail-${forecast.id}`;
    const button = element(
      "button",
      { type: "button", class: "disclosure", "aria-expanded": "false", "aria-controls": detailId },
      icon("expand"),
      element("span", { class: "law-number" }, row.lawNumber),
      element("span", {}, row.lawTitle, subjectOf(forecast.subject)),
    );
    const main = element(
      "tr",
      { "data-forecast": forecast.id },
      element("th", { scope: "row" }, button),
      element("td", {}, verdictChip(outcome)),
      element("td", { class: "sentence" }, forecast.statement),
      element(
        "td",
        {},
        forecast.isBound === true ? "within " : "",
        steps ? "steps " : "",
        element("span", { class: "unbroken" }, `${number(forecast.low)} – ${number(forecast.high)}`),
      ),
      element("td", { class: "number" }, verdict === undefined ? "–" : number(verdict.measured)),
      element("td", { class: "number" }, countText(forecast.issuedAt)),
      element("td", { class: "number" }, scoreText(verdict?.skill ?? NaN)),
      element("td", { class: "number" }, scoreText(verdict?.error ?? NaN)),
    );
    const detail = element(
      "tr",
      { id: detailId, class: "detail" },
      element("td", { colspan: columns.length }, ...this.#details(row, standing, law)),
    );
    const show = () => {
      const open = this.#open.has(forecast.id);
      detail.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => {
      if (!this.#open.delete(forecast.id)) this.#open.add(forecast.id);
      show();
    });
    show();
    return [main, detail];
  }

  #details(row: LedgerRow, standing: LawStanding | undefined, law: LawText | undefined): HTMLElement[] {
    const { forecast, verdict } = row;
    const parts: HTMLElement[] = [];
    const part = (title: string, ...content: HTMLElement[]) =>
      parts.push(element("div", {}, element("h3", { class: "detail-title" }, title), ...content));
    if (law !== undefined) part("The law", element("p", {}, law.statement));
    if (verdict !== undefined)
      part("Verdict", element("p", {}, `Scored at step ${countText(verdict.scoredAt)}: ${verdict.reason}`));
    part(
      "What is forecast",
      element(
        "p",
        {},
        `${statistics[forecast.statistic]} ${observableLabel(forecast.observable)} from step ${countText(forecast.from)} ` +
          `to ${forecast.to >= endOfRun ? "the end of the run" : countText(forecast.to)}${forecast.subject === "" ? "" : `, for ${forecast.subject}`}; ` +
          `${forecast.isBound === true ? "a bound, within which nothing is said" : `centre ${valueText(forecast.central)}`}.${naive(forecast.baselines)}`,
      ),
    );
    part("Assumptions", list(forecast.assumptions.map((each) => element("li", {}, each))));
    if (standing?.regime !== undefined) part("Regime", regimeList(standing));
    if (law !== undefined) part("References", list(law.references.map((each) => this.#reference(each))));
    return parts;
  }

  #reference({ citation, title, arxiv }: Reference): HTMLElement {
    const item = element("li", {}, `${citation}. ${title}. `);
    if (arxiv === undefined) return item;
    const link = element("button", { type: "button", class: "link" }, `arXiv:${arxiv}`);
    link.addEventListener("click", () => {
      this.#events.openExternal(`https://arxiv.org/abs/${encodeURIComponent(arxiv)}`);
    });
    item.append(link);
    return item;
  }
}

/** What within the law a forecast is about; a law speaks several times, as of each pair of layers. */
function subjectOf(subject: string): HTMLElement | undefined {
  return subject === "" ? undefined : element("span", { class: "subject" }, ` ${subject}`);
}

function naive(baselines: LedgerRow["forecast"]["baselines"]): string {
  if (baselines.length === 0) return "";
  const each = baselines.map(({ kind, value }) => `${valueText(value)} (${kind})`);
  return ` A naive forecast is ${each.join(", ")}.`;
}

const statistics: Readonly<Record<LedgerRow["forecast"]["statistic"], string>> = {
  value: "The value of",
  timeMean: "The time average of",
  maximum: "The maximum of",
  crossingStep: "The step of crossing by",
  minimumStep: "The step of the least",
  best: "The best, of several runs,",
};

const checkIcons: Readonly<Record<string, IconName>> = { true: "held", false: "broken", unknown: "unresolved" };
const checkWords: Readonly<Record<string, string>> = { true: "Holds", false: "Does not hold", unknown: "Not known" };

export function regimeList(standing: LawStanding): HTMLElement {
  return list(
    (standing.regime?.checks ?? []).map((check) => {
      const holds = String(check.holds);
      return element(
        "li",
        { class: "check" },
        icon(checkIcons[holds] ?? "unresolved"),
        element("span", {}, `${checkWords[holds] ?? holds}: ${check.condition} (${check.saw})`),
      );
    }),
  );
}

function list(items: readonly HTMLElement[]): HTMLElement {
  return element("ul", {}, ...items);
}

function verdictChip(outcome: IconName): HTMLElement {
  return element("span", { class: `verdict verdict-${outcome.replaceAll(" ", "-")}` }, icon(outcome), outcome);
}
