/** The groups of a script, and whose it is that something was found, counted or read. */
import type { FoundModel } from "./found.ts";
import { joinFlags, type FoundParts, type Group } from "./group.ts";
import type { Reading } from "./reading.ts";
import type { Section } from "./section.ts";
import { Cell } from "./value.ts";
import { Watch } from "./watch.ts";

export class Groups {
  readonly reading: Reading;
  /** Those with classes last, and a class that is defined later first: it is more likely to be made of the others than part of them. */
  readonly all: readonly Group[];
  /** Those that were not followed, because it is known what is found. */
  readonly recalled: Group[] = [];
  /** Whose each thing is that was found. */
  readonly #owners = new WeakMap<object, Group>();

  /** To be made when the script itself was followed. */
  constructor(reading: Reading) {
    this.reading = reading;
    this.all = groupsOf(reading);
  }

  get followed(): readonly Group[] {
    return this.all.filter((each) => !this.recalled.includes(each));
  }

  /** To be called before a group is followed. */
  begin(group: Group): void {
    group.watch = new Watch(Cell.next);
    const isOuter = [...group.functions.values()].every(({ making }) => making.isOuter);
    // What is known of an instance that the script itself has made is not only in what has a name.
    if (!isOuter || group.classes.some(({ instance }) => instance !== undefined)) group.watch.isOdd = true;
  }

  /** What `run` finds, counts, reads and says of the whole script is the group's. */
  within<T>(group: Group, run: () => T): T {
    const { reading } = this;
    const { watch } = Cell;
    const { flags, steps } = reading;
    const from = reading.mark();
    reading.flags = {};
    Cell.watch = group.watch;
    try {
      return run();
    } finally {
      Cell.watch = watch;
      group.flags = joinFlags(group.flags, reading.flags);
      reading.flags = flags;
      group.steps += reading.steps - steps;
      this.#own(group, from);
    }
  }

  /** To be called where groups change what is not theirs: all is found anew, and belongs to none. */
  cross(): void {
    for (const each of this.all) each.watch = undefined;
    this.joinFlags();
  }

  /** Says of the script what the groups say of it, the first of them first. */
  joinFlags(): void {
    for (const { flags } of this.all) this.reading.flags = joinFlags(this.reading.flags, flags);
  }

  /** What was found in each of them; to be asked when all of the script is read. */
  get parts(): ReadonlyMap<Group, FoundParts> {
    const { reading } = this;
    const byGroup = <T extends object>(found: readonly T[]) => Map.groupBy(found, (each) => this.#owners.get(each));
    const models = byGroup(reading.models);
    const optimizers = byGroup(reading.optimizers);
    const losses = byGroup(reading.losses);
    const trainings = byGroup(reading.trainings);
    const of = (group: Group): FoundParts => ({
      models: models.get(group) ?? [],
      optimizers: optimizers.get(group) ?? [],
      losses: losses.get(group) ?? [],
      trainings: trainings.get(group) ?? [],
    });
    return new Map(this.all.map((group) => [group, of(group)]));
  }

  #own(group: Group, [models = 0, ...others]: readonly number[]): void {
    const { reading } = this;
    for (let index = models; index < reading.models.length; index++) {
      const found = reading.models[index];
      if (found === undefined || this.#owners.has(found)) continue;
      const own = this.#sketchedOnce(group, found);
      reading.models[index] = own;
      this.#owners.set(own, group);
    }
    for (const [place, list] of [reading.optimizers, reading.losses, reading.trainings].entries())
      for (const each of list.slice(others[place] ?? 0)) this.#owners.set(each, group);
  }

  #sketchedOnce(group: Group, { value, sketch }: FoundModel): FoundModel {
    let made: { readonly sketch: ReturnType<typeof sketch> } | undefined;
    return { value, sketch: () => (made ??= { sketch: this.within(group, sketch) }).sketch };
  }
}

function groupsOf({ functions, classes, followed }: Reading): readonly Group[] {
  interface Begun extends Group {
    readonly roots: number[];
  }
  const groups = new Map<Section, Begun>();
  const groupOf = (section: Section) => {
    const found = groups.get(section);
    if (found !== undefined) return found;
    const made: Begun = {
      section,
      functions: new Map(),
      classes: [],
      roots: [],
      flags: {},
      steps: 0,
      watch: undefined,
    };
    groups.set(section, made);
    return made;
  };
  for (const [site, each] of functions) {
    const group = groupOf(each.making.section);
    group.functions.set(site, each);
    group.roots.push(followed.has(site) ? -site : site);
  }
  for (const each of classes) {
    const group = groupOf(each.making.section);
    group.classes.push(each);
    group.roots.push(each.instantiated ? -each.making.site : each.making.site);
  }
  const all = [...groups.values()];
  const withClasses = all.filter((each) => each.classes.length > 0);
  return [...all.filter((each) => each.classes.length === 0), ...withClasses.toReversed()];
}
