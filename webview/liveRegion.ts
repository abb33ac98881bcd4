import { element } from "./dom.ts";

/** The one place of the page from which screen readers are told what has the cursor. */
export class LiveRegion {
  readonly root = element("div", { class: "unseen", "aria-live": "polite", "aria-atomic": "true" });

  speak(text: string): void {
    this.root.textContent = text;
  }
}
