import * as tf from "@tensorflow/tfjs";
import { seededValues } from "./models.ts";

/** Calls operations on fixed values; none of what it gives is undefined, whatever types say. */
export type Call = () => tf.Tensor | readonly (tf.Tensor | undefined)[];

/** Float tensor with values between −1 and 1. */
export function a<R extends tf.Rank>(shape: number[], seed = 1): tf.Tensor<R> {
  return tf.tensor<R>(seededValues(tf.util.sizeFromShape(shape), seed), shape as tf.ShapeMap[R]);
}

export const integers = (shape: number[]) =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => ((index * index) % 5) - 1),
    shape,
    "int32",
  );
export const booleans = (shape: number[]) =>
  tf
    .tensor(
      Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => (index * index) % 3),
      shape,
      "int32",
    )
    .toBool();
export const ids = (...values: number[]) => tf.tensor1d(values, "int32");
export const complex = (shape: number[]) => tf.complex(a(shape), a(shape, 2));

/** An operation and its gradient, along a direction that is not constant. */
export function withGradient<R extends tf.Rank>(
  operation: (x: tf.Tensor<R>) => tf.Tensor,
  at: () => tf.Tensor<R>,
): Call {
  const loss = (x: tf.Tensor) =>
    operation(x as tf.Tensor<R>)
      .square()
      .sum();
  return () => [operation(at()), tf.grad(loss)(at())];
}

export function named(entries: Iterable<readonly [string, Call]>): Record<string, Call> {
  return Object.fromEntries(entries);
}
