/**
 * Trains in blocks, in turn with measuring off and at a budget, which it sets through the run's control file; prints the steps
 * and seconds of either kind, pair by pair. Before that everything is measured a few times, and a first pair of blocks passes uncounted, so that
 * first measurements are past and what is saved and owed is as it will be at the end.
 *
 * Arguments: the control file, examples, inputs, width, milliseconds that each step waits as for data, and the blocks as JSON:
 * { budget, pairs, off, on }, off and on in seconds.
 */
import { appendFileSync } from "node:fs";
import { trainedNetwork } from "./trainedNetwork.mjs";

const [control, ...rest] = process.argv.slice(2);
const [examples, inputSize, width, pause] = rest.map(Number);
const train = await trainedNetwork(examples, inputSize, width);
const nobody = new Int32Array(new SharedArrayBuffer(4));

function step() {
  if (pause > 0) Atomics.wait(nobody, 0, 0, pause);
  train();
}

/**
 * The probe looks at the file between steps, every ten milliseconds at most: the steps until it surely has count with those that are
 * measured, of which they are few, and whose measurements they may hold.
 */
function setBudget(fraction, sum) {
  appendFileSync(control, `${JSON.stringify({ do: "budget", fraction })}\n`);
  block(0.012, sum);
}

function block(seconds, sum) {
  const start = performance.now();
  do {
    step();
    sum.steps++;
  } while (performance.now() - start < 1000 * seconds);
  sum.seconds += (performance.now() - start) / 1000;
}

function pair({ budget, off, on }, sums) {
  setBudget(0, sums.on);
  block(off, sums.off);
  setBudget(budget, sums.on);
  block(on, sums.on);
}

const none = () => ({ off: { steps: 0, seconds: 0 }, on: { steps: 0, seconds: 0 } });
const blocks = JSON.parse(rest[4]);
setBudget(1, none().on);
for (let warm = 0; warm < 8; warm++) step();
pair(blocks, none());
const pairs = Array.from({ length: blocks.pairs }, () => {
  const sums = none();
  pair(blocks, sums);
  return sums;
});
console.log(`result ${JSON.stringify(pairs)}`);
