/** What is predicted before a run, in the words of a lens. */
import type { ModelPredictions, OptimizerPredictions } from "../../analyses/beforeRun/beforeRun.ts";
import type { Prediction } from "../../analyses/beforeRun/prediction.ts";
import { shortNumber } from "../runListing.ts";
import { digits } from "./runTexts.ts";

type Known = Extract<Prediction, { known: true }>;

/** "203,530 parameters · step-0 loss 2.30 · gain ×0.04 over 12 layers"; what is unknown is not in it. */
export function modelText({ parameters, firstLoss, signal }: ModelPredictions): string {
  return [
    parameters.known && parameters.value > 0 ? `${countText(parameters.value)} parameters` : "",
    firstLoss?.known === true && isNarrow(firstLoss) ? `step-0 loss ${rangeText(firstLoss, lossText)}` : "",
    signal.gain.known ? `gain ×${gainText(signal.gain)} over ${signal.depth} layers` : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** "sharpness ceiling 2/η = 20"; empty where theory names none. */
export function ceilingText({ ceiling }: OptimizerPredictions): string {
  return ceiling.known ? `sharpness ceiling ${ceiling.how} = ${digits(ceiling.value)}` : "";
}

/** Groups of three digits: "203,530". */
export function countText(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1.6 kB", in powers of a thousand. */
export function bytesText(value: number): string {
  return `${scaled(value)}B`;
}

/** "0.41 MFLOP". */
export function operationsText(value: number): string {
  return `${scaled(value)}FLOP`;
}

/** "τ = 100,000 steps". */
export function stepsText(value: number): string {
  return `${countText(Number(value.toPrecision(3)))} steps`;
}

export function lossText(value: number): string {
  return value.toFixed(2);
}

/** "12 layers"; beyond a thousand nobody stacks more. */
export function depthText(value: number): string {
  return value > 1000 ? "any number of layers" : `${digits(value)} layers`;
}

/** What is less certain than this is told in the hover alone. */
function isNarrow({ low, high }: Known): boolean {
  return high <= 2 * low;
}

/** One number where networks of these widths scatter about it, both ends where more than that is open. */
function gainText({ value, low, high }: Known): string {
  return high <= 4 * low ? digits(value) : `${digits(low)} to ${digits(high)}`;
}

/** One number where both ends lie within 5 % of each other, else both. */
function rangeText(prediction: Known, text: (value: number) => string): string {
  const { value, low, high } = prediction;
  return high <= 1.05 * low ? text(value) : `${text(low)} to ${text(high)}`;
}

const prefixes = ["", "k", "M", "G", "T", "P"];

function scaled(value: number): string {
  const power = value < 1000 ? 0 : Math.min(prefixes.length - 1, Math.floor(Math.log10(value) / 3));
  return `${shortNumber(Number((value / 1000 ** power).toPrecision(3)))} ${prefixes[power] ?? ""}`;
}
