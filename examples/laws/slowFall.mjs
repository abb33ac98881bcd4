/**
 * L43: a table of which token follows which, learned from ever new text whose tokens are the rarer the higher their number, so that the loss falls slowly. It
 * prints its losses as a log does, and a part of the log tells the last of them. With `--rising` the learning rate rises all along,
 * and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({ options: { rising: { type: "boolean", default: false } } });
const [TOKENS, BATCH, VALIDATION, PEAK, STEPS, EVERY] = [64, 32, 4096, 12, 1500, 15];

let state = 1;
/** Even between 0 and 1: mulberry32. */
function even() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** Draws numbers from 0 on in proportion to weights. */
function drawer(weights) {
  const total = weights.reduce((sum, each) => sum + each, 0);
  return () => {
    let left = total * even();
    const drawn = weights.findIndex((each) => (left -= each) < 0);
    return Math.max(0, drawn);
  };
}

const numbers = Array.from({ length: TOKENS }, (_, index) => index);
const token = drawer(numbers.map((number) => (number + 1) ** -1.4));
const following = numbers.map(() =>
  drawer(numbers.map(() => Math.exp(2 * Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even())))),
);
const oneHot = (tokens) => tf.oneHot(tf.tensor1d(tokens, "int32"), TOKENS).toFloat();
const text = (length) => {
  const tokens = Array.from({ length }, token);
  return [oneHot(tokens), oneHot(tokens.map((each) => following[each]()))];
};

const table = tf.variable(tf.zeros([TOKENS, TOKENS]));
const lossOn = ([tokens, next]) => tf.losses.softmaxCrossEntropy(next, tokens.matMul(table));
const validation = text(VALIDATION);
const optimizer = tf.train.sgd(PEAK);
for (let step = 0; step <= STEPS; step++) {
  const done = step / STEPS;
  const rate = PEAK * (values.rising ? 0.05 + 0.95 * done : Math.max(0.05, Math.min(1, (1 - done) / 0.2)));
  optimizer.setLearningRate(rate);
  tf.tidy(() => {
    if (step % EVERY === 0) {
      console.log(
        `step:${step}/${STEPS} val_loss:${lossOn(validation).dataSync()[0].toFixed(4)} lr:${rate.toFixed(3)}`,
      );
    }
    const batch = text(BATCH);
    optimizer.minimize(() => lossOn(batch));
  });
}
