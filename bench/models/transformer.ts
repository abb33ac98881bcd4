import * as tf from "@tensorflow/tfjs";
import { seededValues, seededVariable } from "../../test/oracle/support/models.ts";
import { labelsInTurn, type BenchmarkModel } from "./benchmarkModel.ts";

const [length, width, heads, words] = [32, 64, 4, 100];

type Weights = tf.Variable<tf.Rank.R2>;

/** Makes seeded variables one after the other. */
class Parameters {
  readonly variables: tf.Variable[] = [];

  matrix(rows: number, columns: number): Weights {
    return this.#add([rows, columns], Math.sqrt(3 / rows)) as Weights;
  }

  vector(size: number): tf.Variable {
    return this.#add([size], 0.5);
  }

  #add(shape: number[], scale: number): tf.Variable {
    const variable = seededVariable(shape, scale, this.variables.length);
    this.variables.push(variable);
    return variable;
  }
}

type Layer = (x: tf.Tensor2D) => tf.Tensor2D;

function dense(parameters: Parameters, from: number, to: number): Layer {
  const [weights, bias] = [parameters.matrix(from, to), parameters.vector(to)];
  return (x) => tf.add(tf.matMul(x, weights), bias);
}

function layerNormalization(parameters: Parameters): Layer {
  const [gain, bias] = [parameters.vector(width), parameters.vector(width)];
  return (x) => {
    const { mean, variance } = tf.moments(x, 1, true);
    return x.sub(mean).mul(variance.add(1e-5).rsqrt()).mul(gain.add(1)).add(bias);
  };
}

/** Each head's [batch·heads, length, width / heads] of rows [batch·length, width]. */
function byHead(x: tf.Tensor2D): tf.Tensor3D {
  return x
    .reshape([-1, length, heads, width / heads])
    .transpose([0, 2, 1, 3])
    .reshape([-1, length, width / heads]);
}

function selfAttention(parameters: Parameters): Layer {
  const [query, key, value, out] = [0, 1, 2, 3].map(() => dense(parameters, width, width)) as [
    Layer,
    Layer,
    Layer,
    Layer,
  ];
  return (x) => {
    const scores = tf.matMul(byHead(query(x)), byHead(key(x)), false, true).mul(1 / Math.sqrt(width / heads));
    const mixed = tf.matMul(tf.softmax(scores), byHead(value(x)));
    const rows = mixed.reshape([-1, heads, length, width / heads]).transpose([0, 2, 1, 3]);
    return out(rows.reshape([-1, width]));
  };
}

/** GELU in its tanh form (Hendrycks & Gimpel 2016). */
const gelu: Layer = (x) =>
  x
    .add(x.mul(x).mul(x).mul(0.044715))
    .mul(Math.sqrt(2 / Math.PI))
    .tanh()
    .add(1)
    .mul(x)
    .mul(0.5);

function block(parameters: Parameters): Layer {
  const [first, second] = [layerNormalization(parameters), layerNormalization(parameters)];
  const attention = selfAttention(parameters);
  const [up, down] = [dense(parameters, width, 4 * width), dense(parameters, 4 * width, width)];
  return (x) => {
    const attended: tf.Tensor2D = x.add(attention(first(x)));
    return attended.add(down(gelu(up(second(attended)))));
  };
}

/** Pre-normalization, as of GPT-2. */
export function transformer(examples = 16): BenchmarkModel {
  const parameters = new Parameters();
  const embedding = parameters.matrix(words, width);
  const blocks = [block(parameters), block(parameters)];
  const [last, head] = [layerNormalization(parameters), dense(parameters, width, words)];
  const indices = seededValues(examples * length, 1).map((value) => Math.floor(Math.abs(value) * words));
  const inputs = tf.tensor1d(indices, "int32");
  const labels = labelsInTurn([examples * length], words);
  return {
    name: "transformer",
    description: `2 layers of width ${width}, ${heads} heads, GELU of ${4 * width}, ${words} words, batch of ${examples} sequences of ${length}`,
    variables: parameters.variables,
    loss() {
      const embedded: tf.Tensor2D = tf.gather(embedding, inputs);
      const logits = head(last(blocks.reduce((x, layer) => layer(x), embedded)));
      return tf.losses.softmaxCrossEntropy(labels, logits).asScalar();
    },
    dispose() {
      tf.dispose([...parameters.variables, inputs, labels]);
    },
  };
}
