/** Functions and classes that a script hands to others, or to nobody: who calls them, and when, is not known. */
import { Closure } from "./closure.ts";
import type { Reading } from "./reading.ts";

/**
 * Follows all that was not followed on the way. Once to see what they assign, for they may be called in any order, and which call
 * which; and once more to keep what they make, those first that no other one calls: what they call, they call with values.
 */
export function followRest(reading: Reading): void {
  const before = new Set(reading.followed);
  reading.alone = true;
  reading.rehearse(() => {
    followAll(reading);
  });
  for (const site of reading.followed) if (!before.has(site)) reading.followed.delete(site);
  const called = new Set(reading.calledWithin);
  followAll(reading, called);
  followAll(reading);
  reading.alone = false;
}

/** All functions and methods but those at `later`, and all classes. */
function followAll(reading: Reading, later: ReadonlySet<number> = new Set()): void {
  const methods = new Set(reading.classes.flatMap(({ making }) => making.members.all.map(([, value]) => value)));
  const sites = new Set([...methods].flatMap((each) => (each instanceof Closure ? [each.making.site] : [])));
  const untouched = (each: Closure) => !reading.followed.has(each.making.site) && !later.has(each.making.site);
  for (const each of [...reading.functions.values()]) {
    if (untouched(each) && !sites.has(each.making.site)) each.followAlone();
  }
  // A class that is defined later is more likely to be made of the others than to be part of them.
  for (const each of reading.classes.toReversed()) if (!each.instantiated) each.making.make(each, undefined);
  for (const { instance, making } of [...reading.classes]) {
    for (const [, value] of making.members.all) {
      if (value instanceof Closure && untouched(value))
        (instance === undefined ? value : value.bind(instance)).followAlone();
    }
  }
}
