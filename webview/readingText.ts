import type { Reading } from "../src/editor/messages.ts";
import { boundText, countText, valueText } from "./numberText.ts";

/** How a point was measured, as "Step 1,480: 39.9 ± 1e−3 by Lanczos, 5 products, warm start; batch of 64; cost 3 ms". */
export function measuredText({ step, value, error, measurement }: Reading): string {
  if (measurement === undefined) return "";
  const { method, sample, cost } = measurement;
  const bound = Number.isNaN(error) ? "" : ` ± ${boundText(error)}`;
  return [
    `Step ${countText(step)}: ${valueText(value)}${bound}, ${method}`,
    sample === undefined ? "" : `${countText(sample)} ${sample === 1 ? "example" : "examples"}`,
    `cost ${costText(cost)}`,
  ]
    .filter((part) => part !== "")
    .join("; ");
}

function costText(seconds: number): string {
  if (seconds >= 1) return `${seconds.toPrecision(2)} s`;
  if (seconds >= 1e-3) return `${String(Number((seconds * 1e3).toPrecision(2)))} ms`;
  return `${String(Number((seconds * 1e6).toPrecision(2)))} µs`;
}
