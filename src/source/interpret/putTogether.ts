/** Puts what was found in a script into one sketch. */
import { before, type SourceRange } from "../places.ts";
import { unstated, type Known } from "../sketch/known.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import type { Framework, SourceSketch } from "../sketch/sourceSketch.ts";
import type { OptimizerSketch, TrainingSketch } from "../sketch/trainingSketch.ts";
import type { FoundOptimizer } from "./found.ts";
import type { Groups } from "./groups.ts";
import type { Reading } from "./reading.ts";
import type { ObjectValue } from "./value.ts";

export function putTogether(framework: Framework, groups: Groups): SourceSketch {
  const { reading } = groups;
  const sketches: [ObjectValue, ModelSketch][] = [];
  // To sketch one may be to find another.
  for (const found of reading.models) {
    const sketch = found.sketch();
    if (sketch !== undefined) sketches.push([found.value, sketch]);
  }
  groups.joinFlags();
  const { models, indexOf } = distinctModels(sketches, reading);
  const optimizers = distinctOptimizers(reading, indexOf);
  const losses = distinct(reading.losses);
  const lossAt = placesIn(losses);
  const optimizerAt = placesIn(optimizers);
  const optimizerRanges = new Map(reading.optimizers.map(({ value, range }) => [value, range]));
  const trainings = distinct(
    reading.trainings.map((found): TrainingSketch => {
      const { optimizer, stoppable = false, ...rest } = found;
      const ended = stoppable && reading.stopped !== undefined ? unstated(reading.stopped) : undefined;
      const place = optimizer === undefined ? undefined : optimizerRanges.get(optimizer);
      return {
        ...rest,
        epochs: ended ?? found.epochs,
        steps: ended ?? found.steps,
        model: indexOf(found.model),
        optimizer: optimizerAt(place),
        loss: found.loss === "another" ? undefined : (lossAt(found.loss) ?? (losses.length === 1 ? 0 : undefined)),
      };
    }),
  );
  return { framework, models, losses, optimizers, trainings };
}

/** One model is computed on data of several shapes. */
const shapes: readonly string[] = ["inputShape", "outputShape"];

interface Placed {
  readonly range: SourceRange;
}

/** One of each place of the text, in its order. */
function distinct<T extends Placed>(found: readonly T[]): T[] {
  const byPlace = new Map<string, T>();
  for (const each of found) {
    const place = placeOf(each.range);
    const other = byPlace.get(place);
    byPlace.set(place, other === undefined ? each : agreed(other, each));
  }
  return inOrder([...byPlace.values()]);
}

/** The index of what stands at a place. */
function placesIn(found: readonly Placed[]): (range: SourceRange | undefined) => number | undefined {
  const places = new Map(found.map(({ range }, index) => [placeOf(range), index]));
  return (range) => (range === undefined ? undefined : places.get(placeOf(range)));
}

function inOrder<T extends Placed>(found: readonly T[]): T[] {
  return found.toSorted((one, other) => {
    const [first, second] = [one.range.start, other.range.start];
    return before(first, second) ? -1 : before(second, first) ? 1 : 0;
  });
}

function distinctModels(
  sketches: readonly (readonly [ObjectValue, ModelSketch])[],
  reading: Reading,
): {
  models: readonly ModelSketch[];
  indexOf: (value: ObjectValue | undefined) => number | undefined;
} {
  const byPlace = new Map<string, { sketch: ModelSketch }[]>();
  const keptFor = new Map<ObjectValue, { readonly sketch: ModelSketch }>();
  for (const [value, own] of sketches) {
    const sketch = asFarAsKnown(own, reading);
    const place = placeOf(sketch.range);
    const there = byPlace.get(place) ?? [];
    byPlace.set(place, there);
    const key = there.length === 0 ? "" : apartFromShapes(sketch);
    let kept = there.find((each) => apartFromShapes(each.sketch) === key);
    if (kept === undefined) there.push((kept = { sketch }));
    else kept.sketch = agreedModel(kept.sketch, sketch);
    keptFor.set(value, kept);
  }
  const models = inOrder([...byPlace.values()].flatMap((there) => there.map(({ sketch }) => sketch)));
  const places = new Map(models.map((each, index) => [each, index]));
  return {
    models,
    indexOf: (value) => {
      const sketch = value === undefined ? undefined : keptFor.get(value)?.sketch;
      return sketch === undefined ? undefined : places.get(sketch);
    },
  };
}

const knownAgreed = new WeakMap<ModelSketch, { readonly other: ModelSketch; readonly sketch: ModelSketch }>();

/** Of a model that was found twice, both sketches are what they were when the text was read before. */
function agreedModel(one: ModelSketch, other: ModelSketch): ModelSketch {
  const known = knownAgreed.get(other);
  if (known?.other === one) return known.sketch;
  const sketch = agreed(one, other);
  knownAgreed.set(other, { other: one, sketch });
  return sketch;
}

const knownApart = new WeakMap<ModelSketch, string>();

function apartFromShapes(sketch: ModelSketch): string {
  const known = knownApart.get(sketch);
  if (known !== undefined) return known;
  const text = JSON.stringify(sketch, (name, value: unknown) => (shapes.includes(name) ? undefined : value));
  knownApart.set(sketch, text);
  return text;
}

/** Where all is lost alike, the same sketch is what it was when the text was read before. */
const knownLost = new WeakMap<ModelSketch, { readonly why: string; readonly sketch: ModelSketch }>();

function asFarAsKnown(sketch: ModelSketch, { modelsChanged, weightsChanged }: Reading): ModelSketch {
  const reason = modelsChanged ?? weightsChanged;
  if (reason === undefined) return sketch;
  const why = `${modelsChanged === undefined ? "weights" : "models"} ${reason}`;
  const known = knownLost.get(sketch);
  if (known?.why === why) return known.sketch;
  const lost = unstated(reason);
  const all = modelsChanged === undefined ? {} : { complete: lost, flow: lost, residuals: [] };
  const left = { ...sketch, ...all, fresh: lost };
  knownLost.set(sketch, { why, sketch: left });
  return left;
}

function distinctOptimizers(
  reading: Reading,
  modelAt: (value: ObjectValue | undefined) => number | undefined,
): readonly OptimizerSketch[] {
  return distinct(reading.optimizers.map((found) => optimizerSketch(found, modelAt(found.model))));
}

function optimizerSketch(found: FoundOptimizer, model: number | undefined): OptimizerSketch {
  const { range, statement, hyperparameters, sketch, schedules } = found;
  return { ...sketch, range, statement, hyperparameters, model, schedules: distinct(schedules) };
}

/** What says which other part of the sketch is meant: where that differs from call to call, it is none. */
const indices: readonly string[] = ["model", "optimizer", "loss"];

/** What two readings of one place agree on; a value in which they differ is unknown. */
function agreed<T>(one: T, other: T): T {
  if (isSame(one, other)) return one;
  if (isKnown(one) || isKnown(other)) return differs as T;
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) return one;
  if (Array.isArray(one)) {
    const others: readonly unknown[] = Array.isArray(other) ? other : [];
    return one.map((each: unknown, index) => agreed(each, others[index])) as T;
  }
  const theirs = other as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => {
      const isElsewhere = indices.includes(name) && value !== theirs[name];
      return [name, isElsewhere ? undefined : agreed<unknown>(value, theirs[name])];
    }),
  ) as T;
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) && Array.isArray(other) && one.length !== other.length) return false;
  const theirs = other as Readonly<Record<string, unknown>>;
  const own = Object.entries(one);
  return (
    own.every(([name, value]) => isSame(value, theirs[name])) &&
    (own.length === Object.keys(other).length || Object.keys(other).every((name) => name in one))
  );
}

const differs = unstated("differs from call to call");

function isKnown(value: unknown): value is Known<unknown> {
  return typeof value === "object" && value !== null && "known" in value;
}

const knownPlaces = new WeakMap<SourceRange, string>();

/** Tells ranges apart. */
function placeOf(range: SourceRange): string {
  const known = knownPlaces.get(range);
  if (known !== undefined) return known;
  const { start, end } = range;
  const place = `${start.line}:${start.column}-${end.line}:${end.column}`;
  knownPlaces.set(range, place);
  return place;
}
