/**
 * Trains in blocks of steps, in turn with measuring off and at a budget, which it sets through the run's control file; prints the steps
 * and seconds of either kind, pair by pair, and how much of a step was other work. Before that everything is measured a few times, and first pairs of blocks pass uncounted, so
 * that first measurements are past and what is saved and owed is as it will be at the end.
 *
 * A machine lends its processor to others for many milliseconds at a time, at any step. A step at which the probe measured nothing is
 * therefore counted as ten milliseconds longer than the median at most, whether measuring is off or on: what measuring leaves behind for
 * later, cold caches and garbage, takes less. How often that was so is printed for either kind.
 *
 * Arguments: the run's folder, examples, inputs, width, milliseconds that a step is to take with measuring off (what training needs less is
 * spent on something else), and the blocks as JSON: { budget, warmUp, pairs, off, on }, off and on in steps on average, warmUp in pairs. Blocks are of uneven length:
 * what a machine does at regular intervals would otherwise fall into those of one kind for minutes.
 */
import { appendFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { trainedNetwork } from "./trainedNetwork.mjs";

/** Milliseconds in which the probe has surely looked at the file: it does after a step, where its last look was ten ago. */
const betweenLooks = 16;
/** Milliseconds that nothing takes which training or measuring leaves behind. */
const hiccup = 10;
/** Steps that settle after it has looked. */
const settling = 4;
/** Steps until the code is compiled as it will stay. */
const compiling = 512;
/** Steps from which it is told how long training one takes. */
const trials = 64;

const [run, ...rest] = process.argv.slice(2);
const [examples, inputSize, width, stepTime] = rest.map(Number);
const { budget, warmUp, pairs: counted, off, on } = JSON.parse(rest[4]);
const train = await trainedNetwork(examples, inputSize, width);
/** Milliseconds of each step that go into something else than training. */
let pause = 0;
/** Of every step, what it took beyond the pause, in milliseconds. */
const own = [];

function work(milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

function median(values) {
  return values.toSorted((one, other) => one - other)[values.length >> 1];
}

function step() {
  work(pause);
  const began = performance.now();
  train();
  own.push(performance.now() - began);
}

/**
 * Gives the first step of the block, and how many it has. Between two blocks steps pass that belong to neither, so many that the probe has looked; as many each
 * time, for if they ended by the clock, a measurement would make them fewer and be counted less often than it comes.
 */
function block(fraction, steps) {
  appendFileSync(path.join(run, "control.jsonl"), `${JSON.stringify({ do: "budget", fraction })}\n`);
  for (let each = 0; each < between; each++) step();
  const first = own.length;
  for (let each = 0; each < steps; each++) step();
  return { first, steps };
}

function measuredSteps() {
  const lines = readFileSync(path.join(run, "spool.jsonl"), "utf8").split("\n");
  return new Set(lines.filter((line) => line.startsWith('{"t":"measure"')).map((line) => JSON.parse(line).step));
}

let between = settling;
block(1, settling);
work(betweenLooks);
block(0, compiling + trials);
pause = Math.max(0, stepTime - median(own.slice(-trials)));
between += Math.ceil(betweenLooks / stepTime);
const uneven = (steps) => Math.round(steps * (0.5 + Math.random()));
const pairOfBlocks = () => ({ off: block(0, uneven(off)), on: block(budget, uneven(on)) });
for (let each = 0; each < warmUp; each++) pairOfBlocks();
// By now code is compiled as it will stay: what a step lacks until its time is set once more.
block(0, trials);
pause = Math.max(0, stepTime - median(own.slice(-trials)));
const begun = Array.from({ length: counted }, pairOfBlocks);
const measured = measuredSteps();
const longest = median(own) + hiccup;

function sum({ first, steps }) {
  const taken = Array.from({ length: steps }, (_, each) => first + each);
  const cut = (index) => own[index] > longest && !measured.has(index);
  const milliseconds = taken.map((index) => pause + (cut(index) ? longest : own[index]));
  return {
    steps,
    seconds: milliseconds.reduce((total, each) => total + each, 0) / 1000,
    cut: taken.filter(cut).length,
  };
}

const pairs = begun.map((pair) => ({ off: sum(pair.off), on: sum(pair.on) }));
console.log(`result ${JSON.stringify({ pause, pairs })}`);
