/** From buckets to what is drawn. Pure. */
import type { SeriesSlice } from "../src/editor/messages.ts";

export interface Point {
  readonly x: number;
  /** NaN is a gap. */
  readonly y: number;
}

export interface Drawing {
  readonly line: readonly Point[];
  /** What was smoothed away: drawn faintly behind the line. Empty without smoothing. */
  readonly raw: readonly Point[];
  /** Steps of buckets that hold a point which is no number. */
  readonly notFinite: readonly number[];
}

/**
 * The curve goes through both extremes of each bucket, in the order that lies nearer to what came before: two points a
 * bucket, and no spike is lost. With smoothing that becomes a shade behind the exponential moving average of the buckets'
 * last values, corrected for its start (Kingma & Ba 2015, section 3). A bucket with a value that is no number ends in a
 * gap.
 */
export function draw(slice: SeriesSlice, smoothing: number, onlyPositive: boolean): Drawing {
  const raw: Point[] = [];
  const smooth: Point[] = [];
  const notFinite: number[] = [];
  const average = new MovingAverage(smoothing);
  let before = NaN;
  for (const [index, x] of slice.steps.entries()) {
    const [minimum, maximum] = [slice.minimum[index], slice.maximum[index]];
    const [low, high] = [shown(minimum, onlyPositive), shown(maximum, onlyPositive)];
    const last = shown(slice.last[index], onlyPositive);
    smooth.push({ x, y: average.next(last) });
    if (low === high || Number.isNaN(low)) raw.push({ x, y: high });
    else {
      // Where within the bucket the extremes lie is not known; a little apart they make no stairs.
      const apart = Math.min(16 ** slice.level, (slice.steps[index + 1] ?? x + (slice.count[index] ?? 0)) - x) / 2;
      const upwards = Math.abs(low - before) <= Math.abs(high - before);
      raw.push({ x, y: upwards ? low : high }, { x: x + apart, y: upwards ? high : low });
    }
    if ((slice.notFinite[index] ?? 0) > 0) {
      notFinite.push(x);
      raw.push({ x, y: NaN });
      smooth.push({ x, y: NaN });
    }
    before = last;
  }
  return smoothing > 0 ? { line: smooth, raw, notFinite } : { line: raw, raw: [], notFinite };
}

function shown(value: number | undefined, onlyPositive: boolean): number {
  return value === undefined || !Number.isFinite(value) || (onlyPositive && value <= 0) ? NaN : value;
}

class MovingAverage {
  readonly #keep: number;
  #sum = 0;
  #weight = 0;

  /** `span` in points: a point's weight falls to 1/e² over about one span. */
  constructor(span: number) {
    this.#keep = span > 0 ? 1 - 2 / (span + 1) : 0;
  }

  next(value: number): number {
    if (Number.isNaN(value)) return NaN;
    this.#sum = this.#keep * this.#sum + (1 - this.#keep) * value;
    this.#weight = this.#keep * this.#weight + (1 - this.#keep);
    return this.#sum / this.#weight;
  }
}

/** What is held, with everything from the tail's first step on replaced by the tail. */
export function joined(held: SeriesSlice | undefined, tail: SeriesSlice): SeriesSlice {
  const [start] = tail.steps;
  if (held?.level !== tail.level || start === undefined) return tail;
  const found = held.steps.findIndex((step) => step >= start);
  const kept = found === -1 ? held.steps.length : found;
  const join = (column: "steps" | "minimum" | "maximum" | "last" | "count" | "notFinite") => {
    const whole = new Float64Array(kept + tail.steps.length);
    whole.set(held[column].subarray(0, kept));
    whole.set(tail[column], kept);
    return whole;
  };
  return {
    observable: tail.observable,
    level: tail.level,
    steps: join("steps"),
    minimum: join("minimum"),
    maximum: join("maximum"),
    last: join("last"),
    count: join("count"),
    notFinite: join("notFinite"),
  };
}

/** Index of the bucket whose first step is nearest to `step`; −1 for an empty slice. */
export function nearestBucket(slice: SeriesSlice, step: number): number {
  let [low, high] = [0, slice.steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slice.steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [slice.steps[high - 1], slice.steps[high]];
  return before !== undefined && after !== undefined && step - before < after - step ? high - 1 : high;
}
