import type { Chart, Plugin } from "chart.js";
import { companionDash } from "./colours.ts";
import { isRanked, type VectorCurve } from "./vectorCurves.ts";

/** Half the width of the bar at either end of an error, in pixels. */
const cap = 3;

/** What is drawn of lists beside their points: stems of shares, errors of values, edges of the random bulk. */
export function vectorMarks(curves: () => readonly VectorCurve[]): Plugin<"line"> {
  return {
    id: "marks",
    beforeDatasetsDraw(chart) {
      const ranked = curves().every(isRanked);
      for (const [place, curve] of curves().entries()) {
        paint(chart, place, () => {
          if (!ranked) addStems(chart, place);
          addErrors(chart, place, curve);
        });
        const edges = () => {
          addEdges(chart, curve);
        };
        paint(chart, place, edges, companionDash);
      }
    },
  };
}

/** Strokes, within the axes, what is added to the path, in the colour of a list. */
function paint(chart: Chart, place: number, add: () => void, dash: readonly number[] = []): void {
  const { ctx: context, chartArea: area } = chart;
  const colour = chart.data.datasets[place]?.borderColor;
  context.save();
  context.beginPath();
  context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
  context.clip();
  context.strokeStyle = typeof colour === "string" ? colour : "currentColor";
  context.globalAlpha = 0.7;
  context.lineWidth = 1.5;
  context.setLineDash([...dash]);
  context.beginPath();
  add();
  context.stroke();
  context.restore();
}

/** Shares of a density stand on the axis: a line between them would say that something lies there. */
function addStems(chart: Chart, place: number): void {
  const { ctx: context, chartArea: area } = chart;
  for (const { x, y } of chart.getDatasetMeta(place).data) {
    context.moveTo(x, area.bottom);
    context.lineTo(x, Math.min(y, area.bottom));
  }
}

function addErrors(chart: Chart, place: number, { ys, errors = [] }: VectorCurve): void {
  const { ctx: context, scales } = chart;
  const pixel = (value: number) => scales["y"]?.getPixelForValue(value) ?? NaN;
  for (const [index, { x }] of chart.getDatasetMeta(place).data.entries()) {
    const [value, error] = [ys[index] ?? NaN, errors[index] ?? NaN];
    const [low, high] = [pixel(value - error), pixel(value + error)];
    // An error that the point itself covers, or that reaches where a logarithm has no place, would be drawn as none.
    if (!(low - high > 2 * cap)) continue;
    context.moveTo(x, low);
    context.lineTo(x, high);
    for (const y of [low, high]) {
      context.moveTo(x - cap, y);
      context.lineTo(x + cap, y);
    }
  }
}

function addEdges(chart: Chart, { bulk }: VectorCurve): void {
  const { ctx: context, chartArea: area, scales } = chart;
  for (const edge of [bulk?.lower ?? NaN, bulk?.upper ?? NaN]) {
    const y = scales["y"]?.getPixelForValue(edge) ?? NaN;
    if (!Number.isFinite(y)) continue;
    context.moveTo(area.left, y);
    context.lineTo(area.right, y);
  }
}
