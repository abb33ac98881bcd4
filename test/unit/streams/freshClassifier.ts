import type { HistoryRecord } from "../../../src/theory/history.ts";
import { gaussians } from "../../oracle/tinyNetwork.ts";
import { measured, opening, stepped } from "../theoryStreams.ts";

export interface FreshClassifier {
  readonly classes: number;
  readonly examples: number;
  /** Standard deviation of a logit over networks, about. */
  readonly size: number;
  readonly seed: number;
}

const [inputs, hidden] = [12, 24];

/** The cross-entropy of a network of rectifiers before its first step, on labels that know nothing of it, and what a probe records of its logits. */
export function freshClassifier({ classes, examples, size, seed }: FreshClassifier): HistoryRecord[] {
  const next = gaussians(seed);
  const layer = (from: number, to: number, deviation: number) =>
    Array.from({ length: to }, () => Array.from({ length: from }, () => deviation * next()));
  const first = layer(inputs, hidden, Math.sqrt(2 / inputs));
  const second = layer(hidden, classes, size / Math.sqrt(hidden));
  let [loss, variance, largest] = [0, 0, 0];
  for (let example = 0; example < examples; example++) {
    const x = Array.from({ length: inputs }, next);
    const units = first.map((row) => Math.max(0, inner(row, x)));
    const logits = second.map((row) => inner(row, units));
    // As even a draw as the generator gives, and of no logit's own numbers.
    const label = Math.min(classes - 1, Math.floor(classes * Math.exp(-(next() ** 2 + next() ** 2) / 2)));
    const mean = logits.reduce((sum, each) => sum + each, 0) / classes;
    const normalizer = Math.log(logits.reduce((sum, each) => sum + Math.exp(each), 0));
    loss += (normalizer - (logits[label] ?? NaN)) / examples;
    variance += logits.reduce((sum, each) => sum + (each - mean) ** 2, 0) / classes / examples;
    largest = Math.max(largest, ...logits.map(Math.abs));
  }
  return [
    ...opening({ objective: { kind: "crossEntropy", classes }, batch: examples, examples }),
    measured(0, { "logit/variance": variance, "logit/max": largest }),
    stepped(0, loss),
    ...[1, 2, 3, 4].map((step) => stepped(step, loss)),
    { t: "end", step: 5, how: "finished" },
  ];
}

function inner(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, each, index) => sum + each * (other[index] ?? NaN), 0);
}
