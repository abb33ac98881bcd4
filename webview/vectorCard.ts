import { Chart, type ChartConfiguration } from "chart.js";
import type { AxisScale } from "../src/editor/messages.ts";
import { valueAxisWidth } from "./chartConfiguration.ts";
import { markerAt, type Colours } from "./colours.ts";
import { ChartLegend, type LegendEntry } from "./chartLegend.ts";
import { element, setText } from "./dom.ts";
import { countText, valueText } from "./numberText.ts";
import { isRanked, valueWithError, type VectorCurve } from "./vectorCurves.ts";
import { vectorMarks } from "./vectorMarks.ts";

const help = "Arrow keys step from value to value and between lists, Home and End jump.";

/** One chart of lists at one step: values over their ranks, or shares over the places where they lie. */
export class VectorCard {
  readonly root: HTMLElement;
  readonly #speak: (text: string) => void;
  readonly #canvas: HTMLCanvasElement;
  readonly #legend = new ChartLegend();
  readonly #when = element("span", { class: "muted" });
  #chart: Chart<"line", { x: number; y: number }[]> | undefined;
  #curves: readonly VectorCurve[] = [];
  #at = { curve: 0, index: -1 };

  constructor(key: string, title: string, speak: (text: string) => void) {
    this.#speak = speak;
    this.#canvas = element("canvas", {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "chart of a list",
      "aria-label": `${title}. ${help}`,
    });
    this.#canvas.addEventListener("keydown", (event) => {
      if (this.#key(event.key)) event.preventDefault();
    });
    const heading = element("h2", { class: "chart-title" }, title);
    this.root = element(
      "section",
      { class: "chart", "aria-label": title, "data-vector": key },
      element("div", { class: "chart-head" }, heading, this.#when, this.#legend.root),
      element("div", { class: "chart-box" }, this.#canvas),
    );
  }

  update(curves: readonly VectorCurve[], scale: AxisScale, colours: Colours): void {
    this.#curves = curves;
    setText(this.#when, whenText(curves));
    this.#legend.update(
      curves.flatMap((curve, place) => legendOf(curve, place, this.#colour(curve, place, colours))),
      colours,
    );
    const configuration = this.#configuration(scale, colours);
    if (this.#chart === undefined) {
      this.#chart = new Chart(this.#canvas, configuration);
      return;
    }
    this.#chart.data = configuration.data;
    this.#chart.options = configuration.options ?? {};
    this.#chart.update("none");
  }

  dispose(): void {
    this.#chart?.destroy();
    this.root.remove();
  }

  #colour({ name }: VectorCurve, place: number, colours: Colours): string {
    return colours.series(name, this.#curves.length > 1 ? place : undefined);
  }

  #configuration(scale: AxisScale, colours: Colours): ChartConfiguration<"line", { x: number; y: number }[]> {
    const ranked = this.#curves.every(isRanked);
    const onAxis = (y: number) => (Number.isFinite(y) && (scale === "linear" || y > 0) ? y : NaN);
    const font = { family: colours.fontFamily, size: 11 };
    const axis = { grid: { color: colours.grid, tickLength: 4 }, border: { color: colours.muted } };
    const ticks = { font, color: colours.muted, maxTicksLimit: 8, maxRotation: 0 };
    const text = (value: string | number) => valueText(Number(value));
    return {
      type: "line",
      data: {
        datasets: this.#curves.map((curve, place) => {
          const { name, xs, ys } = curve;
          const colour = this.#colour(curve, place, colours);
          return {
            label: name,
            data: xs.map((x, index) => ({ x, y: onAxis(ys[index] ?? NaN) })),
            showLine: ranked,
            borderColor: colour,
            backgroundColor: colour,
            borderWidth: colours.highContrast ? 2 : 1.25,
            pointStyle: markerAt(place),
            pointRadius: xs.length > 60 ? 2 : 3,
          };
        }),
      },
      options: {
        animation: false,
        parsing: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        layout: { padding: { right: 12, top: 6 } },
        scales: {
          x: {
            ...axis,
            ...this.#places(ranked),
            type: "linear",
            title: { display: true, text: ranked ? "Rank" : "Eigenvalue", font, color: colours.muted },
            ticks: { ...ticks, includeBounds: false, callback: text },
          },
          y: {
            ...axis,
            type: scale,
            beginAtZero: !ranked,
            afterFit: (fitted) => {
              fitted.width = valueAxisWidth;
            },
            ticks: { ...ticks, maxTicksLimit: 6, callback: text },
          },
        },
      },
      plugins: [vectorMarks(() => this.#curves)],
    };
  }

  /** The stretch of the axis that all lists lie on, with some air around them. */
  #places(ranked: boolean): { readonly min: number; readonly max: number } | undefined {
    const xs = this.#curves.flatMap((curve) => curve.xs).filter((x) => Number.isFinite(x));
    if (xs.length === 0) return undefined;
    const [least, most] = [Math.min(...xs), Math.max(...xs)];
    const air = ranked ? 0.5 : 0.03 * (most - least || Math.abs(most) || 1);
    return { min: least - air, max: most + air };
  }

  #key(key: string): boolean {
    const lists = this.#curves.length;
    const { curve, index } = this.#at;
    const moves: Readonly<Record<string, { readonly curve: number; readonly index: number }>> = {
      ArrowRight: { curve, index: index + 1 },
      ArrowLeft: { curve, index: index - 1 },
      ArrowDown: { curve: (curve + 1) % lists, index },
      ArrowUp: { curve: (curve + lists - 1) % lists, index },
      Home: { curve, index: 0 },
      End: { curve, index: Infinity },
    };
    const to = moves[key];
    if (to === undefined) return false;
    const list = this.#curves[to.curve];
    if (list === undefined || list.ys.length === 0) return false;
    const at = Math.max(0, Math.min(list.ys.length - 1, to.index));
    this.#at = { curve: to.curve, index: at };
    const place = isRanked(list) ? countText(at + 1) : `at ${valueText(list.xs[at] ?? NaN)}`;
    const of = list.where === "" ? "" : `${list.where}, `;
    this.#speak(`${of}${place}: ${valueWithError(list, at)}`);
    return true;
  }
}

/** A list, and the bulk that a random matrix in its place would have. */
function legendOf({ name, where, ys, bulk }: VectorCurve, place: number, colour: string): LegendEntry[] {
  const text = where === "" ? `${countText(ys.length)} values` : where;
  const curve = { key: name, kind: "curve", place, colour, text, value: extentText(ys) } as const;
  if (bulk === undefined) return [curve];
  const value = extentText([bulk.lower, bulk.upper]);
  return [
    curve,
    { key: `${name}/bulk`, kind: "companion", place, colour, text: `${where}, bulk of a random matrix`, value },
  ];
}

function whenText(curves: readonly VectorCurve[]): string {
  const steps = [...new Set(curves.map(({ step }) => step))].toSorted((one, other) => one - other);
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return "";
  return first === last
    ? `at step ${countText(first)}`
    : `at steps ${countText(first)} to ${countText(last)}, the newest of each`;
}

function extentText(values: readonly number[]): string {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return "";
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  return `${valueText(least)} to ${valueText(most)}`;
}
