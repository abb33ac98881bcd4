import type { AxisRange, AxisScale, LedgerRow, PanelView } from "../src/editor/messages.ts";

/** Where step 0 stands on a logarithmic axis, which has no zero. */
const beforeFirst = 0.5;

/** Position of a step on the axis. */
export function position(step: number, scale: AxisScale): number {
  return scale === "logarithmic" ? Math.max(step, beforeFirst) : step;
}

/** How far beyond its own steps a run's axis may be stretched to show what is forecast. */
const stretch = 3;

/**
 * The steps that all charts show: what was zoomed to, else the whole run and, while it goes on, the crossings that are
 * forecast for it.
 */
export function visibleSteps(
  view: PanelView,
  lastStep: number,
  ledger: readonly LedgerRow[],
  live: boolean,
): AxisRange {
  if (view.zoom !== undefined) return view.zoom;
  const reached = Math.max(lastStep, 1);
  const expected = live
    ? ledger
        .filter((row) => row.verdict === undefined && row.forecast.statistic.endsWith("Step"))
        .map((row) => row.forecast.high * 1.05)
    : [];
  return { from: 0, to: Math.min(Math.max(reached, ...expected), stretch * reached) };
}

/** `range` scaled by `factor` about a value, which stays where it is on an axis of that scale. */
export function scaledAbout(range: AxisRange, about: number, factor: number, scale: AxisScale): AxisRange {
  const forth = scale === "logarithmic" ? Math.log : (value: number) => value;
  const back = scale === "logarithmic" ? Math.exp : (value: number) => value;
  const fixed = forth(about);
  return {
    from: back(fixed - (fixed - forth(range.from)) * factor),
    to: back(fixed + (forth(range.to) - fixed) * factor),
  };
}

/** The same for steps, of which 0 has a place of its own on a logarithmic axis. */
export function stepsScaledAbout(range: AxisRange, about: number, factor: number, scale: AxisScale): AxisRange {
  const placed = { from: position(range.from, scale), to: position(range.to, scale) };
  const scaled = scaledAbout(placed, position(about, scale), factor, scale);
  return { from: scaled.from <= beforeFirst ? 0 : scaled.from, to: scaled.to };
}

/** A zoom within the run, at least two steps wide; undefined once it shows everything. */
export function limitedZoom(range: AxisRange, lastStep: number): AxisRange | undefined {
  const from = Math.max(0, range.from);
  const to = Math.min(Math.max(lastStep, 1) * stretch, range.to);
  if (from <= 0 && to >= lastStep) return undefined;
  return to - from >= 2 ? { from, to } : { from, to: from + 2 };
}
