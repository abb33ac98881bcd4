/** What a run measured, in the words of a hint. */
import { shortNumber } from "../runListing.ts";
import type { InlineModule, InlineReading, InlineRun } from "./inlineRun.ts";

/** "η·λ = 1.94 of 2", or "sharpness 352 of 380" where the limit is not 2/η; empty where either was not measured. */
export function sharpnessText({ threshold, lastSharpness }: InlineRun): string {
  if (threshold === undefined || lastSharpness === undefined) return "";
  const { value } = lastSharpness;
  if (threshold.formula === "2/η") return `η·λ = ${digits((2 * value) / threshold.value)} of 2`;
  return `sharpness ${digits(value)} of ${digits(threshold.value)}`;
}

/** "noise scale 310"; empty where it was not measured, or is not above zero, as when noise hides the gradient. */
export function noiseText({ noiseScale }: InlineRun): string {
  return noiseScale === undefined || !(noiseScale.value > 0) ? "" : `noise scale ${digits(noiseScale.value)}`;
}

/** "rank 34 of 256 · 0 % dead · update 1.1e−3" of the layers that one line makes, with the smallest and largest of several. */
export function layersText(modules: readonly InlineModule[]): string {
  const over = (base: string) => modules.flatMap(({ readings }) => readings[base]?.value ?? []);
  const units = [...new Set(modules.map((module) => module.units))];
  const [of] = units.length === 1 ? units : [];
  const rank = spanText(over("activation/effectiveRank"), (value) => String(Number(value.toPrecision(2))));
  const dead = spanText(over("activation/deadFraction"), percent);
  const update = spanText(over("update/relative"), digits);
  return [
    rank === "" ? "" : `rank ${rank}${of === undefined ? "" : ` of ${of}`}`,
    dead === "" ? "" : `${dead} % dead`,
    update === "" ? "" : `update ${update}`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

/** "± 1e−3"; undefined where the method has no bound. */
export function errorText({ error }: InlineReading): string | undefined {
  return Number.isNaN(error) ? undefined : `± ${digits(error)}`;
}

/** Two significant digits from 0 to 100, and never a false zero. */
export function percent(share: number): string {
  return shortNumber(Number((100 * share).toPrecision(2)));
}

/** Three significant digits. */
export function digits(value: number): string {
  return shortNumber(Number.isFinite(value) ? Number(value.toPrecision(3)) : value);
}

/** Three digits that are not above the number, as both languages write them. */
export function roundedDown(value: number): string {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
  return String(Number((Math.floor(value / unit) * unit).toPrecision(3)));
}

/** "12", or "12 to 34" where they differ as written; empty for none. */
function spanText(values: readonly number[], text: (value: number) => string): string {
  if (values.length === 0) return "";
  const broken = values.find(Number.isNaN);
  if (broken !== undefined) return text(broken);
  const [least, most] = [text(Math.min(...values)), text(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}
