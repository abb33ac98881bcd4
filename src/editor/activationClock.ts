/** Times what runs without a pause on this thread. */

/** `process.threadCpuUsage` came with Node 23.9; the oldest editor that we run in may have an older one. */
const node: { readonly threadCpuUsage?: typeof process.threadCpuUsage } = process;

/**
 * Returns what gives the milliseconds of its own time that this thread has taken since, which a busy machine does not change.
 * Where Node cannot tell, the smaller of two bounds that are never below it: time on the wall, which counts other
 * processes' turns too, and time of all threads of this process.
 */
export function startClock(): () => number {
  const thread = node.threadCpuUsage?.();
  if (thread !== undefined) return () => milliseconds(process.threadCpuUsage(thread));
  const [wall, all] = [performance.now(), process.cpuUsage()];
  return () => Math.min(performance.now() - wall, milliseconds(process.cpuUsage(all)));
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
