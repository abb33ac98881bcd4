import type { PanelView, SeriesSlice } from "../src/editor/messages.ts";
import { bucketText } from "./bucketText.ts";
import type { Curve } from "./chartConfiguration.ts";
import type { Colours } from "./colours.ts";
import { companionLabel } from "./observableLabel.ts";
import { grouped, type ObservableName } from "./observableName.ts";
import { draw, nearestBucket } from "./seriesPoints.ts";

/** One curve of a chart with what goes with it. */
export interface ChartCurve {
  readonly name: ObservableName;
  readonly slice: SeriesSlice;
  readonly companions: readonly { readonly name: ObservableName; readonly slice: SeriesSlice }[];
  /** Among the curves of its chart, which decides its marker. */
  readonly place: number;
  readonly colour: string;
}

/** The curves of one chart, in the order of the slices. */
export function curvesOf(slices: readonly SeriesSlice[], colours: Colours): readonly ChartCurve[] {
  const byName = new Map(slices.map((slice) => [slice.observable, slice]));
  const found = (name: ObservableName) => {
    const slice = byName.get(name.name);
    return slice === undefined ? [] : [{ name, slice }];
  };
  const groups = grouped(slices.map((slice) => slice.observable));
  return groups.flatMap(({ main, companions }, place) =>
    found(main).map((curve) => ({
      ...curve,
      companions: companions.flatMap(found),
      place,
      colour: colours.series(main.name, groups.length > 1 ? place : undefined),
    })),
  );
}

/** A curve's value where its bucket stands, with those of its companions there: "10.2 (null 15.65)". */
export function readingText({ slice, companions }: ChartCurve, index: number): string {
  const step = slice.steps[index];
  if (step === undefined) return "";
  const beside = companions.flatMap(({ name, slice: other }) => {
    const at = nearestBucket(other, step);
    return at < 0 || name.companion === undefined ? [] : [`${companionLabel(name.companion)} ${bucketText(other, at)}`];
  });
  return bucketText(slice, index) + (beside.length === 0 ? "" : ` (${beside.join(", ")})`);
}

/** The curves and their companions as they are drawn. */
export function drawnCurves(curves: readonly ChartCurve[], view: PanelView): readonly Curve[] {
  const drawing = (slice: SeriesSlice) => draw(slice, view.smoothing, view.scale === "logarithmic");
  return curves.flatMap(({ name, slice, companions, place, colour }) => [
    { observable: name.name, drawing: drawing(slice), colour, place, companion: false },
    ...companions.map((each) => ({
      observable: each.name.name,
      drawing: drawing(each.slice),
      colour,
      place,
      companion: true,
    })),
  ]);
}
