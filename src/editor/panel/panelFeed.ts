import type { LawStanding, LedgerRow, RunOverview, SeriesRequest, SeriesSlice, VectorRow } from "../../run/runRows.ts";
import type { Delta, LawText, ThresholdLine, ToPanel } from "../messages.ts";
import type { OpenRun, Subscription } from "../runAccess.ts";
import { coarsened, oversampling } from "./coarsened.ts";
import { PanelEvents } from "./panelEvents.ts";
import { firstDifference, partOf } from "./seriesDifference.ts";
import { thresholdLine, type ThresholdRule } from "./thresholdLine.ts";

const learningRate = "optimizer/learningRate";

/** After each delta the reader rests this many times as long as it read: training needs the machine more. */
const restPerReading = 3;

/** Milliseconds after which a reading that failed is tried again: what failed may have been a run's last change. */
const retryInterval = 1000;

/** What theory adds to a run's own rows. */
export interface PanelTheory {
  readonly laws: readonly LawText[];
  readonly threshold: ThresholdRule;
}

/**
 * Feeds one panel from one run: a snapshot when its page has loaded, then what changed, as long as it is seen. At most
 * one reading is under way; changes that come meanwhile are told together afterwards.
 */
export class PanelFeed implements Subscription {
  readonly #run: OpenRun;
  readonly #theory: PanelTheory;
  readonly #controllable: () => boolean;
  readonly #post: (message: ToPanel) => void;

  #abort = new AbortController();
  #listening: Subscription | undefined;
  #wanted: readonly SeriesRequest[] = [];
  #snapshotDue = false;
  #answerDue: number | undefined;
  #deltaDue = false;
  #busy = false;
  #resting: ReturnType<typeof setTimeout> | undefined;

  #events = new PanelEvents();
  /** Whether the page has had its snapshot. */
  #told = false;
  /** Whether the page has yet to draw what it was told last. */
  #undrawn = false;
  #sentEvent = -1;
  #sentSeries = new Map<string, SeriesSlice>();
  /** What the last reading failed of, where it did. */
  #trouble = "";
  /** Serialized parts as the page has them, to tell what changed. */
  #sent = new Map<string, string>();

  constructor(run: OpenRun, theory: PanelTheory, controllable: () => boolean, post: (message: ToPanel) => void) {
    this.#run = run;
    this.#theory = theory;
    this.#controllable = controllable;
    this.#post = post;
  }

  /** The page has loaded: whatever it was told before is gone. */
  start(wanted: readonly SeriesRequest[]): void {
    this.#wanted = wanted;
    this.#undrawn = false;
    this.#snapshotDue = true;
    this.#listening ??= this.#run.onDidChange(() => {
      this.refresh();
    });
    void this.#pump();
  }

  /** The page has drawn what it was told last: it is told no more before, for on a slow machine it would fall behind ever farther. */
  drawn(): void {
    this.#undrawn = false;
    void this.#pump();
  }

  /** The page looks at other series, or at other stretches of them. */
  want(request: number, wanted: readonly SeriesRequest[]): void {
    this.#wanted = wanted;
    this.#answerDue = request;
    void this.#pump();
  }

  /** Tells how a point was measured, where that is known. */
  async read(observable: string, step: number): Promise<void> {
    await this.#answer(async (signal) => {
      const reading = await this.#run.reading(observable, step, signal);
      return reading && { type: "reading", observable, reading };
    });
  }

  /** Tells of lists as they stood at a step; of a series, its value there as a list of one. */
  async readVectors(names: readonly string[], step: number): Promise<void> {
    await this.#answer(async (signal) => {
      const list = async (name: string): Promise<VectorRow | undefined> => {
        const vector = await this.#run.vector(name, step, signal);
        if (vector !== undefined) return vector;
        const reading = await this.#run.reading(name, step, signal);
        return reading && { name, step: reading.step, values: Float64Array.of(reading.value), labels: [] };
      };
      const found = await Promise.all(names.map(list));
      return { type: "vectors", vectors: found.filter((vector) => vector !== undefined) };
    });
  }

  /** Something may have changed. */
  refresh(): void {
    if (this.#listening === undefined) return;
    this.#deltaDue = true;
    void this.#pump();
  }

  /** The panel is hidden, and its page with it: it is told nothing until it starts anew. */
  pause(): void {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#listening?.dispose();
    this.#listening = undefined;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#snapshotDue = false;
    this.#deltaDue = false;
    this.#answerDue = undefined;
    this.#told = false;
    this.#undrawn = false;
  }

  dispose(): void {
    this.pause();
    this.#run.dispose();
  }

  /** Posts what does not wait for its turn; nothing once the panel is hidden. */
  async #answer(read: (signal: AbortSignal) => Promise<ToPanel | undefined>): Promise<void> {
    const { signal } = this.#abort;
    try {
      const message = await read(signal);
      if (message !== undefined && !signal.aborted) this.#post(message);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#snapshotDue || this.#answerDue !== undefined || this.#mayTell()) {
      const { signal } = this.#abort;
      const begun = performance.now();
      let leastRest = 0;
      try {
        const message = await this.#next(signal);
        if (!signal.aborted) {
          this.#trouble = "";
          this.#undrawn ||= message?.type === "snapshot" || message?.type === "delta";
          if (message !== undefined) this.#post(message);
        }
      } catch (error) {
        if (!signal.aborted) {
          this.#fail(error instanceof Error ? error.message : String(error));
          leastRest = retryInterval;
        }
      }
      if (!signal.aborted) this.#rest(Math.max(leastRest, restPerReading * (performance.now() - begun)));
    }
    this.#busy = false;
  }

  #mayTell(): boolean {
    return this.#deltaDue && this.#resting === undefined && !this.#undrawn;
  }

  /** Told once, however often it is tried again: with a snapshot, which takes the trouble off the page. */
  #fail(trouble: string): void {
    if (trouble !== this.#trouble) this.#post({ type: "failure", text: trouble });
    this.#trouble = trouble;
    this.#told = false;
    this.#deltaDue = true;
  }

  /** Holds back deltas for some milliseconds; whatever the page itself asks for is answered at once. */
  #rest(milliseconds: number): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      void this.#pump();
    }, milliseconds);
  }

  async #next(signal: AbortSignal): Promise<ToPanel | undefined> {
    if (this.#snapshotDue || !this.#told) {
      this.#snapshotDue = false;
      this.#deltaDue = false;
      this.#answerDue = undefined;
      return this.#snapshot(signal);
    }
    if (this.#answerDue !== undefined) {
      const request = this.#answerDue;
      this.#answerDue = undefined;
      const { series, thresholds } = await this.#read(await this.#run.overview(signal), signal);
      if (this.#superseded()) return undefined;
      this.#sentSeries = new Map(series.map((slice) => [slice.observable, slice]));
      this.#changed("thresholds", thresholds);
      return { type: "series", request, series, thresholds };
    }
    this.#deltaDue = false;
    return this.#delta(signal);
  }

  async #snapshot(signal: AbortSignal): Promise<ToPanel> {
    this.#events = new PanelEvents();
    await this.#events.advance(this.#run, signal);
    const { overview, ledger, standings } = await this.#rows(signal);
    const { series, thresholds } = await this.#read(overview, signal);
    const controllable = this.#controllable();
    this.#sentSeries = new Map(series.map((slice) => [slice.observable, slice]));
    for (const [part, value] of Object.entries({ overview, ledger, standings, thresholds, controllable }))
      this.#changed(part, value);
    const events = this.#events.after(-1);
    this.#sentEvent = events.at(-1)?.sequence ?? -1;
    this.#told = true;
    return {
      type: "snapshot",
      snapshot: { overview, series, thresholds, ledger, standings, laws: this.#theory.laws, events, controllable },
    };
  }

  async #delta(signal: AbortSignal): Promise<ToPanel | undefined> {
    await this.#events.advance(this.#run, signal);
    const { overview, ledger, standings } = await this.#rows(signal);
    const { series, thresholds } = await this.#read(overview, signal);
    if (this.#superseded()) {
      this.#deltaDue = true;
      return undefined;
    }
    const whole: SeriesSlice[] = [];
    const tails: SeriesSlice[] = [];
    for (const slice of series) {
      const from = firstDifference(this.#sentSeries.get(slice.observable), slice);
      if (from === 0) whole.push(slice);
      else if (from < slice.steps.length) tails.push(partOf(slice, from));
      this.#sentSeries.set(slice.observable, slice);
    }
    const controllable = this.#controllable();
    const events = this.#events.after(this.#sentEvent);
    this.#sentEvent = events.at(-1)?.sequence ?? this.#sentEvent;
    const delta: Delta = {
      ...(this.#changed("overview", overview) && { overview }),
      ...(whole.length > 0 && { series: whole }),
      ...(tails.length > 0 && { tails }),
      ...(this.#changed("thresholds", thresholds) && { thresholds }),
      ...(this.#changed("ledger", ledger) && { ledger }),
      ...(this.#changed("standings", standings) && { standings }),
      ...(events.length > 0 && { events }),
      ...(this.#changed("controllable", controllable) && { controllable }),
    };
    return Object.keys(delta).length === 0 ? undefined : { type: "delta", delta };
  }

  async #rows(
    signal: AbortSignal,
  ): Promise<{ overview: RunOverview; ledger: readonly LedgerRow[]; standings: readonly LawStanding[] }> {
    const [overview, ledger, standings] = await Promise.all([
      this.#run.overview(signal),
      this.#run.ledger(signal),
      this.#run.standings(signal),
    ]);
    return { overview, ledger, standings };
  }

  /** Whether the page has asked for other series since a reading began: it is answered by those. */
  #superseded(): boolean {
    return this.#answerDue !== undefined;
  }

  /** The wanted series that the run has, and the thresholds that go with them. */
  async #read(
    overview: RunOverview,
    signal: AbortSignal,
  ): Promise<{ series: readonly SeriesSlice[]; thresholds: readonly ThresholdLine[] }> {
    const summaries = new Map(overview.observables.map((summary) => [summary.name, summary]));
    const wanted = this.#wanted.flatMap((request) => {
      const summary = summaries.get(request.observable);
      return summary === undefined ? [] : [{ ...request, toStep: Math.min(request.toStep, summary.lastStep) }];
    });
    const sharpness = wanted.find((request) => request.observable.startsWith("sharpness/"));
    const rates = summaries.get(learningRate);
    const rateRequest =
      sharpness === undefined || rates === undefined
        ? undefined
        : { ...sharpness, observable: learningRate, toStep: Math.min(sharpness.toStep, rates.lastStep) };
    const requests = rateRequest === undefined ? wanted : [...wanted, rateRequest];
    const finer = requests.map((request) => ({ ...request, buckets: oversampling * request.buckets }));
    const read = finer.length === 0 ? [] : await this.#run.series(finer, signal);
    const slices = read.map((slice, index) => coarsened(slice, requests[index]?.buckets ?? Infinity));
    const rateSlice = rateRequest === undefined ? undefined : slices.at(-1);
    const threshold = rateSlice && thresholdLine(this.#events.optimizers, rateSlice, this.#theory.threshold);
    return { series: slices.slice(0, wanted.length), thresholds: threshold === undefined ? [] : [threshold] };
  }

  /** Whether a part differs from what the page has, which from now on it has. */
  #changed(part: string, value: unknown): boolean {
    const text = JSON.stringify(value, (_key, each: unknown) =>
      typeof each === "number" && !Number.isFinite(each) ? String(each) : each,
    );
    if (this.#sent.get(part) === text) return false;
    this.#sent.set(part, text);
    return true;
  }
}
