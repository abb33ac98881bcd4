import type { AxisRange, AxisScale, PanelView } from "../src/editor/messages.ts";
import { readName } from "./observableName.ts";

const defaultView: PanelView = {
  valueZoom: {},
  scale: "linear",
  stepScale: "linear",
  smoothing: 0,
  shown: ["loss/train", "loss/validation", "sharpness/batch", "sharpness/preconditioned"],
  table: false,
};

/** What `getState` gave, each field checked on its own, so that an older page's state loses no more than it must. */
export function readView(state: unknown): PanelView {
  const view = field(state, "view");
  const zoom = readRange(field(view, "zoom"));
  const valueZoom = Object.entries(asObject(field(view, "valueZoom"))).flatMap(([key, value]) => {
    const range = readRange(value);
    return range === undefined ? [] : [[key, range] as const];
  });
  const smoothing = field(view, "smoothing");
  const shown = field(view, "shown");
  return {
    ...(zoom && { zoom }),
    valueZoom: Object.fromEntries(valueZoom),
    scale: readScale(field(view, "scale")),
    stepScale: readScale(field(view, "stepScale")),
    smoothing: typeof smoothing === "number" && smoothing >= 0 ? smoothing : defaultView.smoothing,
    shown: Array.isArray(shown)
      ? [...new Set(shown.filter((each) => typeof each === "string").map((name) => readName(name).base))]
      : defaultView.shown,
    table: field(view, "table") === true,
  };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function field(value: unknown, name: string): unknown {
  return Object.entries(asObject(value)).find(([key]) => key === name)?.[1];
}

function readScale(value: unknown): AxisScale {
  return value === "logarithmic" ? "logarithmic" : "linear";
}

function readRange(value: unknown): AxisRange | undefined {
  const [from, to] = [field(value, "from"), field(value, "to")];
  return typeof from === "number" && typeof to === "number" && from < to ? { from, to } : undefined;
}
