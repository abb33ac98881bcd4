import type { AxisRange, SeriesSlice, ThresholdLine } from "../src/editor/messages.ts";
import { bucketText } from "./bucketText.ts";
import { element, setChildren, setText } from "./dom.ts";
import { countText, valueText } from "./numberText.ts";
import { curveLabel } from "./observableLabel.ts";
import { readName } from "./observableName.ts";
import { nearestBucket } from "./seriesPoints.ts";

/** The numbers of one chart, a row a bucket and a column a curve. */
export class SeriesTable {
  readonly root: HTMLElement;
  readonly #title: string;
  readonly #caption = element("caption", {});
  readonly #head = element("tr", {});
  readonly #body = element("tbody", {});

  constructor(title: string) {
    this.#title = title;
    this.root = element(
      "div",
      { class: "scrolling numbers", tabindex: 0, role: "region", "aria-label": `${title}, table` },
      element("table", {}, this.#caption, element("thead", {}, this.#head), this.#body),
    );
  }

  update(slices: readonly SeriesSlice[], threshold: ThresholdLine | undefined, visible: AxisRange): void {
    const titles = ["Step", ...slices.map((slice) => curveLabel(readName(slice.observable)))];
    if (threshold !== undefined) titles.push(`Threshold ${threshold.formula}`);
    setCells(this.#head, titles, "col");
    const steps = [...new Set(slices.flatMap((slice) => [...slice.steps]))]
      .filter((step) => step >= visible.from && step <= visible.to)
      .toSorted((one, other) => one - other);
    const positions = slices.map((slice) => new Map([...slice.steps].map((step, index) => [step, index])));
    while (this.#body.children.length > steps.length) this.#body.lastElementChild?.remove();
    while (this.#body.children.length < steps.length) this.#body.append(element("tr", {}));
    for (const [row, step] of steps.entries()) {
      const cells = slices.map((slice, column) => {
        const index = positions[column]?.get(step);
        return index === undefined ? "" : bucketText(slice, index);
      });
      if (threshold !== undefined) {
        const at = nearestBucket(threshold.line, step);
        cells.push(valueText(threshold.line.last[at] ?? NaN));
      }
      const line = this.#body.children[row];
      if (line !== undefined) setCells(line, [countText(step), ...cells], "row");
    }
    const level = Math.max(0, ...slices.map((slice) => slice.level));
    const meaning = level === 0 ? "one point" : `up to ${countText(Math.round(16 ** level))} steps`;
    setText(this.#caption, `${this.#title}: ${countText(steps.length)} rows, each of ${meaning}`);
  }
}

/** Fills a row, of which the first cell (or for a head every cell) is a header. */
function setCells(row: Element, texts: readonly string[], scope: "row" | "col"): void {
  if (row.children.length !== texts.length)
    setChildren(
      row,
      texts.map((_text, index) => (scope === "col" || index === 0 ? element("th", { scope }) : element("td", {}))),
    );
  for (const [index, text] of texts.entries()) {
    const cell = row.children[index];
    if (cell !== undefined) setText(cell, text);
  }
}
