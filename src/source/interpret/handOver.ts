/** What becomes of values that are handed to code that is not known. */
import type { Given } from "./given.ts";
import type { Reading } from "./reading.ts";
import { itemsOf, unknown, type Value } from "./value.ts";

/** Whoever is handed a value may change it. Once training has begun, how weights began no longer changes. */
export function handOver(reading: Reading, given: Given, to: string): void {
  for (const each of given.all) if (each.kind === "object") each.handedOn?.(to, given.range);
  if (reading.hasTrained) return;
  for (const each of given.all) lose(reading, each, to);
}

function lose(reading: Reading, value: Value, to: string): void {
  if (value.kind === "object") value.escape?.(to);
  else if (value.kind === "list") {
    for (const item of itemsOf(value) ?? []) if (item !== value) lose(reading, item, to);
    reading.memory.write(value.content, unknown(`handed to ${to}`));
  } else if (value.kind === "tuple") for (const item of value.items) lose(reading, item, to);
}
