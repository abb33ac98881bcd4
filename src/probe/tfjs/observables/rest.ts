/** How long an observable rests after a measurement: steps at least, and as a part of those done. */
export interface Rest {
  readonly steps: number;
  readonly part: number;
}

/** The step until which it does. */
export function restedAt(step: number, { steps, part }: Rest): number {
  return step + Math.max(steps, Math.ceil(part * step));
}
