import type { PanelEvent } from "../src/editor/messages.ts";
import { element } from "./dom.ts";
import { icon } from "./icons.ts";
import { countText } from "./numberText.ts";

/** More are read in the run's own files. */
const shown = 200;

/** What was noted during the run, newest first, with a way to the source line where one is known. */
export class EventList {
  readonly root = element("ul", { class: "plain events" });
  readonly #open: (source: NonNullable<PanelEvent["source"]>) => void;

  constructor(open: (source: NonNullable<PanelEvent["source"]>) => void) {
    this.#open = open;
  }

  get empty(): boolean {
    return this.root.childElementCount === 0;
  }

  /** Begins anew with these events, oldest first. */
  reset(events: readonly PanelEvent[]): void {
    this.root.replaceChildren();
    this.append(events);
  }

  append(events: readonly PanelEvent[]): void {
    for (const event of events.slice(-shown)) this.root.prepend(this.#item(event));
    while (this.root.children.length > shown) this.root.lastElementChild?.remove();
  }

  #item(event: PanelEvent): HTMLElement {
    const item = element(
      "li",
      { class: `event event-${event.severity}` },
      icon(event.severity),
      element("span", { class: "muted" }, `step ${countText(event.step)}`),
      element("span", { class: "event-text" }, `${severityWord(event)}${event.text}`),
    );
    const { source } = event;
    if (source !== undefined) {
      const name = source.file.split(/[\\/]/).at(-1) ?? source.file;
      const link = element("button", { type: "button", class: "link" }, `${name}:${String(source.line)}`);
      link.addEventListener("click", () => {
        this.#open(source);
      });
      item.append(link);
    }
    return item;
  }
}

function severityWord(event: PanelEvent): string {
  if (event.severity === "information") return "";
  return event.severity === "warning" ? "Warning: " : "Error: ";
}
