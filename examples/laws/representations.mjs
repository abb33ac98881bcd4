/**
 * L37: a tanh network of two hidden layers, trained on the same examples from other weights. Run it with `--seed 1`, `--seed 2` and `--seed 3`: the third comes to
 * put the same examples near each other as the first two do among themselves, and with `--width 128` it does so more. With a seed that was there
 * before nothing was ever apart, and the law does not apply.
 */
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, width: { type: "string", default: "32" } },
});
const [EXAMPLES, INPUTS, STEPS] = [160, 8, 10000];
const [seed, width] = [Number(values.seed), Number(values.width)];

const dense = (name, units, more) =>
  tf.layers.dense({
    ...{ name, units, ...more },
    kernelInitializer: tf.initializers.varianceScaling({
      ...{ scale: 1, mode: "fanIn", distribution: "normal" },
      seed: 100 * seed + Number(name.at(-1)),
    }),
  });
const model = tf.sequential({
  layers: [
    dense("layer0", width, { activation: "tanh", inputShape: [INPUTS] }),
    dense("layer1", width, { activation: "tanh" }),
    dense("layer2", 1),
  ],
});

const inputs = tf.randomNormal([EXAMPLES, INPUTS], 0, 1, "float32", 7);
const column = (which) => inputs.slice([0, which], [EXAMPLES, 1]);
const targets = tf.tidy(() =>
  column(0)
    .sin()
    .mul(column(1))
    .add(column(2).add(column(3)).cos()),
);
// A step of Adam changes a unit's sum the more the more inputs it has.
model.compile({ optimizer: tf.train.adam(0.003 * (32 / width)), loss: "meanSquaredError" });
await model.fit(inputs, targets, { epochs: STEPS, batchSize: EXAMPLES, shuffle: false, verbose: 0 });
