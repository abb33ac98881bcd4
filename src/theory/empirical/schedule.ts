/** A learning-rate schedule as knots, between which the learning rate moves in a straight line, but for jumps. */
export interface Schedule {
  /** Of the knots, from 0, rising. */
  readonly steps: readonly number[];
  /** η at them; at a jump, that after it. */
  readonly rates: readonly number[];
  /** Whether η stayed since the knot before, and jumps at this one. */
  readonly jumps: readonly boolean[];
}

/** Part of η by which it must change in one step to count as a jump. */
const jump = 0.15;

/** Knots of a schedule that does not jump: with twice as many, final losses of language models move by less than 1e-4. */
const knots = 128;

/** More knots than this are no schedule but noise. */
const mostKnots = 512;

/**
 * The knots of a schedule of so many steps; undefined where η is not a number, negative, or jumps all the time.
 * @param rateAt η at a step, 0 ≤ step < steps
 */
export function scheduleOf(rateAt: (step: number) => number, steps: number): Schedule | undefined {
  const stride = Math.max(1, Math.ceil(steps / knots));
  const at: number[] = [];
  const jumps: boolean[] = [];
  for (let step = 0; step < steps; step++) {
    const [before, now] = [rateAt(Math.max(0, step - 1)), rateAt(step)];
    if (!(now >= 0 && now < Infinity) || at.length > mostKnots) return undefined;
    const jumped = Math.abs(now - before) > jump * Math.max(now, before);
    if (jumped && at.at(-1) !== step - 1) {
      at.push(step - 1);
      jumps.push(false);
    }
    if (jumped || step % stride === 0 || step === steps - 1) {
      at.push(step);
      jumps.push(jumped);
    }
  }
  return { steps: at, rates: at.map(rateAt), jumps };
}
