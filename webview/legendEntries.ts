import type { ChartInput } from "./chartCard.ts";
import { readingText, type ChartCurve } from "./chartCurves.ts";
import type { LegendEntry } from "./chartLegend.ts";
import type { ForecastMark } from "./forecastMarks.ts";
import { countText, valueText } from "./numberText.ts";
import { curveLabel } from "./observableLabel.ts";
import { nearestBucket } from "./seriesPoints.ts";

/** What a chart's legend says while the cursor stands at a step, or at none, which is the end. */
export function legendEntries(
  { threshold, colours, overview, view }: ChartInput,
  curves: readonly ChartCurve[],
  marks: readonly ForecastMark[],
  cursor: number | undefined,
): LegendEntry[] {
  const entries: LegendEntry[] = curves.map((curve) => {
    const { name, slice, place, colour } = curve;
    const at = cursor === undefined ? slice.steps.length - 1 : nearestBucket(slice, cursor);
    return {
      key: name.name,
      kind: "curve",
      place,
      colour,
      text: curveLabel(name),
      value: readingText(curve, at),
    };
  });
  const plain = { place: 0, value: "" };
  const companions = new Set(curves.flatMap((curve) => curve.companions.map(({ name }) => name.companion)));
  if (companions.size > 0) {
    const text = companions.has("null") ? "Null: by chance alone" : "Interval of 95 % confidence";
    entries.push({ ...plain, key: "companion", kind: "companion", colour: colours.foreground, text });
  }
  if (threshold !== undefined) {
    const { line, formula, observable } = threshold;
    const at = cursor === undefined ? line.steps.length - 1 : nearestBucket(line, cursor);
    entries.push({
      ...plain,
      key: `threshold/${observable}`,
      kind: "threshold",
      colour: colours.foreground,
      text: `Stability threshold ${formula}`,
      value: valueText(line.last[at] ?? NaN),
    });
  }
  if (marks.length > 0) {
    const kinds = new Set(marks.map(({ isBound }) => (isBound ? "bound" : "10–90 %")));
    const text = `Forecast, ${[...kinds].toSorted().join(" or ")}`;
    entries.push({ ...plain, key: "forecast", kind: "forecast", colour: colours.forecast, text });
  }
  const crossings = marks.filter((mark) => mark.kind === "steps" && Number.isFinite(mark.measured));
  for (const step of new Set(crossings.map((mark) => mark.measured))) {
    const text = `Measured crossing, step ${countText(step)}`;
    entries.push({ ...plain, key: `crossing/${String(step)}`, kind: "crossing", colour: colours.foreground, text });
  }
  /** Of several curves, which one a remark is about. */
  const about = ({ name }: ChartCurve) => (curves.length > 1 ? `${curveLabel(name)}: ` : "");
  for (const curve of curves) {
    const { name } = curve;
    const count = overview.observables.find((each) => each.name === name.name)?.notFinite ?? 0;
    if (count === 0) continue;
    const text = `${about(curve)}${countText(count)} ${count === 1 ? "point is" : "points are"} NaN or infinite`;
    entries.push({ ...plain, key: `notFinite/${name.name}`, kind: "notFinite", colour: colours.warning, text });
  }
  for (const curve of curves) {
    const { name, slice } = curve;
    const count = view.scale === "logarithmic" ? slice.minimum.filter((value) => value <= 0).length : 0;
    if (count === 0) continue;
    const text = `${about(curve)}${countText(count)} at or below 0: not on this logarithmic axis`;
    entries.push({ ...plain, key: `notPositive/${name.name}`, kind: "remark", colour: colours.muted, text });
  }
  return entries;
}
