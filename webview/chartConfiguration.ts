import type { ChartDataset, ChartOptions } from "chart.js";
import type { AxisRange, AxisScale, PanelView, ThresholdLine } from "../src/editor/messages.ts";
import { companionDash, markerAt, thresholdDash, type Colours } from "./colours.ts";
import type { ForecastMark } from "./forecastMarks.ts";
import { countText, valueText } from "./numberText.ts";
import type { Drawing, Point } from "./seriesPoints.ts";
import { position } from "./stepAxis.ts";

export interface Curve {
  readonly observable: string;
  readonly drawing: Drawing;
  readonly colour: string;
  /** Among the curves of its chart. */
  readonly place: number;
  /** Whether it only goes with the curve of that place: dashed, and without markers. */
  readonly companion: boolean;
}

/** Wide enough for "−1.234e−5", and the same in all charts, so that their step axes stand below one another. */
export const valueAxisWidth = 66;
/** Markers are drawn where points lie at least this many pixels apart. */
const markerDistance = 12;
/** Pixels between the markers that tell curves of many points from one another. */
const tellingDistance = 96;

/** The curves, each with a marker of its own, and the threshold. */
export function datasets(
  curves: readonly Curve[],
  threshold: ThresholdLine | undefined,
  view: PanelView,
  steps: AxisRange,
  colours: Colours,
  width: number,
): ChartDataset<"line", Point[]>[] {
  const several = curves.filter(({ companion }) => !companion).length > 1;
  const made = curves.map(({ observable, drawing, colour, place, companion }): ChartDataset<"line", Point[]> => {
    const points = placed(drawing.line, view.stepScale);
    const sparse = points.length * markerDistance < width;
    const stride = several ? Math.max(1, Math.round((points.length * tellingDistance) / Math.max(1, width))) : Infinity;
    const first = Math.floor((stride * (place % 4)) / 4);
    const isMarked = (at: number) => !companion && (sparse || at % stride === first);
    const thick = colours.highContrast ? 2 : 1.5;
    return {
      label: observable,
      data: points,
      borderColor: colour,
      backgroundColor: colour,
      borderWidth: companion ? thick - 0.5 : thick,
      borderDash: companion ? companionDash : [],
      pointStyle: markerAt(place),
      pointRadius: points.map((_point, at) => (isMarked(at) ? 3 : alone(points, at) ? 2.5 : 0)),
    };
  });
  if (threshold !== undefined) made.push(thresholdDataset(threshold, view, steps, colours));
  return made;
}

function thresholdDataset(
  { line, observable }: ThresholdLine,
  view: PanelView,
  steps: AxisRange,
  colours: Colours,
): ChartDataset<"line", Point[]> {
  const points = Array.from(line.steps, (x, index) => ({ x, y: line.last[index] ?? NaN }));
  const last = points.at(-1);
  // It holds until the learning rate is next seen to move.
  if (last !== undefined && last.x < steps.to) points.push({ x: steps.to, y: last.y });
  return {
    label: `threshold/${observable}`,
    data: placed(points, view.stepScale),
    borderColor: colours.foreground,
    borderWidth: colours.highContrast ? 2 : 1.25,
    borderDash: thresholdDash,
    pointRadius: 0,
  };
}

function placed(points: readonly Point[], scale: AxisScale): Point[] {
  return points.map(({ x, y }) => ({ x: position(x, scale), y }));
}

/**
 * The value axis: all curves, the threshold and the forecast bands within the visible steps, with some air around them, but
 * no room below zero for what is never negative.
 */
export function valueRange(
  curves: readonly Curve[],
  threshold: ThresholdLine | undefined,
  marks: readonly ForecastMark[],
  steps: AxisRange,
  scale: AxisScale,
): AxisRange {
  let [least, most] = [Infinity, -Infinity];
  const include = (x: number, value: number) => {
    if (x < steps.from || x > steps.to || !Number.isFinite(value) || (scale === "logarithmic" && value <= 0)) return;
    least = Math.min(least, value);
    most = Math.max(most, value);
  };
  for (const { drawing } of curves) {
    for (const { x, y } of [...drawing.line, ...drawing.raw]) include(x, y);
  }
  const { line } = threshold ?? {};
  for (const [index, x] of line?.steps.entries() ?? []) include(x, line?.last[index] ?? NaN);
  for (const mark of marks) {
    if (mark.kind === "steps" || mark.from > steps.to || mark.to < steps.from) continue;
    include(Math.max(mark.from, steps.from), mark.low);
    include(Math.max(mark.from, steps.from), mark.high);
  }
  if (least > most) return scale === "logarithmic" ? { from: 0.1, to: 10 } : { from: 0, to: 1 };
  if (scale === "logarithmic") {
    const air = Math.max(1.02, (most / least) ** 0.05);
    return { from: least / air, to: most * air };
  }
  const air = 0.06 * (most - least || Math.abs(most) || 1);
  const nearZero = least >= 0 && least < 0.35 * most;
  return { from: nearZero ? 0 : least - air, to: most + air };
}

/** Whether a point has gaps on both sides, so that no line shows it. */
function alone(points: readonly Point[], at: number): boolean {
  return Number.isNaN(points[at - 1]?.y ?? NaN) && Number.isNaN(points[at + 1]?.y ?? NaN);
}

export function options(view: PanelView, steps: AxisRange, values: AxisRange, colours: Colours): ChartOptions<"line"> {
  const font = { family: colours.fontFamily, size: 11 };
  const grid = { color: colours.grid, tickLength: 4 };
  return {
    animation: false,
    parsing: false,
    normalized: true,
    spanGaps: false,
    responsive: true,
    maintainAspectRatio: false,
    events: [],
    layout: { padding: { right: 12, top: 4 } },
    scales: {
      x: {
        type: view.stepScale,
        bounds: "data",
        min: position(steps.from, view.stepScale),
        max: position(steps.to, view.stepScale),
        grid,
        border: { color: colours.muted },
        ticks: {
          font,
          color: colours.muted,
          maxRotation: 0,
          autoSkipPadding: 16,
          includeBounds: false,
          callback: (value) => stepTick(Number(value), view.stepScale),
        },
        afterBuildTicks: (axis) => {
          const { min, max } = axis;
          axis.ticks = axis.type === "logarithmic" ? logarithmicTicks(min, max, true) : linearTicks(min, max, 8, 1);
        },
      },
      y: {
        type: view.scale,
        bounds: "data",
        min: values.from,
        max: values.to,
        grid,
        border: { color: colours.muted },
        afterFit: (axis) => {
          axis.width = valueAxisWidth;
        },
        afterBuildTicks: (axis) => {
          const { min, max } = axis;
          axis.ticks = axis.type === "logarithmic" ? logarithmicTicks(min, max, false) : linearTicks(min, max, 5, 0);
        },
        ticks: {
          font,
          color: colours.muted,
          includeBounds: false,
          maxTicksLimit: 6,
          callback: (value, _index, ticks) =>
            valueTick(Number(value), (ticks[1]?.value ?? NaN) - (ticks[0]?.value ?? NaN)),
        },
      },
    },
  };
}

function stepTick(step: number, scale: AxisScale): string {
  if (scale === "logarithmic" && step < 1) return "0";
  return Number.isInteger(step) ? countText(step) : "";
}

/** With the decimals that tell neighbouring ticks apart. */
function valueTick(value: number, distance: number): string {
  if (value === 0) return "0";
  const decimals = Math.max(0, Math.ceil(-Math.log10(distance) - 1e-9));
  return Math.abs(value) >= 1e5 || !(decimals <= 6) ? valueText(value) : value.toFixed(decimals).replace("-", "−");
}

/** Multiples of 1, 2 or 5 times a power of ten, about `count` of them and at least `least` apart. */
function linearTicks(from: number, to: number, count: number, least: number): { value: number }[] {
  const rough = Math.max(least, (to - from) / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const distance = power * ([1, 2, 5].find((mantissa) => mantissa * power >= rough * 0.999) ?? 10);
  const ticks = [];
  for (let multiple = Math.ceil(from / distance - 1e-9); multiple * distance <= to; multiple += 1)
    ticks.push({ value: multiple === 0 ? 0 : multiple * distance });
  return ticks;
}

/** Powers of ten, with 2 and 5 between them where there is room; for steps with the place of step 0. */
function logarithmicTicks(from: number, to: number, steps: boolean): { value: number }[] {
  const mantissas = !steps && to / from < 1000 ? [1, 2, 5] : [1];
  const ticks = steps && from < 1 ? [{ value: from }] : [];
  for (let exponent = Math.floor(Math.log10(from)); exponent <= Math.log10(to); exponent += 1)
    for (const mantissa of mantissas) {
      const value = Number(`${String(mantissa)}e${String(exponent)}`);
      if (value >= from && value <= to && !(steps && value < 1)) ticks.push({ value });
    }
  return ticks;
}
