/** What an observable's name says: `family/what[@where][/companion]`. Pure. */

/** What goes with a value: what chance alone would give, or the ends of its interval of confidence. */
export type Companion = "null" | "low" | "high";

export interface ObservableName {
  readonly name: string;
  /** `family/what`: what all layers, and all companions, have in common. */
  readonly base: string;
  /** The layer, the pair of layers or the sample; empty where it is of the whole. */
  readonly where: string;
  readonly companion?: Companion;
}

const parts = /^([^@]*?)(?:@(.*?))?(?:\/(null|low|high))?$/s;

export function readName(name: string): ObservableName {
  const [, base = name, where = "", companion] = parts.exec(name) ?? [];
  return { name, base, where, ...(companion !== undefined && { companion: companion as Companion }) };
}

/** An observable of one chart with what goes with it. */
export interface Grouped {
  readonly main: ObservableName;
  readonly companions: readonly ObservableName[];
}

/** Puts companions with what they belong to, in the order given; one that belongs to nothing there is stands for itself. */
export function grouped(names: readonly string[]): readonly Grouped[] {
  const read = names.map(readName);
  const mains = new Set(read.filter(({ companion }) => companion === undefined).map(keyOf));
  const isMain = (each: ObservableName) => each.companion === undefined || !mains.has(keyOf(each));
  return read.filter(isMain).map((main) => ({
    main,
    companions: read.filter((each) => !isMain(each) && keyOf(each) === keyOf(main)),
  }));
}

function keyOf({ base, where }: ObservableName): string {
  return `${base}@${where}`;
}
