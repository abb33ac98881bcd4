/**
 * How far two representations agree about which examples are near each other, as mutual k nearest neighbours (Huh et al. 2024, §2), and what that
 * would be by chance.
 *
 * Each has, for each of its n examples, the k nearest others. Two of them are compared on the examples that both have: of each list those among them,
 * in their order, as many as both lists have. The share of common members is k/(n − 1) by chance where all examples are shared; that of representations
 * whose examples are shuffled tells how much chance scatters.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Whose neighbours are whose in a representation. */
export interface Neighbourhoods {
  /** A number for each example, the same in every run. */
  readonly examples: readonly number[];
  /** For each of them, the places of its nearest others among them, the nearest first. */
  readonly nearest: readonly (readonly number[])[];
}

export interface Agreement {
  /** Examples that both have. */
  readonly shared: number;
  /** Mean share of common neighbours. */
  readonly share: number;
  /** What it is on average by chance. */
  readonly chance: number;
  /** 95 % quantile over shuffled examples. */
  readonly critical: number;
}

const shuffles = 99;
/** Of the shuffled shares, in descending order, the place of the 95 % quantile: a right-tail probability of 5/100. */
const criticalPlace = 4;

/** From a recorded vector, k places for each example in turn; undefined where it is no such list. */
export function neighbourhoodsOf(examples: readonly number[], places: readonly number[]): Neighbourhoods | undefined {
  const count = examples.length;
  const k = places.length / count;
  const isPlace = (value: number) => Number.isInteger(value) && value >= 0 && value < count;
  if (!Number.isInteger(k) || k < 1 || new Set(examples).size < count || !places.every(isPlace)) return undefined;
  return { examples, nearest: examples.map((_, index) => places.slice(index * k, (index + 1) * k)) };
}

/** How many examples both have. */
export function sharedExamples(one: readonly number[], other: readonly number[]): number {
  const known = new Set(one);
  return other.reduce((count, example) => count + (known.has(example) ? 1 : 0), 0);
}

/** Undefined where no neighbours are left to be compared. */
export function agreementOf(one: Neighbourhoods, other: Neighbourhoods): Agreement | undefined {
  const known = new Set(one.examples);
  const common = other.examples.filter((example) => known.has(example));
  const [here, there] = [one, other].map((each) => among(each, common));
  if (here === undefined || there === undefined) return undefined;
  const order = common.map((_, place) => place);
  const { share, chance } = overlap(here, there, order);
  if (Number.isNaN(share)) return undefined;
  const generator = xoroshiro128plus(1);
  const shuffled = Array.from({ length: shuffles }, () => {
    for (let place = order.length - 1; place > 0; place--) {
      const target = uniformInt(generator, 0, place);
      [order[place], order[target]] = [order[target] ?? 0, order[place] ?? 0];
    }
    return overlap(here, there, order).share;
  });
  const critical = shuffled.toSorted((a, b) => b - a)[criticalPlace] ?? NaN;
  return { shared: common.length, share, chance, critical };
}

/** Lists of neighbours among some examples, by their places there. */
function among({ examples, nearest }: Neighbourhoods, common: readonly number[]): readonly (readonly number[])[] {
  const places = new Map(common.map((example, place) => [example, place]));
  const own = new Map(examples.map((example, index) => [example, index]));
  return common.map((example) =>
    (nearest[own.get(example) ?? -1] ?? []).flatMap((index) => places.get(examples[index] ?? NaN) ?? []),
  );
}

/** Share of common members where the second's examples are taken for others, `order` giving which; and what chance would make it. */
function overlap(
  here: readonly (readonly number[])[],
  there: readonly (readonly number[])[],
  order: readonly number[],
): { readonly share: number; readonly chance: number } {
  const isNear = new Uint32Array(here.length);
  let [common, all, squares] = [0, 0, 0];
  there.forEach((list, index) => {
    const place = order[index] ?? 0;
    const mine = here[place] ?? [];
    const length = Math.min(mine.length, list.length);
    for (let at = 0; at < length; at++) isNear[mine[at] ?? 0] = index + 1;
    for (let at = 0; at < length; at++) if (isNear[order[list[at] ?? 0] ?? 0] === index + 1) common++;
    all += length;
    squares += length ** 2;
  });
  return { share: common / all, chance: squares / all / (here.length - 1) };
}

/**
 * The calibrated score: 0 at the critical value of chance, 1 where all neighbours are common.
 * Source: Gröger et al. 2026, of scores that are 1 at most.
 */
export function calibrated({ share, critical }: Pick<Agreement, "share" | "critical">): number {
  return (share - critical) / (1 - critical);
}
