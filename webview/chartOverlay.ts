import type { Chart, ChartArea, Plugin } from "chart.js";
import type { AxisScale } from "../src/editor/messages.ts";
import type { Colours } from "./colours.ts";
import type { ForecastMark } from "./forecastMarks.ts";
import type { Drawing } from "./seriesPoints.ts";
import { position } from "./stepAxis.ts";

/** What is drawn behind and before the curves. */
export interface Overlay {
  readonly colours: Colours;
  readonly stepScale: AxisScale;
  readonly marks: readonly ForecastMark[];
  readonly drawings: readonly { readonly drawing: Drawing; readonly colour: string }[];
}

interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly area: ChartArea;
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
}

/** Forecast bands and what was smoothed away go behind the curves; marks of what is no number go before them. */
export function overlayPlugin(overlay: () => Overlay): Plugin<"line"> {
  return {
    id: "overlay",
    beforeDatasetsDraw(chart) {
      within(chart, overlay(), (frame, { drawings, marks, colours }) => {
        for (const { drawing, colour } of drawings) drawRaw(frame, drawing, colour, colours.highContrast);
        // Forecasts of one crossing that are made anew as it comes nearer lie over one another.
        const crossings = marks.filter((mark) => mark.kind === "steps").length;
        for (const mark of marks) {
          if (mark.kind === "values") drawValueBand(frame, mark, colours);
          else drawStepBand(frame, mark, colours, 1 / Math.sqrt(crossings));
        }
      });
    },
    afterDatasetsDraw(chart) {
      within(chart, overlay(), (frame, { drawings, marks, colours }) => {
        for (const mark of marks) if (mark.kind === "steps") drawCrossing(frame, mark, colours);
        for (const { drawing } of drawings) drawNotFinite(frame, drawing, colours);
        const labels = new LabelRows(frame, colours);
        for (const mark of marks) label(frame, mark, labels);
      });
    },
  };
}

function within(chart: Chart, overlay: Overlay, paint: (frame: Frame, overlay: Overlay) => void): void {
  const { ctx: context, chartArea: area, scales } = chart;
  const [steps, values] = [scales["x"], scales["y"]];
  if (steps === undefined || values === undefined) return;
  context.save();
  context.beginPath();
  context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  context.clip();
  const x = (step: number) => steps.getPixelForValue(position(step, overlay.stepScale));
  paint({ context, area, x, y: (value) => values.getPixelForValue(value) }, overlay);
  context.restore();
}

function drawRaw({ context, x, y }: Frame, drawing: Drawing, colour: string, strong: boolean): void {
  if (drawing.raw.length === 0) return;
  context.globalAlpha = strong ? 0.5 : 0.3;
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  let gap = true;
  for (const point of drawing.raw) {
    if (Number.isNaN(point.y)) gap = true;
    else {
      if (gap) context.moveTo(x(point.x), y(point.y));
      context.lineTo(x(point.x), y(point.y));
      gap = false;
    }
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** Where a band of values is on the canvas; nothing where it lies outside. */
function valueBand({ area, x, y }: Frame, mark: ForecastMark): ChartArea | undefined {
  const left = Math.max(area.left, x(mark.from));
  const right = Math.min(area.right, x(mark.to));
  const [top, foot] = [y(mark.high), y(mark.low)];
  const bottom = Number.isFinite(foot) ? foot : area.bottom;
  return right <= left || bottom < area.top || top > area.bottom ? undefined : { ...area, left, right, top, bottom };
}

/** Two dashed lines where a band of values is announced, and the band itself where it applies. */
function drawValueBand(frame: Frame, mark: ForecastMark, colours: Colours): void {
  const { context, x } = frame;
  const band = valueBand(frame, mark);
  if (band === undefined) return;
  const { right, top, bottom } = band;
  const filled = Math.min(right, Math.max(band.left, x(mark.filledFrom)));
  context.globalAlpha = colours.highContrast ? 1 : 0.6;
  context.strokeStyle = colours.forecast;
  context.lineWidth = 1;
  context.setLineDash([2, 4]);
  line(context, band.left, top, filled, top);
  line(context, band.left, bottom, filled, bottom);
  context.setLineDash([]);
  context.globalAlpha = 1;
  if (right > filled) shade(context, filled, top, right - filled, bottom - top, colours, mark.open ? 0.22 : 0.14);
}

function drawStepBand({ context, area, x }: Frame, mark: ForecastMark, colours: Colours, strength: number): void {
  const [left, centre, right] = [x(mark.low), x(mark.central), x(mark.high)];
  if (right < area.left || left > area.right) return;
  shade(context, left, area.top, right - left, area.bottom - area.top, colours, (mark.open ? 0.22 : 0.14) * strength);
  context.strokeStyle = colours.forecast;
  context.setLineDash([3, 3]);
  line(context, centre, area.top, centre, area.bottom);
  context.setLineDash([]);
}

/** Says at the foot of a band whose it is and when it was issued. */
function label(frame: Frame, mark: ForecastMark, labels: LabelRows): void {
  const { area, x } = frame;
  if (mark.kind === "values") {
    const band = valueBand(frame, mark);
    if (band !== undefined)
      labels.put(band.left + 4, Math.min(area.bottom - 16, Math.max(area.top, band.bottom + 3)), mark.label, 1);
  } else if (x(mark.high) >= area.left && x(mark.low) <= area.right)
    labels.put(Math.max(area.left, x(mark.low)) + 3, area.bottom - 32, mark.label, -1);
}

function shade(
  context: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
  colours: Colours,
  opacity: number,
): void {
  context.fillStyle = colours.forecast;
  context.globalAlpha = opacity;
  context.fillRect(left, top, width, height);
  context.globalAlpha = colours.highContrast ? 1 : 0.6;
  context.strokeStyle = colours.forecast;
  context.lineWidth = 1;
  context.strokeRect(left, top, width, height);
  context.globalAlpha = 1;
}

/** The measured crossing: a solid line with a diamond on top, where the forecast has a dashed one. */
function drawCrossing({ context, area, x }: Frame, mark: ForecastMark, colours: Colours): void {
  if (!Number.isFinite(mark.measured)) return;
  const at = x(mark.measured);
  context.strokeStyle = colours.foreground;
  context.fillStyle = colours.foreground;
  context.lineWidth = 1.5;
  line(context, at, area.top, at, area.bottom);
  polygon(context, [
    [at, area.bottom - 10],
    [at + 5, area.bottom - 5],
    [at, area.bottom],
    [at - 5, area.bottom - 5],
  ]);
  context.fill();
}

/** Pixels up to which neighbouring gaps are one. */
const sameGap = 6;

/** A stripe over each gap, and a cross at the foot of where it begins. */
function drawNotFinite({ context, area, x }: Frame, drawing: Drawing, colours: Colours): void {
  context.strokeStyle = colours.warning;
  context.fillStyle = colours.warning;
  context.lineWidth = 1.5;
  const gaps: { left: number; right: number }[] = [];
  for (const step of drawing.notFinite) {
    const at = x(step);
    const gap = gaps.at(-1);
    if (gap !== undefined && at - gap.right <= sameGap) gap.right = at;
    else gaps.push({ left: at, right: at });
  }
  for (const { left, right } of gaps) {
    if (right < area.left - 4 || left > area.right + 4) continue;
    context.globalAlpha = 0.25;
    context.fillRect(left - 1.5, area.top, right - left + 3, area.bottom - area.top);
    context.globalAlpha = 1;
    line(context, left - 3.5, area.bottom - 10, left + 3.5, area.bottom - 3);
    line(context, left + 3.5, area.bottom - 10, left - 3.5, area.bottom - 3);
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function polygon(context: CanvasRenderingContext2D, corners: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x, y);
  context.closePath();
}

/** Puts small texts on a plate of the background's colour, each in a row where it covers no earlier one. */
class LabelRows {
  readonly #frame: Frame;
  readonly #colours: Colours;
  readonly #taken: { left: number; right: number; top: number }[] = [];

  constructor(frame: Frame, colours: Colours) {
    this.#frame = frame;
    this.#colours = colours;
  }

  /** `direction` is where the next row is: 1 below, −1 above. */
  put(x: number, y: number, text: string, direction: 1 | -1): void {
    const { context, area } = this.#frame;
    context.font = `11px ${this.#colours.fontFamily}`;
    const width = context.measureText(text).width + 6;
    const left = Math.max(area.left + 2, Math.min(x, area.right - width - 2));
    const right = left + width;
    let top = y;
    while (this.#taken.some((each) => left < each.right && right > each.left && Math.abs(each.top - top) < 15))
      top += 15 * direction;
    if (top > area.bottom - 12 || top < area.top) return;
    this.#taken.push({ left, right, top });
    context.globalAlpha = 0.8;
    context.fillStyle = this.#colours.background;
    context.fillRect(left, top, width, 14);
    context.globalAlpha = 1;
    context.fillStyle = this.#colours.foreground;
    context.textBaseline = "middle";
    context.fillText(text, left + 3, top + 7.5);
  }
}
