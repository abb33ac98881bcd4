import type { PanelView, Snapshot, VectorRow } from "../src/editor/messages.ts";
import type { Colours } from "./colours.ts";
import { element, setChildren } from "./dom.ts";
import { countText, valueText } from "./numberText.ts";
import { byImportance, chartTitle } from "./observableLabel.ts";
import { VectorCard } from "./vectorCard.ts";
import { drawnOf, isRanked, valueWithError, vectorBases, vectorCurves, type VectorCurve } from "./vectorCurves.ts";

/** Charts of what is a list at each step, or tables of the same numbers. */
export class VectorStack {
  readonly root = element("div", { class: "charts" });
  readonly #speak: (text: string) => void;
  readonly #cards = new Map<string, VectorCard>();
  #rows: readonly VectorRow[] = [];

  constructor(speak: (text: string) => void) {
    this.#speak = speak;
  }

  /** Names of all lists that are shown, with those that belong to them. */
  wanted({ overview }: Snapshot, view: PanelView): readonly string[] {
    return vectorBases(overview)
      .filter((base) => view.shown.includes(base))
      .flatMap((base) => drawnOf(base, overview));
  }

  take(rows: readonly VectorRow[]): void {
    this.#rows = rows;
  }

  update({ overview }: Snapshot, view: PanelView, colours: Colours): void {
    const charts = vectorBases(overview)
      .filter((base) => view.shown.includes(base))
      .toSorted(byImportance)
      .map((base) => ({ base, curves: vectorCurves(base, this.#rows) }))
      .filter(({ curves }) => curves.length > 0);
    const drawn = view.table ? [] : charts.map(({ base }) => base);
    for (const [base, card] of this.#cards)
      if (!drawn.includes(base)) {
        card.dispose();
        this.#cards.delete(base);
      }
    setChildren(
      this.root,
      charts.map(({ base, curves }) => {
        if (view.table) return tableOf(chartTitle(base), curves);
        const card = this.#cards.get(base) ?? new VectorCard(base, chartTitle(base), this.#speak);
        this.#cards.set(base, card);
        // A chart takes its size from where it stands.
        if (!card.root.isConnected) this.root.append(card.root);
        card.update(curves, view.scale, colours);
        return card.root;
      }),
    );
  }
}

function tableOf(title: string, curves: readonly VectorCurve[]): HTMLElement {
  const [first] = curves;
  const ranked = curves.every(isRanked);
  const length = Math.max(...curves.map(({ ys }) => ys.length));
  const headings = curves.map(({ where, step }) => `${where === "" ? "Value" : where}, step ${countText(step)}`);
  const rows = Array.from({ length }, (_none, index) => {
    const place = ranked ? countText(index + 1) : valueText(first?.xs[index] ?? NaN);
    const cells = curves.map((curve) => element("td", {}, index < curve.ys.length ? valueWithError(curve, index) : ""));
    return element("tr", {}, element("th", { scope: "row" }, place), ...cells);
  });
  const head = [ranked ? "Rank" : "At", ...headings].map((text) => element("th", { scope: "col" }, text));
  return element(
    "div",
    { class: "scrolling numbers", tabindex: 0, role: "region", "aria-label": `${title}, table` },
    element(
      "table",
      {},
      element("caption", {}, `${title}: ${countText(length)} values`),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}
