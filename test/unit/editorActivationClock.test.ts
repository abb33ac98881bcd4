import { afterEach, expect, test } from "vitest";
import { startClock } from "../../src/editor/activationClock.ts";

const own = Object.getOwnPropertyDescriptor(process, "threadCpuUsage");
const threadTime = process.threadCpuUsage.bind(process);

afterEach(() => {
  if (own !== undefined) Object.defineProperty(process, "threadCpuUsage", own);
});

/** Works until this thread has taken 20 ms; returns what was measured, and bounds of what was to be measured. */
function work() {
  const [wall, before] = [performance.now(), threadTime()];
  const elapsed = startClock();
  const start = threadTime();
  let least = 0;
  do {
    const { user, system } = threadTime(start);
    least = (user + system) / 1000;
  } while (least < 20);
  const measured = elapsed();
  const { user, system } = threadTime(before);
  return { measured, least, most: (user + system) / 1000, wall: performance.now() - wall };
}

test("the clock shows this thread's own time", () => {
  const { measured, least, most } = work();
  expect(measured).toBeGreaterThanOrEqual(least);
  expect(measured).toBeLessThanOrEqual(most);
});

test("under a Node that cannot tell it, the clock shows no less than that, and no more than the time on the wall", () => {
  Object.defineProperty(process, "threadCpuUsage", { value: undefined, configurable: true });
  const { measured, least, wall } = work();
  // Clocks of different sources differ by their resolution, which is 1 ms at most here and there.
  expect(measured).toBeGreaterThan(least - 1);
  expect(measured).toBeLessThanOrEqual(wall);
});
