const namespace = "http://www.w3.org/2000/svg";

/** Outlines on a grid of 16, drawn with the current colour. */
const outlines = {
  starting: "M8 2a6 6 0 1 0 6 6",
  running: "M5 3.2v9.6L12.6 8Z",
  paused: "M5.5 3.5v9M10.5 3.5v9",
  finished: "M3 8.5l3.2 3.2L13 4.8",
  stopped: "M4 4h8v8H4Z",
  failed: "M4 4l8 8M12 4l-8 8",
  diverged: "M2 11l3-3 2 2 3-6M10 13.5h.01M13.5 2v6M13.5 11.5v.01",
  held: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M5.2 8.2l2 2 3.7-4.2",
  broken: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  "out of regime": "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M3.7 12.3l8.6-8.6",
  unresolved: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M6.2 6.3a1.8 1.8 0 1 1 2.4 1.8L8 8.6v.9M8 11.6v.01",
  pending: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M8 4.5V8l2.5 1.6",
  information: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M8 7.2v4M8 4.9v.01",
  warning: "M8 2L14.5 13.5h-13ZM8 6.3v3.4M8 11.7v.01",
  error: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 1 1 8 1.8M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  measure: "M8 13.5V8M2.5 11.5a6 6 0 0 1 11 0M8 8l3-3",
  expand: "M6 3.5L10.5 8 6 12.5",
} as const;

export type IconName = keyof typeof outlines;

/** A picture beside a word that says the same; it is hidden from screen readers. */
export function icon(name: IconName): SVGSVGElement {
  const drawing = document.createElementNS(namespace, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS(namespace, "path");
  outline.setAttribute("d", outlines[name]);
  drawing.append(outline);
  return drawing;
}
