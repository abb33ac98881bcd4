/** Functions and classes that a script hands to others, or to nobody: who calls them, and when, is not known. */
import { Closure } from "./closure.ts";
import type { ClassObject } from "./classObject.ts";
import type { Reading } from "./reading.ts";

/**
 * Follows all that was not followed on the way, and keeps what is found but for what belongs to a function or a class that another
 * one turns out to call: there it is called with values. Where one of them changes what it did not make itself, all are followed once
 * more, for they may be called in any order.
 */
export function followRest(reading: Reading): void {
  const { followed, optimizers } = reading;
  const before = new Set(followed);
  const models = optimizers.map(({ model }) => model);
  reading.alone = true;
  const found = reading.mark();
  const units = followAll(reading, new Set());
  if (reading.crossed) {
    reading.returnTo(found);
    for (const [index, model] of models.entries()) {
      const optimizer = optimizers[index];
      if (optimizer !== undefined) optimizer.model = model;
    }
    for (const site of followed) if (!before.has(site)) followed.delete(site);
    const made = new Set<ClassObject>();
    followAll(reading, made, new Set(reading.calledWithin));
    followAll(reading, made);
  } else {
    for (const { of, from, to } of units.toReversed()) {
      if (of instanceof Closure ? reading.calledWithin.has(of.making.site) : of.instantiated) reading.forget(from, to);
    }
  }
  reading.alone = false;
}

/** What was found while one of them was followed. */
interface Unit {
  readonly of: Closure | ClassObject;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** All functions and methods but those at `later`, those that they make among them, and all classes that are not `made` yet. */
function followAll(reading: Reading, made: Set<ClassObject>, later: ReadonlySet<number> = new Set()): readonly Unit[] {
  const units: Unit[] = [];
  let before: number;
  do {
    before = units.length;
    units.push(...followEach(reading, made, later));
  } while (units.length > before);
  return units;
}

function followEach(reading: Reading, made: Set<ClassObject>, later: ReadonlySet<number>): readonly Unit[] {
  const units: Unit[] = [];
  const follow = (of: Closure | ClassObject, run: () => void) => {
    const from = reading.mark();
    reading.beginUnit();
    run();
    units.push({ of, from, to: reading.mark() });
  };
  const methods = new Set(reading.classes.flatMap(({ making }) => making.members.all.map(([, value]) => value)));
  const sites = new Set([...methods].flatMap((each) => (each instanceof Closure ? [each.making.site] : [])));
  const untouched = (each: Closure) => !reading.followed.has(each.making.site) && !later.has(each.making.site);
  for (const each of [...reading.functions.values()]) {
    if (untouched(each) && !sites.has(each.making.site)) {
      follow(each, () => {
        each.followAlone();
      });
    }
  }
  // A class that is defined later is more likely to be made of the others than to be part of them.
  for (const each of reading.classes.toReversed()) {
    if (!each.instantiated && !made.has(each)) {
      made.add(each);
      follow(each, () => {
        each.making.make(each, undefined);
      });
    }
  }
  for (const { instance, making } of [...reading.classes]) {
    for (const [, value] of making.members.all) {
      if (value instanceof Closure && untouched(value)) {
        follow(value, () => {
          (instance === undefined ? value : value.bind(instance)).followAlone();
        });
      }
    }
  }
  return units;
}
