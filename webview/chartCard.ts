import { Chart, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from "chart.js";
import type {
  AxisRange,
  LedgerRow,
  PanelView,
  Reading,
  RunOverview,
  SeriesSlice,
  ThresholdLine,
} from "../src/editor/messages.ts";
import { datasets, options, valueRange } from "./chartConfiguration.ts";
import { curvesOf, drawnCurves, readingText, type ChartCurve } from "./chartCurves.ts";
import { listenToPointer, place, type Stretch } from "./chartDrag.ts";
import { ChartLegend } from "./chartLegend.ts";
import { overlayPlugin, type Overlay } from "./chartOverlay.ts";
import type { Colours } from "./colours.ts";
import { element, setText } from "./dom.ts";
import { forecastMarks, type ForecastMark } from "./forecastMarks.ts";
import { countText, valueText } from "./numberText.ts";
import { curveLabel, observableLabel } from "./observableLabel.ts";
import { readName } from "./observableName.ts";
import { measuredText } from "./readingText.ts";
import { legendEntries } from "./legendEntries.ts";
import { nearestBucket } from "./seriesPoints.ts";
import { position, scaledAbout, stepsScaledAbout } from "./stepAxis.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale);

export interface ChartInput {
  readonly overview: RunOverview;
  readonly slices: readonly SeriesSlice[];
  readonly threshold: ThresholdLine | undefined;
  readonly ledger: readonly LedgerRow[];
  readonly view: PanelView;
  readonly steps: AxisRange;
  readonly colours: Colours;
  /** Shown in place of curves where there are none yet. */
  readonly emptyText: string;
}

export interface ChartEvents {
  zoomSteps(range: AxisRange): void;
  zoomValues(key: string, range: AxisRange): void;
  resetZoom(key: string): void;
  /** The step that is pointed at in any chart; undefined when none is. */
  cursor(step: number | undefined): void;
  speak(text: string): void;
  /** Somebody points at a point and may want to know how it was measured: answered by `setReading`. */
  askReading(observable: string, step: number): void;
}

/** One point of a curve. */
interface Point {
  readonly observable: string;
  readonly step: number;
}

const help =
  "Arrow keys step from point to point and between series, Home and End jump, plus and minus zoom, 0 resets, " +
  "I says how a point was measured.";

/** One chart: curves of one or a few observables over the step axis, with their forecasts. */
export class ChartCard {
  readonly key: string;
  readonly root: HTMLElement;
  readonly #events: ChartEvents;
  readonly #canvas: HTMLCanvasElement;
  readonly #box: HTMLElement;
  readonly #empty = element("p", { class: "empty" });
  readonly #cursorLine = element("div", { class: "cursor", hidden: true });
  readonly #ring = element("div", { class: "ring", hidden: true });
  readonly #legend = new ChartLegend();
  /** How the point that is pointed at was measured. */
  readonly #reading = element("p", { class: "reading" });
  #chart: Chart<"line", { x: number; y: number }[]> | undefined;
  #input: ChartInput | undefined;
  #overlay: Overlay | undefined;
  #curves: readonly ChartCurve[] = [];
  #cursor: number | undefined;
  #active = 0;
  /** What a reading is awaited of, or shown. */
  #pointed: Point | undefined;
  /** The point that was gone to by keyboard. */
  #ringed: Point | undefined;

  constructor(key: string, title: string, events: ChartEvents) {
    this.key = key;
    this.#events = events;
    this.#canvas = element("canvas", {
      tabindex: 0,
      role: "application",
      "aria-roledescription": "line chart",
      "aria-label": `${title} over steps. ${help}`,
    });
    const rectangle = element("div", { class: "rectangle", hidden: true });
    this.#box = element("div", { class: "chart-box" }, this.#canvas, this.#cursorLine, this.#ring, rectangle);
    const heading = element("h2", { class: "chart-title" }, title);
    this.root = element(
      "section",
      { class: "chart", "aria-label": title, "data-chart": key },
      element("div", { class: "chart-head" }, heading, this.#legend.root),
      this.#empty,
      this.#box,
      this.#reading,
    );
    this.#canvas.addEventListener("keydown", (event) => {
      if (this.#key(event.key)) event.preventDefault();
    });
    this.#canvas.addEventListener("blur", () => {
      this.#ringed = undefined;
      this.#placeRing();
      this.#pointAt(undefined);
    });
    this.#listen(rectangle);
  }

  /** Width of the plot in pixels, for as many buckets; 0 before the first drawing. */
  get width(): number {
    return Math.max(0, this.#box.clientWidth - 80);
  }

  update(input: ChartInput): void {
    this.#input = input;
    const has = input.slices.some((slice) => slice.steps.length > 0);
    this.#box.hidden = !has;
    this.#reading.hidden = !has;
    this.#empty.hidden = has;
    setText(this.#empty, input.emptyText);
    if (!has) {
      this.#legend.update([], input.colours);
      return;
    }
    const { view, steps, colours, threshold } = input;
    this.#curves = curvesOf(input.slices, colours);
    const drawn = drawnCurves(this.#curves, view);
    this.#overlay = { colours, stepScale: view.stepScale, marks: this.#marks(), drawings: drawn };
    const data = { datasets: datasets(drawn, threshold, view, steps, colours, this.width) };
    const values = view.valueZoom[this.key] ?? valueRange(drawn, threshold, this.#overlay.marks, steps, view.scale);
    const settings = options(view, steps, values, colours);
    if (this.#chart === undefined) {
      const overlay: Overlay = this.#overlay;
      this.#chart = new Chart(this.#canvas, {
        type: "line",
        data,
        options: settings,
        plugins: [overlayPlugin(() => this.#overlay ?? overlay)],
      });
    } else {
      this.#chart.data = data;
      this.#chart.options = settings;
      this.#chart.update("none");
    }
    this.#showCursor();
    this.#placeRing();
  }

  /** Shows where another chart is pointed at. */
  setCursor(step: number | undefined): void {
    this.#cursor = step;
    this.#showCursor();
  }

  setReading(observable: string, reading: Reading): void {
    if (this.#pointed?.observable !== observable || this.#pointed.step < reading.step) return;
    const several = this.#curves.length > 1;
    const text = measuredText(reading);
    setText(this.#reading, several && text !== "" ? `${curveLabel(readName(observable))}: ${text}` : text);
  }

  dispose(): void {
    this.#chart?.destroy();
    this.root.remove();
  }

  #marks(): readonly ForecastMark[] {
    return this.#input === undefined ? [] : forecastMarks(this.#input.ledger, this.#input.slices);
  }

  #showCursor(): void {
    const scale = this.#chart?.scales["x"];
    if (this.#input === undefined || this.#chart === undefined || scale === undefined) return;
    const { view, steps } = this.#input;
    const step = this.#cursor;
    this.#cursorLine.hidden = step === undefined || step < steps.from || step > steps.to;
    if (step !== undefined) {
      const { top, bottom } = this.#chart.chartArea;
      const x = scale.getPixelForValue(position(step, view.stepScale));
      place(this.#cursorLine, { left: x, right: x + 1, top, bottom });
    }
    this.#legend.update(legendEntries(this.#input, this.#curves, this.#marks(), this.#cursor), this.#input.colours);
  }

  /** Whether the key meant something here. */
  #key(key: string): boolean {
    const input = this.#input;
    if (input === undefined) return false;
    const curve = this.#curves[this.#active % Math.max(1, this.#curves.length)];
    if (curve === undefined) return false;
    const { slice } = curve;
    const first = slice.steps.findIndex((step) => step >= input.steps.from);
    const last = slice.steps.findLastIndex((step) => step <= input.steps.to);
    if (first < 0 || last < first) return false;
    const now = this.#cursor === undefined ? undefined : nearestBucket(slice, this.#cursor);
    const clamped = (index: number) => Math.min(last, Math.max(first, index));
    const move = (by: number) =>
      this.#point(curve, now === undefined ? clamped(by > 0 ? first : last) : clamped(now + by));
    switch (key) {
      case "ArrowRight":
        return move(1);
      case "ArrowLeft":
        return move(-1);
      case "PageDown":
        return move(10);
      case "PageUp":
        return move(-10);
      case "Home":
        return this.#point(curve, first);
      case "End":
        return this.#point(curve, last);
      case "ArrowDown":
      case "ArrowUp": {
        const count = this.#curves.length;
        this.#active = (this.#active + (key === "ArrowDown" ? 1 : count - 1)) % count;
        const other = this.#curves[this.#active] ?? curve;
        return this.#point(other, nearestBucket(other.slice, this.#cursor ?? input.steps.to));
      }
      case "+":
      case "=":
      case "-": {
        const about = this.#cursor ?? (input.steps.from + input.steps.to) / 2;
        this.#events.zoomSteps(stepsScaledAbout(input.steps, about, key === "-" ? 2 : 0.5, input.view.stepScale));
        return true;
      }
      case "0":
        this.#events.resetZoom(this.key);
        return true;
      case "i":
        this.#events.speak(this.#reading.textContent || "How this point was measured is not recorded.");
        return true;
      default:
        return false;
    }
  }

  /** Points at a bucket, and has it spoken. */
  #point(curve: ChartCurve, index: number): true {
    const { slice } = curve;
    const step = slice.steps[index] ?? 0;
    this.#events.cursor(step);
    const threshold = this.#input?.threshold;
    const at = threshold === undefined ? -1 : nearestBucket(threshold.line, step);
    const beside = threshold && at >= 0 ? `, threshold ${valueText(threshold.line.last[at] ?? NaN)}` : "";
    this.#events.speak(
      `${observableLabel(slice.observable)}, step ${countText(step)}: ${readingText(curve, index)}${beside}`,
    );
    this.#ringed = { observable: slice.observable, step };
    this.#placeRing();
    this.#pointAt(this.#ringed);
    return true;
  }

  #pointAt(point: Point | undefined): void {
    if (point?.observable === this.#pointed?.observable && point?.step === this.#pointed?.step) return;
    this.#pointed = point;
    setText(this.#reading, "");
    if (point !== undefined) this.#events.askReading(point.observable, point.step);
  }

  /** The point of whichever curve is nearest to a place in the plot, at the step there. */
  #nearest({ x, y }: { readonly x: number; readonly y: number }): Point | undefined {
    const [steps, values] = [this.#chart?.scales["x"], this.#chart?.scales["y"]];
    const at = steps?.getValueForPixel(x);
    if (at === undefined || values === undefined) return undefined;
    const points = this.#curves.map(({ slice }) => {
      const bucket = nearestBucket(slice, at);
      const distance = Math.abs(values.getPixelForValue(slice.last[bucket] ?? NaN) - y);
      return { observable: slice.observable, step: slice.steps[bucket], distance };
    });
    const [nearest] = points.toSorted((one, other) => (one.distance || 0) - (other.distance || 0));
    return nearest?.step === undefined ? undefined : { observable: nearest.observable, step: nearest.step };
  }

  /** Puts the ring where its point is drawn now: axes move while a run is live. */
  #placeRing(): void {
    const { observable, step } = this.#ringed ?? {};
    const slice = this.#input?.slices.find((each) => each.observable === observable);
    const [x, y] = [this.#chart?.scales["x"], this.#chart?.scales["y"]];
    const value = slice === undefined || step === undefined ? NaN : (slice.last[nearestBucket(slice, step)] ?? NaN);
    this.#ring.hidden = !Number.isFinite(value) || x === undefined || y === undefined;
    if (x === undefined || y === undefined || step === undefined) return;
    const [left, top] = [x.getPixelForValue(this.#position(step)), y.getPixelForValue(value)];
    place(this.#ring, { left: left - 5, right: left + 5, top: top - 5, bottom: top + 5 });
  }

  #position(step: number): number {
    return position(step, this.#input?.view.stepScale ?? "linear");
  }

  #listen(rectangle: HTMLElement): void {
    const range = (axis: "x" | "y", pixels: readonly [number, number]): AxisRange | undefined => {
      const scale = this.#chart?.scales[axis];
      if (scale === undefined) return undefined;
      const [from, to] = pixels.map((pixel) => scale.getValueForPixel(pixel) ?? NaN).toSorted((a, b) => a - b);
      return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
    };
    listenToPointer(this.#box, rectangle, {
      area: (): Stretch => this.#chart?.chartArea ?? { left: 0, right: 0, top: 0, bottom: 0 },
      chosen: (horizontal, vertical) => {
        const [steps, values] = [horizontal && range("x", horizontal), vertical && range("y", vertical)];
        if (steps !== undefined) this.#events.zoomSteps(steps);
        if (values !== undefined) this.#events.zoomValues(this.key, values);
      },
      hover: (at) => {
        this.#pointAt(at && this.#nearest(at));
        const step = at && this.#chart?.scales["x"]?.getValueForPixel(at.x);
        const [slice] = this.#input?.slices ?? [];
        const bucket = slice === undefined || step === undefined ? -1 : nearestBucket(slice, step);
        this.#events.cursor(slice?.steps[bucket]);
      },
      wheel: (x, y, factor, vertical) => {
        const [steps, values] = [this.#chart?.scales["x"], this.#chart?.scales["y"]];
        if (steps === undefined || values === undefined || this.#input === undefined) return;
        const { view } = this.#input;
        const { min, max } = vertical ? values : steps;
        const about = (vertical ? values.getValueForPixel(y) : steps.getValueForPixel(x)) ?? min;
        const scale = vertical ? view.scale : view.stepScale;
        if (vertical) this.#events.zoomValues(this.key, scaledAbout({ from: min, to: max }, about, factor, scale));
        else this.#events.zoomSteps(stepsScaledAbout(this.#input.steps, about, factor, scale));
      },
      reset: () => {
        this.#events.resetZoom(this.key);
      },
    });
  }
}
