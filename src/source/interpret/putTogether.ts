/** Puts what was found in a script into one sketch. */
import { before, type SourceRange } from "../places.ts";
import { unstated, type Known } from "../sketch/known.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import type { Framework, SourceSketch } from "../sketch/sourceSketch.ts";
import type { OptimizerSketch, TrainingSketch } from "../sketch/trainingSketch.ts";
import type { FoundOptimizer } from "./found.ts";
import type { Reading } from "./reading.ts";
import type { ObjectValue } from "./value.ts";

export function putTogether(framework: Framework, reading: Reading): SourceSketch {
  const { models, indexOf } = distinctModels(reading);
  const optimizers = distinctOptimizers(reading, indexOf);
  const losses = distinct(reading.losses);
  const lossAt = (range: SourceRange | undefined) => {
    const index = range === undefined ? -1 : losses.findIndex((loss) => sameRange(loss.range, range));
    return index < 0 ? undefined : index;
  };
  const trainings = distinct(
    reading.trainings.map((found): TrainingSketch => {
      const { optimizer, ...rest } = found;
      const place = reading.optimizers.find(({ value }) => value === optimizer)?.range;
      const index = place === undefined ? -1 : optimizers.findIndex((each) => sameRange(each.range, place));
      const loss = lossAt(found.loss) ?? (losses.length === 1 ? 0 : undefined);
      return { ...rest, model: indexOf(found.model), optimizer: index < 0 ? undefined : index, loss };
    }),
  );
  return { framework, models, losses, optimizers, trainings };
}

/** One model is computed on data of several shapes. */
const shapes: readonly string[] = ["inputShape", "outputShape"];

interface Placed {
  readonly range: SourceRange;
}

/** Those that differ, one of each where the same is found several times; in the order of the text. */
function distinct<T extends Placed>(found: readonly T[]): T[] {
  const kept = new Map(found.map((each) => [JSON.stringify(each), each]));
  const byPlace = new Map<string, T>();
  for (const each of kept.values()) {
    const place = JSON.stringify(each.range);
    const other = byPlace.get(place);
    byPlace.set(place, other === undefined ? each : agreed(other, each));
  }
  return inOrder([...byPlace.values()]);
}

function inOrder<T extends Placed>(found: readonly T[]): T[] {
  return [...found].sort((one, other) => (before(one.range.start, other.range.start) ? -1 : 1));
}

function distinctModels(reading: Reading): {
  models: readonly ModelSketch[];
  indexOf: (value: ObjectValue | undefined) => number | undefined;
} {
  const sketches = new Map<string, ModelSketch>();
  const keyOf = new Map<ObjectValue, string>();
  for (const found of reading.models) {
    const own = found.sketch();
    if (own === undefined) continue;
    const sketch = asFarAsKnown(own, reading);
    const key = JSON.stringify(sketch, (name, value: unknown) => (shapes.includes(name) ? undefined : value));
    keyOf.set(found.value, key);
    const other = sketches.get(key);
    sketches.set(key, other === undefined ? sketch : agreed(other, sketch));
  }
  const models = inOrder([...sketches.values()]);
  return {
    models,
    indexOf: (value) => {
      const key = value === undefined ? undefined : keyOf.get(value);
      const sketch = key === undefined ? undefined : sketches.get(key);
      return sketch === undefined ? undefined : models.indexOf(sketch);
    },
  };
}

function asFarAsKnown(sketch: ModelSketch, { modelsChanged, weightsChanged }: Reading): ModelSketch {
  if (modelsChanged !== undefined) {
    const lost = unstated(modelsChanged);
    return { ...sketch, complete: lost, flow: lost, residuals: [], fresh: lost };
  }
  return weightsChanged === undefined ? sketch : { ...sketch, fresh: unstated(weightsChanged) };
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

/** What two readings of one place agree on; a value in which they differ is unknown. */
function agreed<T>(one: T, other: T): T {
  if (JSON.stringify(one) === JSON.stringify(other)) return one;
  if (isKnown(one) || isKnown(other)) return differs as T;
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) return one;
  if (Array.isArray(one)) {
    const others: readonly unknown[] = Array.isArray(other) ? other : [];
    return one.map((each: unknown, index) => agreed(each, others[index])) as T;
  }
  const theirs = other as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, agreed<unknown>(value, theirs[name])]),
  ) as T;
}

const differs = unstated("differs from call to call");

function isKnown(value: unknown): value is Known<unknown> {
  return typeof value === "object" && value !== null && "known" in value;
}

function sameRange(one: SourceRange, other: SourceRange): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
