import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-option/index.js";
import "@vscode-elements/elements/dist/vscode-single-select/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import type { AxisRange, PanelView, RunOverview } from "../src/editor/messages.ts";
import { element } from "./dom.ts";
import { ObservablePicker } from "./observablePicker.ts";
import { isCharted } from "./vectorCurves.ts";

const spans = [0, 5, 20, 100, 500];

export interface ToolbarEvents {
  change(part: Partial<PanelView>): void;
  zoom(range: AxisRange | undefined): void;
}

/** How the charts are looked at: scales, smoothing, stretch of steps, which observables, curves or table. */
export class ViewToolbar {
  readonly root: HTMLElement;
  readonly #logarithmicValues = checkbox("Log values");
  readonly #logarithmicSteps = checkbox("Log steps");
  readonly #table = checkbox("Table");
  readonly #smoothing = element("vscode-single-select", { label: "Smoothing", class: "smoothing" });
  readonly #from = stepField("First step shown");
  readonly #to = stepField("Last step shown");
  readonly #reset = element("vscode-button", { secondary: true, disabled: true }, "Reset Zoom");
  readonly #picker: ObservablePicker;

  constructor(view: PanelView, events: ToolbarEvents) {
    this.#picker = new ObservablePicker((shown) => {
      events.change({ shown });
    });
    for (const span of spans) {
      const text = span === 0 ? "Off" : `Over ${String(span)} points`;
      this.#smoothing.append(element("vscode-option", { value: span, selected: span === view.smoothing }, text));
    }
    this.#logarithmicValues.addEventListener("change", () => {
      events.change({ scale: this.#logarithmicValues.checked ? "logarithmic" : "linear" });
    });
    this.#logarithmicSteps.addEventListener("change", () => {
      events.change({ stepScale: this.#logarithmicSteps.checked ? "logarithmic" : "linear" });
    });
    this.#table.addEventListener("change", () => {
      events.change({ table: this.#table.checked });
    });
    this.#smoothing.addEventListener("change", () => {
      events.change({ smoothing: Number(this.#smoothing.value) });
    });
    for (const field of [this.#from, this.#to])
      field.addEventListener("change", () => {
        const [from, to] = [Number(this.#from.value), Number(this.#to.value)];
        field.invalid = !(from >= 0 && to > from);
        if (!field.invalid) events.zoom({ from, to });
      });
    this.#reset.addEventListener("click", () => {
      events.zoom(undefined);
    });
    const steps = element("div", { class: "steps" }, element("span", { "aria-hidden": "true" }, "Steps"));
    steps.append(this.#from, element("span", { "aria-hidden": "true" }, "to"), this.#to, this.#reset);
    const smoothing = element("div", { class: "steps" }, element("span", { "aria-hidden": "true" }, "Smoothing"));
    smoothing.append(this.#smoothing);
    this.root = element(
      "section",
      { class: "toolbar", "aria-label": "View" },
      this.#logarithmicValues,
      this.#logarithmicSteps,
      this.#table,
      smoothing,
      steps,
      this.#picker.root,
    );
  }

  update(view: PanelView, steps: AxisRange, overview: RunOverview): void {
    this.#logarithmicValues.checked = view.scale === "logarithmic";
    this.#logarithmicSteps.checked = view.stepScale === "logarithmic";
    this.#table.checked = view.table;
    // What is being typed is not overwritten.
    if (!this.root.contains(document.activeElement) || !(document.activeElement?.classList.contains("step") ?? false)) {
      this.#from.value = String(Math.floor(steps.from));
      this.#to.value = String(Math.ceil(steps.to));
    }
    this.#reset.disabled = view.zoom === undefined && Object.keys(view.valueZoom).length === 0;
    const lists = overview.vectors.map(({ name }) => name).filter(isCharted);
    this.#picker.update(view.shown, [...overview.observables.map(({ name }) => name), ...lists]);
  }
}

function stepField(label: string) {
  const field = element("vscode-textfield", { type: "number", class: "step" });
  // A property without an attribute.
  field.label = label;
  return field;
}

function checkbox(text: string) {
  return element("vscode-checkbox", { label: text });
}
