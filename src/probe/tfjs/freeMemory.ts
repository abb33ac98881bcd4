/** Milliseconds for which an answer is good: asking the system takes longer than a small step. */
const patience = 500;

let last: { readonly bytes: number; readonly at: number } | undefined;

/** Bytes that this process can still allocate, by what the system says and by limits set to the process. */
export function freeMemory(): number {
  const now = performance.now();
  if (last === undefined || now - last.at > patience) last = { bytes: process.availableMemory(), at: now };
  return last.bytes;
}
