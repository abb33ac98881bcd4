import type { OpenRun } from "../../src/editor/runAccess.ts";
import type {
  EventRow,
  LawStanding,
  LedgerRow,
  Reading,
  RunOverview,
  SeriesRequest,
  SeriesSlice,
  VectorRow,
} from "../../src/run/runRows.ts";

export interface Points {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Everything that a finished run would hold; a replay shows what is known up to a step. */
export interface Recording {
  readonly overview: Omit<RunOverview, "observables" | "vectors" | "step" | "revision">;
  readonly points: Readonly<Record<string, Points>>;
  /** Of each name in the order of their steps. */
  readonly vectors?: readonly VectorRow[];
  /** How all points of an observable were measured. */
  readonly measured?: Readonly<Record<string, Pick<Reading, "error" | "measurement">>>;
  readonly events: readonly EventRow[];
  readonly ledger: readonly LedgerRow[];
  readonly standings: readonly LawStanding[];
}

/** A run in memory that grows when it is told to: the stand-in for a run file that a recorder writes. */
export class ReplayedRun implements OpenRun {
  readonly directory = "/runs/replayed";
  readonly requests: (readonly SeriesRequest[])[] = [];
  #recording: Recording;
  #step: number;
  #revision = 1;
  readonly #listeners = new Set<(revision: number) => void>();

  constructor(recording: Recording, step: number) {
    this.#recording = recording;
    this.#step = step;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  advance(step: number, recording = this.#recording): void {
    this.#step = step;
    this.#recording = recording;
    this.#revision += 1;
    for (const listener of this.#listeners) listener(this.#revision);
  }

  overview(): Promise<RunOverview> {
    const observables = Object.entries(this.#recording.points).flatMap(([name, points]) => {
      const values = this.#values(points);
      const finite = values.filter(Number.isFinite);
      const [first] = points.steps;
      if (values.length === 0 || first === undefined) return [];
      return {
        name,
        points: values.length,
        firstStep: first,
        lastStep: points.steps[values.length - 1] ?? first,
        lastValue: values.at(-1) ?? NaN,
        minimum: finite.reduce((one, other) => Math.min(one, other), Infinity),
        maximum: finite.reduce((one, other) => Math.max(one, other), -Infinity),
        notFinite: values.length - finite.length,
      };
    });
    const known = (this.#recording.vectors ?? []).filter(({ step }) => step <= this.#step);
    const vectors = [...new Map(known.map(({ name, step }) => [name, { name, lastStep: step }])).values()];
    return Promise.resolve({
      ...this.#recording.overview,
      observables,
      vectors,
      step: this.#step,
      revision: this.#revision,
    });
  }

  series(requests: readonly SeriesRequest[]): Promise<readonly SeriesSlice[]> {
    this.requests.push(requests);
    return Promise.resolve(requests.map((request) => this.#slice(request)));
  }

  reading(observable: string, step: number): Promise<Reading | undefined> {
    const points = this.#recording.points[observable] ?? { steps: [], values: [] };
    const at = points.steps.findLastIndex((each) => each <= Math.min(step, this.#step));
    const measured = this.#recording.measured?.[observable];
    const found = { step: points.steps[at] ?? NaN, value: points.values[at] ?? NaN, error: NaN };
    return Promise.resolve(at < 0 ? undefined : { ...found, ...measured });
  }

  vector(name: string, step: number): Promise<VectorRow | undefined> {
    const until = Math.min(step, this.#step);
    return Promise.resolve(this.#recording.vectors?.findLast((row) => row.name === name && row.step <= until));
  }

  events(afterSequence: number, limit: number): Promise<readonly EventRow[]> {
    const known = this.#recording.events.filter((row) => row.sequence > afterSequence && row.step <= this.#step);
    return Promise.resolve(known.slice(0, limit));
  }

  ledger(): Promise<readonly LedgerRow[]> {
    const issued = this.#recording.ledger.filter((row) => row.forecast.issuedAt <= this.#step);
    return Promise.resolve(
      issued.map((row) => ({
        ...row,
        verdict: row.verdict && row.verdict.scoredAt <= this.#step ? row.verdict : undefined,
      })),
    );
  }

  standings(): Promise<readonly LawStanding[]> {
    return Promise.resolve(this.#recording.standings);
  }

  onDidChange(listener: (revision: number) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  dispose(): void {
    this.#listeners.clear();
  }

  #values({ steps, values }: Points): readonly number[] {
    const end = steps.findIndex((step) => step > this.#step);
    return end === -1 ? values : values.slice(0, end);
  }

  /** Buckets as the run file has them: 16^level steps, the finest level that fits. */
  #slice({ observable, fromStep, toStep, buckets }: SeriesRequest): SeriesSlice {
    const points = this.#recording.points[observable] ?? { steps: [], values: [] };
    const until = Math.min(toStep, this.#step);
    const chosen: [number, number][] = [];
    for (const [index, step] of points.steps.entries())
      if (step >= fromStep && step <= until) chosen.push([step, points.values[index] ?? NaN]);
    let level = 0;
    const count = () => new Set(chosen.map(([step]) => Math.floor(step / 16 ** level))).size;
    while (count() > buckets) level += 1;
    const made: {
      number: number;
      step: number;
      low: number;
      high: number;
      last: number;
      count: number;
      bad: number;
    }[] = [];
    for (const [step, value] of chosen) {
      const number = Math.floor(step / 16 ** level);
      let bucket = made.at(-1);
      if (bucket?.number !== number) {
        bucket = { number, step, low: NaN, high: NaN, last: NaN, count: 0, bad: 0 };
        made.push(bucket);
      }
      bucket.last = value;
      bucket.count += 1;
      if (!Number.isFinite(value)) bucket.bad += 1;
      else {
        bucket.low = Number.isNaN(bucket.low) ? value : Math.min(bucket.low, value);
        bucket.high = Number.isNaN(bucket.high) ? value : Math.max(bucket.high, value);
      }
    }
    return {
      observable,
      level,
      steps: Float64Array.from(made, (each) => each.step),
      minimum: Float64Array.from(made, (each) => each.low),
      maximum: Float64Array.from(made, (each) => each.high),
      last: Float64Array.from(made, (each) => each.last),
      count: Float64Array.from(made, (each) => each.count),
      notFinite: Float64Array.from(made, (each) => each.bad),
    };
  }
}
