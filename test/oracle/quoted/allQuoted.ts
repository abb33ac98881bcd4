import type { QuotedNumber } from "./quotedNumber.ts";
import { quotedOfSignals } from "./signals.ts";

/** By the law's number, what is quoted for it, found again when asked. */
export const quotedNumbers: Readonly<Record<string, () => readonly QuotedNumber[]>> = {
  L13: quotedOfSignals,
};
