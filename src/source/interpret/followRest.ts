/** Functions and classes that a script hands to others, or to nobody: who calls them, and when, is not known. */
import { Closure } from "./closure.ts";
import type { ClassObject } from "./classObject.ts";
import type { Group } from "./group.ts";
import type { Groups } from "./groups.ts";
import type { Reading } from "./reading.ts";
import type { Section } from "./section.ts";

/** What was kept of an earlier reading is of no use: one section may change what is found in another. */
export class NotIndependent extends Error {}

/**
 * Follows all that was not followed on the way, and keeps what is found but for what belongs to a function or a class that another
 * one turns out to call: there it is called with values. Where one of them changes what is not of its own section, all are followed
 * once more, for they may be called in any order. Sections of which `memo` knows what is found are not followed at all.
 * Throws `NotIndependent`.
 */
export function followRest(groups: Groups, memo: GroupMemo | undefined): void {
  const { reading } = groups;
  const { followed, optimizers } = reading;
  const before = new Set(followed);
  const models = optimizers.map(({ model }) => model);
  const found = reading.mark();
  reading.alone = true;
  const units = inGroups(groups, memo);
  if (reading.crossed) {
    if (groups.recalled.length > 0) throw new NotIndependent();
    groups.cross();
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

/** What knows of a section what would be found if it were followed. */
interface GroupMemo {
  has(section: Section): boolean;
  recall(group: Group, reading: Reading): void;
}

/** What was found while one of them was followed. */
interface Unit {
  readonly of: Closure | ClassObject;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Follows one section after another, with all that is made in it on the way. */
function inGroups(groups: Groups, memo: GroupMemo | undefined): readonly Unit[] {
  const { reading } = groups;
  const units: Unit[] = [];
  const functions = new Map(reading.functions);
  const classes = [...reading.classes];
  for (const group of groups.all) {
    reading.beginGroup();
    if (memo?.has(group.section) === true) {
      memo.recall(group, reading);
      groups.recalled.push(group);
      continue;
    }
    reading.functions = group.functions;
    reading.classes = group.classes;
    groups.begin(group);
    groups.within(group, () => units.push(...followAll(reading, new Set())));
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
