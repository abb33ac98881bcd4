import * as tf from "@tensorflow/tfjs";
import type { Matrix } from "../reference/networks.ts";
import { at } from "../reference/scalarTape.ts";
import { seededValues } from "../support/models.ts";
import type { Network, VariableShape } from "./architecture.ts";

export function rowsOf(flat: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: flat.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_unused, column) => at(flat, row * columns + column)),
  );
}

export function hotRow(label: number, classes: number): number[] {
  return Array.from({ length: classes }, (_, index) => Number(index === label));
}

/** Activations of a layer that knows no positions. */
export function perExample(rows: Matrix): Matrix[] {
  return rows.map((row) => [row]);
}

/** The weights that every instance begins with. */
function initialValues({ shape, scale }: VariableShape, index: number): Float32Array {
  return seededValues(tf.util.sizeFromShape([...shape]), 211 + index).map((value) => value * scale);
}

/** Fresh variables, named as those of an architecture with a suffix after the layer's name. */
export function variableFactory(shapes: readonly VariableShape[], suffix: string): tf.Variable[] {
  return shapes.map((each, index) =>
    tf.tidy(() =>
      tf.variable(
        tf.tensor(initialValues(each, index), [...each.shape]),
        true,
        each.name.replace(/^[^/]*/, (layer) => layer + suffix),
      ),
    ),
  );
}

/** Gives the weights of layers the values that an architecture begins with, and the variables themselves. */
export function initialized(layers: readonly tf.layers.Layer[], shapes: readonly VariableShape[]): tf.Variable[] {
  const weights = layers.flatMap((layer) => layer.trainableWeights);
  return shapes.map((each, index) => {
    const variable = at(weights, index).read();
    if (!(variable instanceof tf.Variable)) throw new TypeError(`${each.name} is no variable.`);
    tf.tidy(() => {
      variable.assign(tf.tensor(initialValues(each, index), [...each.shape]));
    });
    return variable as tf.Variable;
  });
}

/** A script that calls `trainOnBatch`. */
export function compiledNetwork(
  model: tf.LayersModel,
  shapes: readonly VariableShape[],
  batch: (examples: readonly number[]) => [tf.Tensor, tf.Tensor],
): Network {
  return {
    variables: initialized(model.layers, shapes),
    isLayersModel: true,
    async step(examples) {
      const [x, y] = batch(examples);
      await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
    },
    dispose() {
      model.dispose();
    },
  };
}

/** A script that calls `optimizer.minimize`. */
export function variablesNetwork(
  variables: readonly tf.Variable[],
  optimizer: tf.Optimizer,
  loss: (examples: readonly number[]) => tf.Tensor,
): Network {
  return {
    variables,
    isLayersModel: false,
    step(examples) {
      optimizer.minimize(() => loss(examples).asScalar(), false, [...variables]);
    },
    dispose() {
      tf.dispose([...variables]);
    },
  };
}
