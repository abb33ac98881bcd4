import type { FrameLocator, Locator } from "playwright-core";

/** What a person reads in the panel of a run, and presses there. */
export class PanelPage {
  readonly #page: FrameLocator;

  constructor(page: FrameLocator) {
    this.#page = page;
  }

  get status(): Locator {
    return this.#page.locator('header [role="status"]');
  }

  /** The charts' numbers as tables. */
  get rows(): Locator {
    return this.#page.getByRole("region", { name: /loss.*table/i }).locator("tbody tr");
  }

  get canvases(): Locator {
    return this.#page.locator("canvas");
  }

  button(name: string): Locator {
    return this.#page.locator("vscode-button").filter({ hasText: name });
  }

  /** What the run runs on; a look at it shows `backendReason`. */
  get backend(): Locator {
    return this.#page.locator('button[aria-describedby="backend-reason"]');
  }

  get backendReason(): Locator {
    return this.#page.locator("#backend-reason");
  }

  /** Ledger rows of the law with this number, as L18. */
  forecasts(law: string): Locator {
    return this.#page.locator("tr[data-forecast]").filter({ has: this.#page.getByText(law, { exact: true }) });
  }

  async verdicts(law: string): Promise<string[]> {
    return (await this.forecasts(law).locator(".verdict").allInnerTexts()).map((text) => text.trim());
  }

  async step(): Promise<number> {
    const text = await this.#page.locator("dl.facts div").filter({ hasText: "Step" }).locator("dd").innerText();
    return Number(text.replaceAll(/[^\d]/g, ""));
  }

  async showTable(shown: boolean): Promise<void> {
    const box = this.#page.locator('vscode-checkbox[label="Table"]');
    const isShown = (await box.getAttribute("checked")) !== null;
    if (isShown !== shown) await box.click();
  }
}
