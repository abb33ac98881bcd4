/** How the residual stream of a fresh network grows from sum to sum. */
import type { RunView } from "../runView.ts";

/** The stream's mean squares before the first sum and after each, before the first step. */
export type StreamProfile = readonly number[];

/** Undefined where it was not measured then, or does not grow: nothing is told of blocks that begin at zero. */
export function streamProfile(view: RunView): StreamProfile | undefined {
  const first = view.vectors("stream/rms")[0];
  if (first?.step !== 0 || first.values.length < 3) return undefined;
  const squares = first.values.map((value) => value ** 2);
  const [start = NaN, end = NaN] = [squares[0], squares.at(-1)];
  return start > 0 && end > start && squares.every((value) => value > 0 && value < Infinity) ? squares : undefined;
}

export function sumsOf(profile: StreamProfile): number {
  return profile.length - 1;
}

/** Whether each sum adds the same, in units of the stream's first mean square, or multiplies it by the same factor. */
export type GrowthForm = "added" | "multiplied";

/** How much of the stream's mean square a sum brings. */
export function rateOf(profile: StreamProfile, form: GrowthForm): number {
  const [sums, growth] = [sumsOf(profile), (profile.at(-1) ?? NaN) / (profile[0] ?? NaN)];
  return form === "added" ? (growth - 1) / sums : growth ** (1 / sums) - 1;
}

/** The last mean square over the first, after so many sums at a rate. */
export function growthAfter(rate: number, sums: number, form: GrowthForm): number {
  return form === "added" ? 1 + rate * sums : (1 + rate) ** sums;
}

/** ln of by how much the first half of the sums makes the stream grow. */
export function halfGrowth(profile: StreamProfile): number {
  return Math.log((profile[Math.floor(sumsOf(profile) / 2)] ?? NaN) / (profile[0] ?? NaN));
}

/** The form by what the second half of the sums brings over what the first does: 1 if added, as much as that has grown by if multiplied. */
export function formOf(profile: StreamProfile): GrowthForm {
  const half = Math.floor(sumsOf(profile) / 2);
  const [start = NaN, middle = NaN, end = NaN] = [profile[0], profile[half], profile[2 * half]];
  return Math.log((end - middle) / (middle - start)) < halfGrowth(profile) / 2 ? "added" : "multiplied";
}
