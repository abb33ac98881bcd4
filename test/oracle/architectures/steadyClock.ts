/** Milliseconds. */
const pace = 30;

/**
 * Runs something for which each look at the clock is 30 ms after the last one. Observables that take fewer layers or examples where
 * the machine is slow then take the same ones on every backend and machine: all layers, and a part of the examples.
 */
export function atSteadyPace<T>(run: () => T): T {
  let now = performance.now();
  performance.now = () => (now += pace);
  try {
    return run();
  } finally {
    // What is on the prototype is the machine's own clock.
    Reflect.deleteProperty(performance, "now");
  }
}
