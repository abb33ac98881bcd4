import type { DataFacts, EndFacts, ModelFacts, ObjectiveFacts, OptimizerFacts } from "./facts.ts";
import type { RunView, VectorPoint } from "./runView.ts";
import { emptySeries, SeriesColumn } from "./series.ts";

type Values = Readonly<Record<string, number>>;

/** A record of the spool, as far as theory reads it; spool records of every kind fit. */
export type HistoryRecord =
  | ({ readonly t: "model"; readonly step: number } & ModelFacts)
  | ({ readonly t: "objective"; readonly step: number } & ObjectiveFacts)
  | ({ readonly t: "optimizer"; readonly step: number } & OptimizerFacts)
  | ({ readonly t: "data"; readonly step: number } & DataFacts)
  | { readonly t: "step"; readonly step: number; readonly values: Values }
  | { readonly t: "measure"; readonly step: number; readonly values: Values; readonly error?: Values | undefined }
  | ({ readonly t: "vector"; readonly name: string } & Omit<VectorPoint, "labels"> & {
        readonly labels?: readonly string[] | undefined;
      })
  | ({ readonly t: "end" } & EndFacts)
  | { readonly t: "begin" }
  | { readonly t: "note" };

type Told = Exclude<HistoryRecord, { readonly t: "begin" | "note" | "end" }>;

/** A fact and the step at which it became known. */
interface Dated<Fact> {
  readonly step: number;
  readonly fact: Fact;
}

/** How much of a history a view sees. */
interface Extent {
  readonly step: number;
  readonly ended: boolean;
  readonly models: number;
  readonly objectives: number;
  readonly optimizers: number;
  readonly data: number;
  readonly points: ReadonlyMap<string, number>;
  readonly vectors: ReadonlyMap<string, number>;
}

/**
 * All that a run has said so far. Views share its columns and only know how far they may look, so that one costs a few
 * microseconds whether the run has a hundred steps or a million. Values that are not finite are kept as they came.
 */
export class RunHistory {
  readonly runId: string;
  readonly #columns = new Map<string, SeriesColumn>();
  readonly #models: Dated<ModelFacts>[] = [];
  readonly #objectives: Dated<ObjectiveFacts>[] = [];
  readonly #optimizers: Dated<OptimizerFacts>[] = [];
  readonly #data: Dated<DataFacts>[] = [];
  readonly #vectors = new Map<string, VectorPoint[]>();
  readonly #runsBefore: () => readonly RunView[];
  #end: EndFacts | undefined;
  #step = 0;

  /** `earlier` gives the ended runs of the same workspace; asked only when a law looks at them, and the same every time. */
  constructor(runId: string, earlier: () => readonly RunView[] = () => []) {
    this.#runsBefore = earlier;
    this.runId = runId;
  }

  /**
   * Takes the next record. Throws `RangeError` where its step lies before one already taken, or the run has ended: both
   * would make an earlier view a lie. The end itself may name any step.
   */
  append(record: HistoryRecord): void {
    if (this.#end !== undefined) throw new RangeError("The run has ended; nothing can follow.");
    if (record.t === "begin" || record.t === "note") return;
    if (record.t === "end") {
      this.#end = { step: record.step, how: record.how };
      this.#step = Math.max(this.#step, record.step);
      return;
    }
    if (!(record.step >= this.#step)) {
      throw new RangeError(`A record of step ${record.step} cannot follow one of step ${this.#step}.`);
    }
    this.#step = record.step;
    this.#take(record);
  }

  #take(record: Told): void {
    const { step } = record;
    switch (record.t) {
      case "model":
        this.#models.push({ step, fact: record });
        break;
      case "objective":
        this.#objectives.push({ step, fact: record });
        break;
      case "optimizer":
        this.#optimizers.push({ step, fact: record });
        break;
      case "data":
        this.#data.push({ step, fact: record });
        break;
      case "step":
        this.#points(step, record.values, {});
        break;
      case "measure":
        this.#points(step, record.values, record.error ?? {});
        break;
      case "vector": {
        const { name, values, labels = [] } = record;
        const known = this.#vectors.get(name);
        if (known === undefined) this.#vectors.set(name, [{ step, values, labels }]);
        else known.push({ step, values, labels });
      }
    }
  }

  #points(step: number, values: Values, errors: Values): void {
    for (const [observable, value] of Object.entries(values)) {
      let column = this.#columns.get(observable);
      if (column === undefined) this.#columns.set(observable, (column = new SeriesColumn()));
      column.push(step, value, errors[observable] ?? 0);
    }
  }

  /** The run as it stands now. Later records do not appear in it. */
  view(): RunView {
    return this.#viewOf({
      step: this.#step,
      ended: this.#end !== undefined,
      models: this.#models.length,
      objectives: this.#objectives.length,
      optimizers: this.#optimizers.length,
      data: this.#data.length,
      points: new Map(Array.from(this.#columns, ([observable, column]) => [observable, column.length])),
      vectors: new Map(Array.from(this.#vectors, ([name, measured]) => [name, measured.length])),
    });
  }

  /** The run as it stood when the last record of `step` had been written, or now if that is earlier. */
  viewAt(step: number): RunView {
    return this.view().at(step);
  }

  #viewOf(extent: Extent): RunView {
    const known = <Fact>(dated: readonly Dated<Fact>[], length: number) =>
      dated.slice(0, length).map(({ fact }) => fact);
    const models = this.#models;
    const optimizers = this.#optimizers;
    const earlier = this.#runsBefore;
    return {
      runId: this.runId,
      step: extent.step,
      end: extent.ended ? this.#end : undefined,
      get models() {
        return [...new Map(known(models, extent.models).map((fact) => [fact.id, fact])).values()];
      },
      objective: this.#objectives[extent.objectives - 1]?.fact,
      optimizer: optimizers[extent.optimizers - 1]?.fact,
      get optimizers() {
        return new Set(known(optimizers, extent.optimizers).map((fact) => fact.id)).size;
      },
      data: this.#data[extent.data - 1]?.fact,
      series: (observable) => {
        const length = extent.points.get(observable) ?? 0;
        return length === 0 ? emptySeries : (this.#columns.get(observable)?.prefix(length) ?? emptySeries);
      },
      vectors: (name) => this.#vectors.get(name)?.slice(0, extent.vectors.get(name) ?? 0) ?? [],
      vectorNames: () => [...extent.vectors].flatMap(([name, length]) => (length > 0 ? [name] : [])),
      get earlier() {
        return earlier();
      },
      observables: () => [...extent.points].flatMap(([observable, length]) => (length > 0 ? [observable] : [])),
      at: (step) => this.#viewOf(this.#earlier(extent, step)),
    };
  }

  #earlier(extent: Extent, step: number): Extent {
    const before = (dated: readonly { readonly step: number }[], length: number) => {
      const later = dated.findIndex((each) => each.step > step);
      return later === -1 ? length : Math.min(length, later);
    };
    return {
      step: Math.min(step, extent.step),
      ended: extent.ended && extent.step <= step,
      models: before(this.#models, extent.models),
      objectives: before(this.#objectives, extent.objectives),
      optimizers: before(this.#optimizers, extent.optimizers),
      data: before(this.#data, extent.data),
      points: new Map(
        Array.from(extent.points, ([observable, length]) => [
          observable,
          Math.min(length, this.#columns.get(observable)?.indexFrom(step + 1) ?? 0),
        ]),
      ),
      vectors: new Map(
        Array.from(extent.vectors, ([name, length]) => [name, before(this.#vectors.get(name) ?? [], length)]),
      ),
    };
  }
}
