import "./panel.css";
import { endOfRun, unpack, type PanelView, type SeriesRequest, type ToPanel } from "../src/editor/messages.ts";
import { ChartStack } from "./chartStack.ts";
import { readColours } from "./colours.ts";
import { element, setText } from "./dom.ts";
import { isLive, nothingTrained, troubleText } from "./emptyStates.ts";
import { EventList } from "./eventList.ts";
import { host } from "./host.ts";
import { icon } from "./icons.ts";
import { LedgerTable } from "./ledgerTable.ts";
import { LiveRegion } from "./liveRegion.ts";
import { PanelData } from "./panelData.ts";
import { Redraw } from "./redraw.ts";
import { RunHeader } from "./runHeader.ts";
import { silentLaws } from "./silentLaws.ts";
import { limitedZoom, visibleSteps } from "./stepAxis.ts";
import { readView } from "./viewState.ts";
import { VectorStack } from "./vectorStack.ts";
import { ViewToolbar } from "./viewToolbar.ts";

/** Puts the page together and keeps it up to date: messages and choices in, at most ten drawings a second out. */
class Panel {
  readonly #run = document.body.dataset["run"] ?? "";
  readonly #main = document.querySelector("main") ?? document.body;
  readonly #data = new PanelData();
  readonly #live = new LiveRegion();
  readonly #header = new RunHeader({
    control: (request) => {
      host.postMessage({ type: "control", do: request });
    },
    openScript: () => {
      const script = this.#data.snapshot?.overview.script;
      if (script !== undefined) host.postMessage({ type: "open", file: script, line: 1, column: 1 });
    },
  });
  readonly #trouble = element("div", { class: "trouble", role: "alert", hidden: true });
  readonly #failure = element("div", { class: "trouble", role: "alert", hidden: true });
  readonly #waiting = element("p", { class: "waiting" }, "Reading the run …");
  readonly #charts: ChartStack;
  readonly #vectors = new VectorStack((text) => {
    this.#live.speak(text);
  });
  readonly #ledger = new LedgerTable({
    openExternal: (url) => {
      host.postMessage({ type: "openExternal", url });
    },
  });
  readonly #noForecasts = element("p", { class: "empty" });
  readonly #silent = element("div", {});
  readonly #notes = new EventList((source) => {
    host.postMessage({ type: "open", ...source });
  });
  readonly #content: HTMLElement;
  readonly #toolbar: ViewToolbar;
  readonly #redraw = new Redraw(() => {
    this.#draw();
  });
  readonly #ask = new Redraw(() => {
    const wanted = this.#wanted();
    if (JSON.stringify(wanted) === this.#asked) return;
    this.#asked = JSON.stringify(wanted);
    this.#request += 1;
    host.postMessage({ type: "series", request: this.#request, wanted });
  });
  /** The step that is pointed at, for which lists are shown; at the run's end where none is. */
  #cursor: number | undefined;
  #askedVectors = "";
  readonly #askVectors = new Redraw(() => {
    const { snapshot } = this.#data;
    if (snapshot === undefined) return;
    const names = this.#vectors.wanted(snapshot, this.#view);
    const step = this.#cursor ?? endOfRun;
    const known = snapshot.overview.vectors.filter(({ name, lastStep }) => names.includes(name) && lastStep <= step);
    const asked = JSON.stringify([names, this.#cursor, known]);
    if (names.length === 0 || asked === this.#askedVectors) return;
    this.#askedVectors = asked;
    host.postMessage({ type: "vectors", names, step });
  });
  /** The point that was last pointed at. */
  #pointed: { readonly observable: string; readonly step: number } | undefined;
  readonly #askReading = new Redraw(() => {
    if (this.#pointed !== undefined) host.postMessage({ type: "reading", ...this.#pointed });
  });
  /** What stands below the charts. */
  readonly #rest: readonly HTMLElement[];
  #silentText = "";
  #view: PanelView = readView(host.getState());
  #request = 0;
  /** The series that were last asked for. */
  #asked = "";
  /** Whether what was told last has yet to be drawn. */
  #undrawn = false;
  /** Counted in the page, for whoever wants to know when it has drawn. */
  #drawings = 0;

  constructor() {
    this.#charts = new ChartStack({
      zoomSteps: (range) => {
        this.#change({ zoom: limitedZoom(range, this.#lastStep) });
      },
      zoomValues: (key, range) => {
        this.#change({ valueZoom: { ...this.#view.valueZoom, [key]: range } });
      },
      resetZoom: () => {
        this.#change({ zoom: undefined, valueZoom: {} });
      },
      cursor: (step) => {
        this.#charts.setCursor(step);
        this.#cursor = step;
        this.#askVectors.request();
      },
      speak: (text) => {
        this.#live.speak(text);
      },
      askReading: (observable, step) => {
        this.#pointed = { observable, step };
        this.#askReading.request();
      },
    });
    this.#toolbar = new ViewToolbar(this.#view, {
      change: (part) => {
        this.#change(part);
      },
      zoom: (range) => {
        this.#change(range === undefined ? { zoom: undefined, valueZoom: {} } : { zoom: range });
      },
    });
    this.#content = element("div", { hidden: true }, this.#toolbar.root, this.#charts.root, this.#vectors.root);
    const ledger = element("section", { "aria-label": "Ledger" }, element("h2", {}, "Ledger"), this.#noForecasts);
    ledger.append(this.#ledger.root, this.#silent);
    const notes = element("section", { "aria-label": "Notes" }, element("h2", {}, "Notes"), this.#notes.root);
    this.#rest = [ledger, notes];
    this.#main.append(
      this.#header.root,
      this.#failure,
      this.#trouble,
      this.#waiting,
      this.#content,
      ledger,
      notes,
      this.#live.root,
    );
    this.#header.root.hidden = true;
    for (const section of this.#rest) section.hidden = true;
  }

  start(): void {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      // The two sides come from one build.
      this.#receive(unpack(event.data) as ToPanel);
    });
    new ResizeObserver(() => {
      this.#ask.request();
      this.#redraw.request();
    }).observe(this.#main);
    // The editor changes the body's class when its theme changes.
    new MutationObserver(() => {
      this.#redraw.request();
    }).observe(document.body, { attributes: true, attributeFilter: ["class", "style"] });
    this.#remember();
    const wanted = this.#wanted();
    this.#asked = JSON.stringify(wanted);
    host.postMessage({ type: "ready", wanted });
  }

  #wanted(): SeriesRequest[] {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#main);
    const width = this.#main.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    return this.#charts.wanted(this.#view, width, this.#data.snapshot?.overview.observables ?? []);
  }

  get #lastStep(): number {
    const { overview } = this.#data.snapshot ?? {};
    return Math.max(overview?.step ?? 0, ...(overview?.observables ?? []).map((each) => each.lastStep));
  }

  #receive(message: ToPanel): void {
    switch (message.type) {
      case "snapshot":
        this.#data.begin(message.snapshot);
        this.#notes.reset(message.snapshot.events);
        break;
      case "delta":
        this.#data.advance(message.delta);
        this.#notes.append(message.delta.events ?? []);
        break;
      case "series":
        // An answer to an older question would show the wrong stretch.
        if (message.request === this.#request) this.#data.replace(message.series, message.thresholds);
        break;
      case "vectors":
        this.#vectors.take(message.vectors);
        break;
      case "reading":
        this.#charts.setReading(message.observable, message.reading);
        return;
      case "failure":
        this.#failure.replaceChildren(icon("error"), element("span", {}, message.text));
        this.#failure.hidden = false;
        return;
    }
    if (message.type === "snapshot") this.#failure.hidden = true;
    this.#redraw.request();
    // More layers may be known than were asked for.
    if (message.type === "snapshot" || message.type === "delta") {
      this.#undrawn = true;
      this.#ask.request();
      this.#askVectors.request();
    }
  }

  #change(part: Partial<PanelView>): void {
    this.#view = { ...this.#view, ...part };
    this.#remember();
    this.#redraw.request();
    if ("zoom" in part || "shown" in part) this.#ask.request();
    if ("shown" in part) this.#askVectors.request();
  }

  #remember(): void {
    host.setState({ version: 1, run: this.#run, view: this.#view });
  }

  #draw(): void {
    const { snapshot } = this.#data;
    if (snapshot === undefined) return;
    // Said even where drawing fails: the next may succeed.
    if (this.#undrawn) sayOncePainted();
    this.#undrawn = false;
    const { overview, ledger, standings } = snapshot;
    const trained = overview.observables.length > 0;
    this.#header.root.hidden = false;
    this.#header.update(overview, snapshot.controllable);
    this.#showTrouble(troubleText(overview));
    this.#waiting.hidden = trained;
    setText(this.#waiting, nothingTrained(overview));
    this.#content.hidden = !trained;
    if (trained) {
      const steps = visibleSteps(this.#view, this.#lastStep, ledger, isLive(overview));
      const colours = readColours();
      this.#toolbar.update(this.#view, steps, overview);
      this.#charts.update(snapshot, this.#data, this.#view, steps, colours);
      this.#vectors.update(snapshot, this.#view, colours);
    }
    for (const section of this.#rest) section.hidden = section.contains(this.#notes.root) && this.#notes.empty;
    this.#ledger.root.hidden = ledger.length === 0;
    this.#ledger.update(ledger, standings, snapshot.laws);
    this.#noForecasts.hidden = ledger.length > 0;
    setText(
      this.#noForecasts,
      isLive(overview) ? "No law has forecast anything yet." : "No law could forecast anything in this run.",
    );
    this.#showSilent();
    this.#drawings += 1;
    this.#main.dataset["drawings"] = String(this.#drawings);
  }

  #showTrouble(text: string | undefined): void {
    this.#trouble.hidden = text === undefined;
    if (text === undefined || this.#trouble.dataset["text"] === text) return;
    this.#trouble.dataset["text"] = text;
    const button = element("button", { type: "button", class: "link" }, "Show console output");
    button.addEventListener("click", () => {
      host.postMessage({ type: "console" });
    });
    this.#trouble.replaceChildren(icon("error"), element("span", {}, text), button);
  }

  #showSilent(): void {
    const { standings = [], ledger = [] } = this.#data.snapshot ?? {};
    const text = JSON.stringify([standings, ledger.map((row) => row.forecast.law)]);
    if (text === this.#silentText) return;
    this.#silentText = text;
    const list = silentLaws(standings, ledger);
    this.#silent.replaceChildren(...(list === undefined ? [] : [list]));
  }
}

/** Where painting takes seconds, what is told meanwhile would wait for it, and be old. */
function sayOncePainted(): void {
  requestAnimationFrame(() => {
    setTimeout(() => {
      host.postMessage({ type: "drawn" });
    });
  });
}

new Panel().start();
