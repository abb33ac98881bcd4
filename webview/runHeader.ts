import "@vscode-elements/elements/dist/vscode-button/index.js";
import { backendText, type PanelControl, type RunOverview } from "../src/editor/messages.ts";
import { element, setChildren, setText } from "./dom.ts";
import { icon, type IconName } from "./icons.ts";
import { countText, durationText } from "./numberText.ts";

const statusWords: Readonly<Record<RunOverview["status"], string>> = {
  starting: "Starting",
  running: "Running",
  paused: "Paused",
  finished: "Finished",
  stopped: "Stopped",
  failed: "Failed",
  diverged: "Diverged",
};

export interface HeaderEvents {
  control(request: PanelControl): void;
  openScript(): void;
}

/** What runs, how it stands, and what can be asked of it. */
export class RunHeader {
  readonly root = element("header", {});
  readonly #script: HTMLButtonElement;
  readonly #arguments = element("span", { class: "muted" });
  readonly #status = element("span", { class: "status", role: "status" });
  readonly #facts = element("dl", { class: "facts" });
  readonly #values = new Map<string, HTMLElement>();
  readonly #reason = element("span", { class: "tip", role: "tooltip", id: "backend-reason" });
  readonly #backend = element("button", {
    class: "explained",
    type: "button",
    "aria-describedby": "backend-reason",
  });
  readonly #buttons: Readonly<Record<PanelControl, HTMLElement>>;
  #shownStatus = "";

  constructor(events: HeaderEvents) {
    this.#script = element("button", { class: "link", type: "button", title: "Open the script" });
    this.#script.addEventListener("click", () => {
      events.openScript();
    });
    const button = (request: PanelControl, picture: IconName, text: string) => {
      const made = element("vscode-button", { secondary: true, hidden: true }, text);
      const drawing = icon(picture);
      drawing.setAttribute("slot", "content-before");
      made.prepend(drawing);
      made.addEventListener("click", () => {
        events.control(request);
      });
      return made;
    };
    this.#buttons = {
      pause: button("pause", "paused", "Pause"),
      resume: button("resume", "running", "Resume"),
      measure: button("measure", "measure", "Measure Now"),
      stop: button("stop", "stopped", "Stop"),
    };
    const controls = element("div", { class: "controls", role: "group", "aria-label": "Training" });
    controls.append(...Object.values(this.#buttons));
    for (const name of ["Step", "Elapsed", "Backend", "Optimizer", "Parameters"]) this.#addFact(name);
    this.root.append(
      element("div", { class: "title" }, element("h1", {}, this.#script), this.#arguments, this.#status, controls),
      this.#facts,
    );
  }

  update(overview: RunOverview, controllable: boolean): void {
    setText(this.#script, overview.script.split(/[\\/]/).at(-1) ?? overview.script);
    setText(this.#arguments, overview.arguments.join(" "));
    if (this.#shownStatus !== overview.status) {
      this.#shownStatus = overview.status;
      this.#status.className = `status status-${overview.status}`;
      this.#status.replaceChildren(icon(overview.status), statusWords[overview.status]);
    }
    this.#fact("Step", countText(overview.step));
    this.#fact("Elapsed", durationText(overview.seconds));
    this.#fact("Optimizer", overview.optimizer || "not seen yet");
    this.#fact("Parameters", overview.parameters > 0 ? countText(overview.parameters) : "not seen yet");
    setText(this.#backend, backendText(overview) || "not known yet");
    setText(this.#reason, overview.backendReason || "Nothing has been trained yet.");

    const paused = overview.status === "paused";
    const acts: Readonly<Record<PanelControl, boolean>> = {
      pause: overview.status === "running",
      resume: paused,
      measure: overview.status === "running",
      stop: overview.status === "running" || paused || overview.status === "starting",
    };
    for (const [request, made] of Object.entries(this.#buttons))
      made.hidden = !controllable || !Object.entries(acts).some(([name, can]) => name === request && can);
  }

  #addFact(name: string): void {
    const value = element("dd", {});
    if (name === "Backend") value.append(this.#backend, this.#reason);
    this.#values.set(name, value);
    setChildren(this.#facts, [...this.#facts.children, element("div", {}, element("dt", {}, name), value)]);
  }

  #fact(name: string, text: string): void {
    const value = this.#values.get(name);
    if (value !== undefined) setText(value, text);
  }
}
