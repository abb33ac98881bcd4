import type { Attributes, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";

/** A tensor and the label of each of its axes. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * Sums of products by Einstein's convention, from products of matrices: operands are multiplied pairwise from the left, and a
 * label is summed over as soon as nothing to come has it.
 *
 * @param inputs the operands, named "0", "1", …; float32.
 * @param attributes `equation` in the form "ij,jk->ik", without ellipses and without a label twice in one operand, as
 *   TensorFlow.js has it.
 * @throws where the equation is another, or an axis does not have the extent that its label has elsewhere.
 */
export function einsum(kernels: Kernels, inputs: NamedTensors, attributes: Attributes): Tensor {
  const equation = String(attributes["equation"]).replaceAll(/\s/g, "");
  const [left, right, ...more] = equation.split("->");
  const terms = (left ?? "").split(",");
  const tensors = Object.values(inputs).flatMap((tensor) => tensor ?? []);
  if (
    right === undefined ||
    more.length > 0 ||
    terms.length !== tensors.length ||
    /[^a-zA-Z,]/.test(`${left}${right}`)
  ) {
    throw new Error(`Einsum cannot be done for ${JSON.stringify(equation)} with ${tensors.length} operands.`);
  }
  const extents = new Map<string, number>();
  const operands = tensors.map((tensor, index): Labelled => {
    const labels = Array.from(terms[index] ?? "");
    if (labels.length !== tensor.shape.length || new Set(labels).size < labels.length) {
      throw new Error(
        `Einsum: "${labels.join("")}" does not name the axes of a tensor of shape [${tensor.shape.join(", ")}].`,
      );
    }
    labels.forEach((label, axis) => {
      const extent = tensor.shape[axis] ?? 1;
      if ((extents.get(label) ?? extent) !== extent) {
        throw new Error(`Einsum: the axes called ${label} have ${extents.get(label)} and ${extent} elements.`);
      }
      extents.set(label, extent);
    });
    return { tensor, labels };
  });
  const output = Array.from(right);
  if (new Set(output).size < output.length || output.some((label) => !extents.has(label))) {
    throw new Error(
      `Einsum: the output "${right}" of ${JSON.stringify(equation)} has a label twice or one that no operand has.`,
    );
  }
  const [first, ...others] = operands;
  if (first === undefined) throw new Error("Einsum needs an operand.");
  const stillNeeded = (index: number) => new Set([...output, ...others.slice(index).flatMap(({ labels }) => labels)]);
  const product = others.reduce(
    (so, operand, index) => multiplied(kernels, so, operand, stillNeeded(index + 1)),
    summedTo(kernels, first, stillNeeded(0)),
  );
  // An output is never one of the inputs itself.
  return kernels.alias(arranged(kernels, summedTo(kernels, product, new Set(output)), output));
}

/** Product of two operands, summed over the labels that both have and nobody needs; needed ones of both are a batch. */
function multiplied(kernels: Kernels, a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const right = summedTo(kernels, b, new Set([...needed, ...a.labels]));
  const left = summedTo(kernels, a, new Set([...needed, ...b.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const contracted = shared.filter((label) => !needed.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const extent = (labels: readonly string[]) => labels.reduce((size, label) => size * extentOf(left, right, label), 1);
  const shape = (...groups: readonly (readonly string[])[]) => groups.map(extent);
  const leftMatrix = arranged(kernels, left, [...batch, ...rows, ...contracted]);
  const rightMatrix = arranged(kernels, right, [...batch, ...contracted, ...columns]);
  const product = kernels.matMul(
    kernels.reshape(leftMatrix, shape(batch, rows, contracted)),
    kernels.reshape(rightMatrix, shape(batch, contracted, columns)),
  );
  const labels = [...batch, ...rows, ...columns];
  return {
    tensor: kernels.reshape(
      product,
      labels.map((label) => extentOf(left, right, label)),
    ),
    labels,
  };
}

function extentOf(left: Labelled, right: Labelled, label: string): number {
  const inLeft = left.labels.indexOf(label);
  return (inLeft < 0 ? right.tensor.shape[right.labels.indexOf(label)] : left.tensor.shape[inLeft]) ?? 1;
}

function summedTo(kernels: Kernels, { tensor, labels }: Labelled, kept: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: kernels.sum(tensor, axes, false), labels: labels.filter((label) => kept.has(label)) };
}

/** The tensor with its axes in the order of the labels. */
function arranged(kernels: Kernels, { tensor, labels }: Labelled, order: readonly string[]): Tensor {
  if (labels.every((label, axis) => label === order[axis])) return tensor;
  return kernels.transpose(
    tensor,
    order.map((label) => labels.indexOf(label)),
  );
}
