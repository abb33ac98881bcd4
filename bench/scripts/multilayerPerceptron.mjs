/** Trains a network full batch for a set number of steps and prints the seconds that the loop took. */
import { trainedNetwork } from "./trainedNetwork.mjs";

const [steps, examples, inputSize, width] = process.argv.slice(2).map(Number);
const step = await trainedNetwork(examples, inputSize, width);

for (let warm = 0; warm < 20; warm++) step();
const start = performance.now();
for (let index = 0; index < steps; index++) step();
console.log(`seconds ${(performance.now() - start) / 1000}`);
