/** Functions and classes that a script hands to others, or to nobody: who calls them, and when, is not known. */
import { Closure } from "./closure.ts";
import type { ClassObject } from "./classObject.ts";
import type { Reading } from "./reading.ts";
import type { Section } from "./section.ts";

/**
 * Follows all that was not followed on the way, and keeps what is found but for what belongs to a function or a class that another
 * one turns out to call: there it is called with values. Where one of them changes what is not of its own section, all are followed
 * once more, for they may be called in any order.
 */
export function followRest(reading: Reading): void {
  const { followed, optimizers } = reading;
  const before = new Set(followed);
  const models = optimizers.map(({ model }) => model);
  const found = reading.mark();
  reading.alone = true;
  const units = inGroups(reading);
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

/** The functions and the classes of one section that the script itself has made. */
interface Group {
  readonly functions: Map<number, Closure>;
  readonly classes: ClassObject[];
}

/** Those with classes last, and a class that is defined later first: it is more likely to be made of the others than part of them. */
function groupsOf({ functions, classes }: Reading): readonly Group[] {
  const groups = new Map<Section, Group>();
  const groupOf = (section: Section) => {
    const group = groups.get(section) ?? { functions: new Map<number, Closure>(), classes: [] };
    groups.set(section, group);
    return group;
  };
  for (const [site, each] of functions) groupOf(each.making.section).functions.set(site, each);
  for (const each of classes) groupOf(each.making.section).classes.push(each);
  const all = [...groups.values()];
  const withClasses = all.filter((each) => each.classes.length > 0);
  return [...all.filter((each) => each.classes.length === 0), ...withClasses.toReversed()];
}

/** Follows one section after another, with all that is made in it on the way. */
function inGroups(reading: Reading): readonly Unit[] {
  const units: Unit[] = [];
  const functions = new Map(reading.functions);
  const classes = [...reading.classes];
  for (const group of groupsOf(reading)) {
    reading.functions = group.functions;
    reading.classes = group.classes;
    reading.beginGroup();
    units.push(...followAll(reading, new Set()));
    for (const [site, each] of group.functions) functions.set(site, each);
    for (const each of group.classes) if (!classes.includes(each)) classes.push(each);
  }
  reading.functions = functions;
  reading.classes = classes;
  return units;
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
