import type { Colours } from "./colours.ts";
import { companionDash, markerAt, thresholdDash, type Marker } from "./colours.ts";
import { element, setChildren, setText } from "./dom.ts";

export interface LegendEntry {
  readonly key: string;
  readonly kind: "curve" | "companion" | "threshold" | "forecast" | "crossing" | "notFinite" | "remark";
  /** Place of a curve within its chart, which decides its marker. */
  readonly place: number;
  readonly colour: string;
  readonly text: string;
  readonly value: string;
}

const namespace = "http://www.w3.org/2000/svg";

/** What the curves and bands of a chart mean, and their values where the cursor stands. */
export class ChartLegend {
  readonly root = element("ul", { class: "legend" });
  readonly #items = new Map<string, { readonly item: HTMLElement; readonly value: HTMLElement }>();

  update(entries: readonly LegendEntry[], colours: Colours): void {
    const shown = entries.map((entry) => {
      // Colour and text are part of the key: an entry is made anew when either changes.
      const key = [entry.key, entry.colour, entry.text, colours.foreground].join("\n");
      const known = this.#items.get(key) ?? makeItem(entry);
      this.#items.set(key, known);
      setText(known.value, entry.value);
      return [key, known.item] as const;
    });
    const kept = new Set(shown.map(([key]) => key));
    for (const key of this.#items.keys()) if (!kept.has(key)) this.#items.delete(key);
    setChildren(
      this.root,
      shown.map(([, item]) => item),
    );
  }
}

function makeItem(entry: LegendEntry): { readonly item: HTMLElement; readonly value: HTMLElement } {
  const value = element("span", { class: "legend-value" });
  const item = element("li", { class: `legend-${entry.kind}` }, element("span", {}, entry.text), value);
  if (entry.kind !== "remark") item.prepend(swatch(entry));
  return { item, value };
}

function swatch(entry: LegendEntry): SVGSVGElement {
  const drawing = document.createElementNS(namespace, "svg");
  drawing.setAttribute("viewBox", "0 0 28 12");
  drawing.setAttribute("class", "swatch");
  drawing.setAttribute("aria-hidden", "true");
  const add = (tag: string, attributes: Readonly<Record<string, string>>) => {
    const part = document.createElementNS(namespace, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    drawing.append(part);
  };
  const { colour } = entry;
  if (entry.kind === "forecast") {
    add("rect", { x: "1", y: "1.5", width: "26", height: "9", fill: colour, "fill-opacity": "0.25", stroke: colour });
    return drawing;
  }
  if (entry.kind === "crossing") {
    add("path", { d: "M14 0v12", stroke: colour, "stroke-width": "1.5" });
    add("path", { d: "M14 2l4 4-4 4-4-4Z", fill: colour });
    return drawing;
  }
  if (entry.kind === "notFinite") {
    add("path", { d: "M10.5 2.5l7 7M17.5 2.5l-7 7", stroke: colour, "stroke-width": "1.8" });
    return drawing;
  }
  const dash = { curve: [], companion: companionDash, threshold: thresholdDash, remark: [] }[entry.kind];
  add("path", { d: "M1 6h26", stroke: colour, "stroke-width": "1.8", "stroke-dasharray": dash.join(" ") });
  if (entry.kind === "curve") add("path", { d: markers[markerAt(entry.place)], fill: colour });
  return drawing;
}

const markers: Readonly<Record<Marker, string>> = {
  circle: "M14 3a3 3 0 1 1 0 6a3 3 0 1 1 0-6",
  triangle: "M14 2.5l3.5 6.5h-7Z",
  rect: "M11.2 3.2h5.6v5.6h-5.6Z",
  rectRot: "M14 2.3L17.7 6 14 9.7 10.3 6Z",
};
