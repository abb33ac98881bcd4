/**
 * Trains in blocks, in turn with measuring off and at a budget, which it sets through the run's control file; prints for each budget
 * the mean seconds of a step of either kind. Before that everything is measured a few times, so that first measurements are past.
 *
 * Arguments: the control file, examples, inputs, width, milliseconds that each step waits as for data, and the blocks as JSON:
 * [{ budget, pairs, off, on }], off and on in seconds.
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

/** The probe looks at the file between steps, every ten milliseconds at most. */
function setBudget(fraction) {
  appendFileSync(control, `${JSON.stringify({ do: "budget", fraction })}\n`);
  const until = performance.now() + 30;
  while (performance.now() < until) step();
}

function block(seconds, sum) {
  const start = performance.now();
  do {
    step();
    sum.steps++;
  } while (performance.now() - start < 1000 * seconds);
  sum.seconds += (performance.now() - start) / 1000;
}

setBudget(1);
for (let warm = 0; warm < 8; warm++) step();
for (const { budget, pairs, off, on } of JSON.parse(rest[4])) {
  const sums = { off: { steps: 0, seconds: 0 }, on: { steps: 0, seconds: 0 } };
  for (let pair = 0; pair < pairs; pair++) {
    setBudget(0);
    block(off, sums.off);
    setBudget(budget);
    block(on, sums.on);
  }
  const perStep = ({ steps, seconds }) => seconds / steps;
  console.log(`result ${JSON.stringify({ budget, off: perStep(sums.off), on: perStep(sums.on) })}`);
}
