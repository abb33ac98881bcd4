export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The value below which a share of all lies, between neighbours along a straight line. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return below + (at % 1) * (above - below);
}

/** What is found for each seed from 1 on. */
export function ofSeeds<T>(count: number, found: (seed: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => found(index + 1));
}
