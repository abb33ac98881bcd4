import { readFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { expect } from "vitest";
import { chromiumArguments, requireChromium } from "../../scripts/chromium.ts";
import { pack, type FromPanel, type LawText, type ToPanel } from "../../src/editor/messages.ts";
import { PanelFeed } from "../../src/editor/panel/panelFeed.ts";
import { panelHtml } from "../../src/editor/panel/panelHtml.ts";
import { readRequest } from "../../src/editor/panel/panelRequests.ts";
import { stabilityThreshold } from "../../src/theory/empirical/stabilityThreshold.ts";
import type { ReplayedRun } from "./replayedRun.ts";
import { themes } from "./themes.ts";

const origin = "https://panel.test";
const root = path.resolve(import.meta.dirname, "../..");

const laws: readonly LawText[] = [
  {
    law: "edge-of-stability",
    statement: "Gradient descent drives the sharpness up to 2/η, where it then hovers.",
    references: [
      {
        citation: "Cohen et al. 2021",
        title: "Gradient descent on neural networks typically occurs at the edge of stability",
        arxiv: "2103.00065",
      },
    ],
  },
];

/** The bundle as it was built, read once. */
const files = new Map([
  ["panel.js", { body: await built("panel.js"), contentType: "text/javascript" }],
  ["panel.css", { body: await built("panel.css"), contentType: "text/css" }],
]);

async function built(name: string): Promise<string> {
  try {
    return await readFile(path.join(root, "dist/webview", name), "utf8");
  } catch (error) {
    throw new Error(`dist/webview/${name} is missing: build first, with npm run build.`, { cause: error });
  }
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: requireChromium(), args: [...chromiumArguments] });
}

/** Waits until what `read` gives matches; a loaded machine is given time. */
export function eventually<Value>(read: () => Value | Promise<Value>) {
  return expect.poll(read, { interval: 50 });
}

export interface PanelPageOptions {
  readonly theme?: keyof typeof themes;
  readonly width?: number;
  readonly height?: number;
  readonly controllable?: boolean;
  /** What an earlier page left by `setState`. */
  readonly state?: unknown;
}

/** The real page, with the real feed behind it; only the editor between them is a stand-in. No port is opened. */
export class PanelPage {
  readonly page: Page;
  /** All but its word that it has drawn. */
  readonly sent: FromPanel[] = [];
  readonly received: ToPanel[] = [];
  readonly faults: string[] = [];
  readonly feed: PanelFeed;
  state: unknown;

  private constructor(page: Page, run: ReplayedRun, options: PanelPageOptions) {
    this.page = page;
    this.state = options.state;
    this.feed = new PanelFeed(
      run,
      {
        laws,
        threshold: stabilityThreshold,
      },
      () => options.controllable ?? true,
      (message) => {
        this.received.push(message);
        page
          .evaluate((data) => {
            window.postMessage(data, "*");
          }, pack(message))
          .catch((error: unknown) => {
            // A page that is closed in mid-message is no fault.
            if (!page.isClosed()) this.faults.push(String(error));
          });
      },
    );
  }

  static async open(browser: Browser, run: ReplayedRun, options: PanelPageOptions = {}): Promise<PanelPage> {
    const viewport = { width: options.width ?? 900, height: options.height ?? 1200 };
    const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
    const page = await context.newPage();
    const made = new PanelPage(page, run, options);
    await made.#load(themes[options.theme ?? "dark"]);
    return made;
  }

  /** Waits until the page has drawn what it was first told. */
  async drawn(): Promise<this> {
    await this.page.waitForFunction(() => document.querySelector("main")?.dataset["drawings"] !== undefined);
    return this;
  }

  drawings(): Promise<number> {
    return this.page.evaluate(() => Number(document.querySelector("main")?.dataset["drawings"] ?? 0));
  }

  /** Does something, and waits for the next drawing. */
  async redrawn(action: () => Promise<unknown>): Promise<void> {
    const before = await this.drawings();
    await action();
    await this.page.waitForFunction(
      (count) => Number(document.querySelector("main")?.dataset["drawings"] ?? 0) > count,
      before,
    );
  }

  /** Keeps a picture for people to look at. */
  async picture(name: string): Promise<void> {
    const folder = path.join(root, "test/artifacts");
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `panel-${name}.png`), fullPage: true });
  }

  async close(): Promise<void> {
    this.feed.dispose();
    await this.page.context().close();
  }

  async #load(theme: (typeof themes)[keyof typeof themes]): Promise<void> {
    const { page } = this;
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
    const html = panelHtml({
      nonce: "dGVzdA",
      source: origin,
      script: `${origin}/panel.js`,
      style: `${origin}/panel.css`,
      run: "/runs/replayed",
    }).replace("<body ", `<body class="${theme.bodyClass}" `);
    await page.route(`${origin}/**`, async (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === "") return route.fulfill({ body: html, contentType: "text/html" });
      if (name === "favicon.ico") return route.fulfill({ status: 204 });
      const file = files.get(name);
      return file === undefined ? route.fulfill({ status: 404 }) : route.fulfill(file);
    });
    await page.exposeFunction("orreryPost", (message: unknown) => {
      this.#receive(message);
    });
    await page.exposeFunction("orreryState", (state: unknown) => {
      this.state = state;
    });
    await page.addInitScript(
      ({ variables, state }) => {
        let held: unknown = state;
        const channel = window as unknown as Record<"orreryPost" | "orreryState", (value: unknown) => void>;
        Object.assign(window, {
          acquireVsCodeApi: () => {
            for (const [name, value] of Object.entries(variables))
              document.documentElement.style.setProperty(name, value);
            return {
              postMessage: (message: unknown) => {
                channel.orreryPost(message);
              },
              getState: () => held,
              setState: (value: unknown) => {
                held = value;
                channel.orreryState(value);
              },
            };
          },
        });
      },
      { variables: theme.variables, state: this.state },
    );
    await page.goto(`${origin}/`);
  }

  #receive(message: unknown): void {
    const request = readRequest(message);
    if (request === undefined) {
      this.faults.push(`The host does not understand ${JSON.stringify(message)}.`);
      return;
    }
    if (request.type === "drawn") {
      this.feed.drawn();
      return;
    }
    this.sent.push(request);
    if (request.type === "ready") this.feed.start(request.wanted);
    if (request.type === "reading") void this.feed.read(request.observable, request.step);
    if (request.type === "vectors") void this.feed.readVectors(request.names, request.step);
    if (request.type === "series") this.feed.want(request.request, request.wanted);
  }
}
