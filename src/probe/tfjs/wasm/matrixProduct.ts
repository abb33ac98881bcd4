import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import { required } from "./required.ts";

/** Multiplications below which the backend's scalar loop beats the cost of arranging for its fast path. */
const worthArranging = 4096;
/** Multiplications in one product of a batch above which taking the batch apart pays. */
const worthTakingApart = 32_768;

/**
 * The backend multiplies fast only a single pair of matrices, neither transposed; all else runs through a scalar loop. So
 * transpose explicitly, fold a batch that shares its right factor into rows, and take batches of large products apart.
 *
 * @param plain the backend's own kernel, for a product that is best left to it.
 */
export function batchMatMul(
  kernels: Kernels,
  inputs: NamedTensors,
  attributes: Attributes,
  plain: () => unknown,
): unknown {
  const [a, b] = [required(inputs, "a"), required(inputs, "b")];
  const [transposeA, transposeB] = [attributes["transposeA"] === true, attributes["transposeB"] === true];
  const [batchA, batchB] = [batchSize(a), batchSize(b)];
  const [rowsA, columnsA] = matrixShape(a);
  const [rowsB, columnsB] = matrixShape(b);
  const [rows, inner, columns] = [
    transposeA ? columnsA : rowsA,
    transposeA ? rowsA : columnsA,
    transposeB ? rowsB : columnsB,
  ];
  const multiplications = rows * inner * columns;
  const matches = (transposeB ? columnsB : rowsB) === inner && a.dtype === "float32" && b.dtype === "float32";
  if (!matches || batchA * multiplications < worthArranging) return plain();

  const right = (matrix: Tensor) => (transposeB ? kernels.transpose(matrix, [1, 0]) : matrix);
  const left = (matrix: Tensor) => (transposeA ? kernels.transpose(matrix, [1, 0]) : matrix);
  const product = (leftMatrix: Tensor, rightMatrix: Tensor) =>
    kernels.matMul(
      kernels.reshape(leftMatrix, [1, leftMatrix.shape[0] ?? 0, inner]),
      kernels.reshape(rightMatrix, [1, inner, columns]),
    );
  const leading = (a.shape.length > b.shape.length ? a : b).shape.slice(0, -2);
  if (batchA === 1 && batchB === 1) {
    if (!transposeA && !transposeB) return plain();
    const result = product(left(kernels.reshape(a, [rowsA, columnsA])), right(kernels.reshape(b, [rowsB, columnsB])));
    return kernels.reshape(result, [...leading, rows, columns]);
  }
  if (batchB === 1 && !transposeA) {
    const result = product(
      kernels.reshape(a, [batchA * rowsA, columnsA]),
      right(kernels.reshape(b, [rowsB, columnsB])),
    );
    return kernels.reshape(result, [...a.shape.slice(0, -2), rows, columns]);
  }
  if (batchA !== batchB || multiplications < worthTakingApart) return plain();
  const part = (tensor: Tensor, index: number) => {
    const [height, width] = matrixShape(tensor);
    const flat = kernels.reshape(tensor, [batchA, height, width]);
    return kernels.reshape(kernels.slice(flat, [index, 0, 0], [1, height, width]), [height, width]);
  };
  const parts = Array.from({ length: batchA }, (_, index) => product(left(part(a, index)), right(part(b, index))));
  const stacked = kernels.concatenate(parts, 0);
  return kernels.reshape(stacked, [...a.shape.slice(0, -2), rows, columns]);
}

function matrixShape(tensor: Tensor): [number, number] {
  return [tensor.shape.at(-2) ?? 1, tensor.shape.at(-1) ?? 1];
}

function batchSize(tensor: Tensor): number {
  return tensor.shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
}
