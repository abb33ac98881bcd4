/** A window of a real editor with the packaged extension, as a person uses it: page objects over the local workbench. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from "playwright-core";
import { chromiumArguments, requireChromium } from "../../scripts/chromium.ts";
import { packagedExtension } from "../../scripts/packaged.ts";
import { startWorkbench, type RunningWorkbench } from "../../scripts/workbench.ts";
import { PanelPage } from "./panelPage.ts";

const artifacts = path.resolve(import.meta.dirname, "..", "artifacts");

export interface WindowOptions {
  /** For the editor's own files. */
  readonly home: string;
  /** What is opened. */
  readonly folder: string;
  readonly trusted: boolean;
  /** `.vsix` files beside our own. */
  readonly companions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The person's settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export class EditorWindow implements AsyncDisposable {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #workbench: RunningWorkbench;

  private constructor(page: Page, browser: Browser, workbench: RunningWorkbench) {
    this.page = page;
    this.#browser = browser;
    this.#workbench = workbench;
  }

  static async open(options: WindowOptions): Promise<EditorWindow> {
    const workbench = await startWorkbench({
      home: path.join(options.home, "editor"),
      extensions: [packagedExtension, ...(options.companions ?? [])],
      trusted: options.trusted,
      environment: options.environment ?? {},
      settings: options.settings ?? {},
    });
    try {
      const browser = await chromium.launch({ executablePath: requireChromium(), args: chromiumArguments });
      const page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
      page.setDefaultTimeout(60_000);
      await page.goto(workbench.folderAddress(options.folder));
      const window = new EditorWindow(page, browser, workbench);
      await window.#loaded();
      return window;
    } catch (error) {
      await workbench.stop();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#workbench.stop();
  }

  /** The panel of the run that is shown. */
  get panel(): PanelPage {
    return new PanelPage(this.#webview);
  }

  get panelTabs(): Locator {
    return this.page.locator(".tabs-container .tab").filter({ hasText: "Orrery:" });
  }

  get statusItem(): Locator {
    return this.page.locator(".part.statusbar .statusbar-item").filter({ hasText: /step [\d,]+/ });
  }

  /** Messages that pop up. */
  get notifications(): Locator {
    return this.page.locator(".notification-list-item");
  }

  /** The items of the runs view, which has to be shown. */
  get runItems(): Locator {
    return this.page.locator('.part.sidebar [role="treeitem"]');
  }

  lens(text: string): Locator {
    return this.page.locator(".codelens-decoration a").filter({ hasText: text });
  }

  /** Lines with an inlay hint. */
  hint(text: RegExp): Locator {
    return this.#lines(text);
  }

  get hover(): Locator {
    return this.page.locator(".monaco-resizable-hover:visible");
  }

  /** What a list that is open offers. */
  get rows(): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row");
  }

  squiggles(severity: "error" | "warning" | "info"): Locator {
    return this.page.locator(`.squiggly-${severity}`);
  }

  /** A line of the text that is shown. */
  line(text: RegExp): Locator {
    return this.#lines(text).first();
  }

  /** Puts the cursor there; both count from 1. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.#quickInput.fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
  }

  /** Shows the hover of a word. */
  async showHover(word: string): Promise<void> {
    await this.page.locator(".view-line").getByText(word, { exact: true }).first().hover();
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    await this.#quickInput.fill(name);
    await this.rows
      .filter({ hasText: beginning(name) })
      .first()
      .click();
    await this.page
      .locator(".tabs-container .tab.active")
      .filter({ hasText: beginning(name) })
      .waitFor();
  }

  /** Picks a command in the palette. Throws where it is not offered within a minute. */
  async runCommand(title: string): Promise<void> {
    const deadline = performance.now() + 60_000;
    const row = this.rows.filter({ hasText: beginning(title) }).first();
    for (;;) {
      await this.#search(title);
      if ((await row.count()) > 0) return row.click();
      if (performance.now() > deadline) throw new Error(`The palette does not offer ${title}.`);
      // A window that has just opened does not yet offer what needs trust, and the palette is not filled anew while it is open.
      await this.page.keyboard.press("Escape");
    }
  }

  /** Titles of the commands that the palette offers for a text. */
  async offeredCommands(text: string): Promise<string[]> {
    await this.#search(text);
    const titles = await this.rows.allInnerTexts();
    await this.page.keyboard.press("Escape");
    return titles.map((title) => title.split("\n")[0]?.trim() ?? "");
  }

  /** Picks what begins so in the list that is open. */
  async pick(label: string): Promise<void> {
    await this.rows
      .filter({ hasText: beginning(label) })
      .first()
      .click();
  }

  /** Types into the box that is open. */
  async answer(text: string): Promise<void> {
    await this.#quickInput.fill(text);
    await this.page.keyboard.press("Enter");
  }

  async showRuns(): Promise<void> {
    await this.page.locator('.part.activitybar a[aria-label^="Orrery"]').click();
    await this.page.locator(".part.sidebar .pane-header").filter({ hasText: /Runs/i }).waitFor();
  }

  /** As the command does it: the browser's own reload would leave the editor no time to write down what is open. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load");
    await this.runCommand("Developer: Reload Window");
    await loaded;
    await this.#loaded();
  }

  /** Keeps a picture of the window among the tests' artefacts. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: path.join(artifacts, `${name}.png`) });
  }

  /** The editor shows spaces as spaces that do not break. */
  #lines(text: RegExp): Locator {
    return this.page.locator(".view-line").filter({ hasText: new RegExp(text.source.replaceAll(" ", "\\s")) });
  }

  get #webview(): FrameLocator {
    return this.page.frameLocator("iframe.webview").frameLocator("#active-frame");
  }

  get #quickInput(): Locator {
    return this.page.locator(".quick-input-widget .quick-input-box input");
  }

  /** Opens the palette and has it look for commands. */
  async #search(text: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.#quickInput.fill(`>${text}`);
    await this.rows.first().waitFor();
  }

  async #loaded(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
  }
}

/** Matches what begins with a text: a panel's title, for one, ends with its script's name. */
function beginning(text: string): RegExp {
  return new RegExp(`^\\s*${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
}
