/** What was found in the sections of a text, so that reading it again after an edit follows those alone that the edit may concern. */
import type { SourcePosition } from "../places.ts";
import type { ModelSketch } from "../sketch/modelSketch.ts";
import type { FoundModel, FoundOptimizer, FoundTraining } from "./found.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { joinFlags, type Flags, type FoundParts, type Group } from "./group.ts";
import type { Reading } from "./reading.ts";
import { lastBegun, type Section } from "./section.ts";
import type { Syntax } from "./syntax.ts";
import type { ObjectValue, Value } from "./value.ts";

/** Stands for a model or an optimizer of an earlier reading. */
class Former implements ObjectValue {
  readonly kind = "object";

  member(): Value {
    return { kind: "unbound" };
  }
}

interface KeptModel {
  readonly value: ObjectValue;
  readonly sketch: ModelSketch | undefined;
}

interface KeptParts extends Omit<FoundParts, "models"> {
  readonly models: readonly KeptModel[];
}

interface Kept {
  readonly roots: readonly number[];
  /** Of what was read that is not of its own section, the fingerprint of each. */
  readonly names: ReadonlyMap<string, string>;
  /** Sections that are to be followed together with it, itself among them. */
  readonly together: readonly Section[];
  readonly parts: KeptParts;
  readonly flags: Flags;
  readonly steps: number;
}

export class Memo {
  #kept = new Map<Section, Kept>();
  /** What the script itself left behind that all groups may depend on. */
  #state = "";
  #lines: readonly { readonly section: Section; readonly line: number }[] = [];

  clear(): void {
    this.#kept.clear();
  }

  /** To be called when the script itself was followed: forgets what may be otherwise now, and moves the rest to where it stands. */
  begin(root: Syntax, groups: readonly Group[], fingerprints: Fingerprints, state: string): void {
    if (state !== this.#state) this.clear();
    this.#state = state;
    const bySection = new Map(groups.map((each) => [each.section, each]));
    const isSame = (section: Section): boolean => {
      const group = bySection.get(section);
      const kept = this.#kept.get(section);
      if (kept === undefined || group?.roots.length !== kept.roots.length) return false;
      if (!kept.roots.every((root, index) => group.roots[index] === root)) return false;
      for (const [name, text] of kept.names) if (fingerprints.of(name)?.text !== text) return false;
      return true;
    };
    const same = new Set([...this.#kept.keys()].filter(isSame));
    const move = this.#move();
    const kept = [...this.#kept].filter(([, { together }]) => together.every((each) => same.has(each)));
    this.#kept = new Map(
      kept.map(([section, each]) => [section, move === undefined ? each : { ...each, parts: moved(each.parts, move) }]),
    );
    this.#lines = root.children.map(({ section }) => ({ section, line: section.line }));
  }

  has(section: Section): boolean {
    return this.#kept.has(section);
  }

  /** Finds again what was found in a group that need not be followed. */
  recall(group: Group, reading: Reading): void {
    const kept = this.#kept.get(group.section);
    if (kept === undefined) return;
    const { models, optimizers, losses, trainings } = kept.parts;
    reading.models.push(...models.map(({ value, sketch }): FoundModel => ({ value, sketch: () => sketch })));
    reading.optimizers.push(...optimizers);
    reading.losses.push(...losses);
    reading.trainings.push(...trainings);
    group.flags = joinFlags(group.flags, kept.flags);
    reading.count(kept.steps);
  }

  /** Keeps what was found in groups that were followed, with the models' sketches made. */
  keep(followed: readonly Group[], fingerprints: Fingerprints, found: ReadonlyMap<Group, FoundParts>): void {
    for (const cluster of clustersOf(followed, fingerprints)) {
      const isOdd = cluster.some(({ watch }) => watch === undefined || watch.isOdd);
      const names = isOdd ? [] : cluster.map(({ watch }) => named(watch?.names ?? [], fingerprints));
      if (isOdd || names.includes(undefined)) continue;
      const together = cluster.map(({ section }) => section);
      const former = formers(cluster.flatMap((each) => found.get(each) ?? []));
      for (const [index, group] of cluster.entries()) {
        const { section, flags, steps } = group;
        const own = found.get(group);
        if (own === undefined) continue;
        const parts = keptParts(own, former);
        this.#kept.set(section, {
          roots: group.roots,
          names: names[index] ?? new Map<string, string>(),
          together,
          parts,
          flags,
          steps,
        });
      }
    }
  }

  /** From a line at the last reading to the line that it has become; undefined where none has moved. */
  #move(): ((line: number) => number) | undefined {
    const lines = this.#lines;
    if (lines.every(({ section, line }) => section.line === line)) return undefined;
    return (line) => {
      const found = lastBegun(lines, line);
      return found === undefined ? line : line + found.section.line - found.line;
    };
  }
}

/** Undefined where one of them cannot be told from another value. */
function named(names: Iterable<string>, fingerprints: Fingerprints): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  for (const name of names) {
    const fingerprint = fingerprints.of(name);
    if (fingerprint === undefined) return undefined;
    found.set(name, fingerprint.text);
  }
  return found;
}

/** Groups that follow, or may follow, each other's functions. */
function clustersOf(groups: readonly Group[], fingerprints: Fingerprints): readonly (readonly Group[])[] {
  const clusterOf = new Map<Section, Group[]>(groups.map((each) => [each.section, [each]]));
  for (const group of groups) {
    for (const section of linksOf(group, fingerprints)) {
      const [one, other] = [clusterOf.get(group.section), clusterOf.get(section)];
      if (one === undefined || other === undefined || one === other) continue;
      one.push(...other);
      for (const each of other) clusterOf.set(each.section, one);
    }
  }
  return [...new Set(clusterOf.values())];
}

/** Sections of other functions and classes that were followed, or that stand for something that was read. */
export function linksOf({ watch }: Group, fingerprints: Fingerprints): ReadonlySet<Section> {
  const read = [...(watch?.names ?? [])].flatMap((name) => fingerprints.of(name)?.sections ?? []);
  return new Set([...read, ...(watch?.sections ?? [])]);
}

function formers(all: readonly FoundParts[]): ReadonlyMap<Value, Former> {
  const values = all.flatMap(({ models, optimizers }) => [...models, ...optimizers].map(({ value }): Value => value));
  return new Map([...new Set(values)].map((value) => [value, new Former()]));
}

function keptParts(parts: FoundParts, former: ReadonlyMap<Value, Former>): KeptParts {
  const of = (value: Value | undefined) => (value === undefined ? undefined : former.get(value));
  return {
    models: parts.models.map(({ value, sketch }) => ({ value: of(value) ?? new Former(), sketch: sketch() })),
    optimizers: parts.optimizers.map((each): FoundOptimizer => ({
      ...each,
      value: of(each.value) ?? new Former(),
      model: of(each.model),
    })),
    losses: parts.losses,
    trainings: parts.trainings.map((each): FoundTraining => ({
      ...each,
      model: of(each.model),
      optimizer: of(each.optimizer),
    })),
  };
}

/** The same with all places elsewhere. */
function moved<T>(value: T, move: (line: number) => number): T {
  if (typeof value !== "object" || value === null || value instanceof Former) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => moved(each, move)) as T;
  if (isPosition(value)) return { ...value, line: move(value.line) };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moved<unknown>(each, move)])) as T;
}

function isPosition(value: object): value is SourcePosition {
  return "line" in value && "column" in value;
}
