/**
 * A call of every operation that runs a kernel of TensorFlow.js 4.22, its gradient where it has one, and the types of tensors that
 * it takes: what a training script may come upon. Values are fixed.
 */
import * as tf from "@tensorflow/tfjs";
import { a, booleans, complex, ids, integers, named, withGradient, type Call } from "./calls.ts";
import { spatialOperations } from "./spatialOperations.ts";

type Unary = (x: tf.Tensor) => tf.Tensor;

const unary: Readonly<Record<string, Unary>> = {
  ...{ abs: tf.abs, acos: tf.acos, asin: tf.asin, asinh: tf.asinh, atan: tf.atan, atanh: tf.atanh, ceil: tf.ceil },
  ...{
    cos: tf.cos,
    cosh: tf.cosh,
    elu: tf.elu,
    erf: tf.erf,
    exp: tf.exp,
    expm1: tf.expm1,
    floor: tf.floor,
    neg: tf.neg,
  },
  ...{
    relu: tf.relu,
    relu6: tf.relu6,
    round: tf.round,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    sign: tf.sign,
    sin: tf.sin,
  },
  ...{ sinh: tf.sinh, softplus: tf.softplus, square: tf.square, step: tf.step, tan: tf.tan, tanh: tf.tanh },
  ...{ leakyRelu: tf.leakyRelu, logSigmoid: tf.logSigmoid, softmax: tf.softmax, logSoftmax: tf.logSoftmax },
  clipByValue: (x) => tf.clipByValue(x, -0.3, 0.4),
  logSumExp: (x) => tf.logSumExp(x, 1),
};

const ofPositive: Readonly<Record<string, Unary>> = {
  ...{ acosh: tf.acosh, log: tf.log, log1p: tf.log1p, reciprocal: tf.reciprocal, rsqrt: tf.rsqrt, sqrt: tf.sqrt },
};

/** Of whole numbers and booleans, where TensorFlow.js lets them through. */
const ofAnyType: Readonly<Record<string, Unary>> = {
  ...{ abs: tf.abs, acos: tf.acos, asinh: tf.asinh, atan: tf.atan, atanh: tf.atanh, exp: tf.exp },
  ...{ expm1: tf.expm1, isFinite: tf.isFinite, isInf: tf.isInf, isNaN: tf.isNaN, log1p: tf.log1p, neg: tf.neg },
  ...{ reciprocal: tf.reciprocal, relu: tf.relu, relu6: tf.relu6, round: tf.round, selu: tf.selu, sign: tf.sign },
  ...{ sinh: tf.sinh, softplus: tf.softplus, square: tf.square, step: tf.step },
  ...{ leakyRelu: tf.leakyRelu, zerosLike: tf.zerosLike, onesLike: tf.onesLike, clone: tf.clone },
  ...{ argMax: tf.argMax, argMin: tf.argMin, reverse: tf.reverse, transpose: tf.transpose },
  ...Object.fromEntries(
    Object.entries({ sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min, prod: tf.prod }).flatMap(
      ([name, reduce]) => [
        [name, (x: tf.Tensor) => reduce(x)] as const,
        [`${name} along an axis`, (x: tf.Tensor) => reduce(x, 0)] as const,
      ],
    ),
  ),
  cumsum: (x) => tf.cumsum(x, 1, true, true),
  cumprod: (x) => tf.cumprod(x, 1),
  clipByValue: (x) => tf.clipByValue(x, 0, 2),
  "to float": (x) => tf.cast(x, "float32"),
  "to integer": (x) => tf.cast(x, "int32"),
  "to boolean": (x) => tf.cast(x, "bool"),
  where: (x) => tf.where(tf.tensor2d([1, 0, 1, 0, 0, 1], [2, 3], "bool"), x, tf.reverse(x)),
  concat: (x) => tf.concat([x, x], 1),
  stack: (x) => tf.stack([x, x], 1),
  split: (x) => tf.split(x, 3, 1).at(1) ?? x,
  unstack: (x) => tf.unstack(x).at(1) ?? x,
  slice: (x) => tf.slice(x, [0, 1], [2, 2]),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0], [2, 3], [1, 2]),
  tile: (x) => tf.tile(x, [2, 3]),
  pad: (x) =>
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      "symmetric",
    ),
  gather: (x) => tf.gather(x, ids(2, 0), 1),
  gatherND: (x) => tf.gatherND(x, tf.tensor2d([1, 2, 0, 1], [2, 2], "int32")),
  scatterND: (x) => tf.scatterND(tf.tensor2d([3, 1], [2, 1], "int32"), x, [5, 3]),
  tensorScatterUpdate: (x) => tf.tensorScatterUpdate(x, tf.tensor2d([1], [1, 1], "int32"), tf.slice(x, 0, 1)),
  unsortedSegmentSum: (x) => tf.unsortedSegmentSum(x, ids(1, 0), 3),
  topk: (x) => tf.topk(x, 2).values,
  matMul: (x) => tf.matMul(x, x, false, true),
  addN: (x) => tf.addN([x, x]),
  broadcastTo: (x) => tf.broadcastTo(x.reshape([2, 1, 3]), [2, 4, 3]),
};

const binary = {
  ...{ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, pow: tf.pow, maximum: tf.maximum, minimum: tf.minimum },
  ...{ squaredDifference: tf.squaredDifference, divNoNan: tf.divNoNan, atan2: tf.atan2, mod: tf.mod },
  ...{ equal: tf.equal, notEqual: tf.notEqual, greater: tf.greater, greaterEqual: tf.greaterEqual, less: tf.less },
  ...{ lessEqual: tf.lessEqual, prelu: tf.prelu },
} satisfies Readonly<Record<string, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor>>;

const typed = { integers, booleans, floats: (shape: number[]) => a(shape, 6) };
const shape23 = [2, 3];

const elementwise: Record<string, Call> = {
  ...named(Object.entries(unary).map(([name, f]) => [name, withGradient(f, () => a([3, 4]))])),
  ...named(Object.entries(ofPositive).map(([name, f]) => [name, withGradient(f, () => a([3, 4]).add(2))])),
  ...named(
    Object.entries(ofAnyType).flatMap(([name, f]) => [
      [`${name} of integers`, () => f(integers(shape23))] as const,
      [`${name} of booleans`, () => f(booleans(shape23))] as const,
      [`${name} of floats`, () => f(a(shape23))] as const,
    ]),
  ),
  ...named(
    Object.entries(binary).flatMap(([name, f]) =>
      Object.entries(typed).flatMap(([first, x]) =>
        Object.entries(typed).map(([second, y]) => {
          const call = () => f(x(shape23), y([3]));
          return [`${name} of ${first} and ${second}`, call] as const;
        }),
      ),
    ),
  ),
  ...named(
    Object.entries({ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, pow: tf.pow }).map(([name, f]) => [
      `gradients of ${name}`,
      () => tf.grads((x, y) => f(x, y).square().sum())([a([2, 3]).add(2), a([3], 2).add(2)]),
    ]),
  ),
  floorDiv: () => tf.floorDiv(integers(shape23), tf.tensor1d([2, 3, 4], "int32")),
  "logical and, or, not": () => {
    const [x, y] = [booleans(shape23), booleans(shape23).logicalNot()];
    return [tf.logicalAnd(x, y), tf.logicalOr(x, y), tf.all(x, 1), tf.any(x, 1)];
  },
  bitwiseAnd: () => tf.bitwiseAnd(ids(1, 6, 7), ids(3, 3, 4)),
  "one-hot floats": () => tf.oneHot(ids(0, 2), 3, 0.9, 0.05, "float32"),
  "one-hot integers and booleans": () => [tf.oneHot(ids(0, 2, -1), 3), tf.oneHot(ids(0, 2), 3, 1, 0, "bool")],
  "boolean of what is between 0 and 1": () => tf.cast(tf.tensor1d([0.5, 0, -2, 256, Number.NaN]), "bool"),
};

const arranging: Record<string, Call> = {
  ...named(
    [
      [1, 0, 2, 3],
      [3, 2, 1, 0],
      [0, 3, 1, 2],
    ].map((order) => [
      `transpose to ${order.join("")}`,
      withGradient(
        (x) => tf.transpose(x.square(), order),
        () => a([2, 5, 4, 2]),
      ),
    ]),
  ),
  "transpose of six axes": () => tf.transpose(a([2, 3, 2, 2, 2, 2]), [4, 0, 5, 3, 1, 2]),
  gathering: withGradient(
    (x) => tf.gather(x, ids(1, 1, 0), 1),
    () => a([2, 3, 2]),
  ),
  "gathering in batches": () => tf.gather(a([2, 3, 4]), tf.tensor2d([1, 0, 2, 1], [2, 2], "int32"), 1, 1),
  "cumulative sum": withGradient(
    (x) => tf.cumsum(x, 1, true),
    () => a([3, 4]),
  ),
  "product along an axis": withGradient(
    (x) => tf.prod(x, [0]),
    () => a([3, 2]),
  ),
  "largest and smallest": withGradient(
    (x) => tf.max(x, 1).add(tf.min(x, 1)),
    () => a([3, 4]),
  ),
  "mean and sum of several axes": withGradient(
    (x) => tf.mean(x, [0, 1]).add(tf.sum(x, [0, 1])),
    () => a([2, 3, 4]),
  ),
  "stack, unstack, split": withGradient(
    (x) => tf.concat(tf.split(tf.stack(tf.unstack(x), 1), 2, 1)),
    () => a([4, 2]),
  ),
  "tile and pad": withGradient(
    (x) =>
      tf.pad(tf.tile(x, [2, 1]), [
        [1, 0],
        [0, 1],
      ]),
    () => a([2, 3]),
  ),
  "mirrored padding": withGradient(
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 1],
          [1, 0],
        ],
        "reflect",
      ),
    () => a([3, 3]),
  ),
  "products of matrices": () =>
    tf.grads((x, y) => tf.matMul(x, y, true, true).square().sum())([a([2, 4, 3]), a([2, 5, 4], 2)]),
  "sums over segments": withGradient(
    (x) => tf.unsortedSegmentSum(x, ids(2, 0, 2), 4),
    () => a([3, 2]),
  ),
  "linear space, range, identity, fill, diagonal": () => [
    tf.linspace(0, 1, 5),
    tf.range(0, 5, 2),
    tf.eye(3),
    tf.fill([2], 3, "int32"),
    tf.diag(a([3])),
  ],
  counting: () => [
    tf.bincount(ids(1, 1, 2), tf.tensor1d([]), 4),
    tf.denseBincount(tf.tensor2d([1, 1, 2, 0], [2, 2], "int32"), tf.tensor2d([], [0, 0]), 3),
    tf.math.confusionMatrix(ids(0, 1, 1), ids(0, 1, 0), 2),
  ],
  "unique and sorted": () => {
    const { values, indices } = tf.unique(tf.tensor1d([1, 2, 1, 3]));
    return [values, indices, tf.searchSorted(tf.tensor1d([1, 2, 3]), tf.tensor1d([2, 2.5]))];
  },
  "shapes that broadcast": () => tf.broadcastArgs(ids(2, 1), ids(1, 3)),
  "sparse to dense": () => tf.sparseToDense(ids(0, 2), tf.tensor1d([1, 2]), [4], 0),
  "norms and decompositions": () => [
    tf.norm(a([3, 2])),
    tf.linalg.qr(a([3, 3]))[1],
    ...[tf.linalg.gramSchmidt(a<tf.Rank.R2>([3, 3]))].flat(),
    tf.linalg.bandPart(a([3, 3]), 1, 0),
  ],
  "sparse segments": () => [
    tf.sparse.sparseSegmentMean(a<tf.Rank.R2>([3, 2]), ids(0, 2, 1), ids(0, 0, 1)),
    tf.sparse.sparseSegmentSum(a<tf.Rank.R2>([3, 2]), ids(0, 2, 1), ids(0, 0, 1)),
    tf.sparse.sparseReshape(tf.tensor2d([0, 1, 1, 0], [2, 2], "int32"), ids(2, 2), ids(4))["outputIndices"],
    tf.sparse.sparseFillEmptyRows(tf.tensor2d([0, 1], [1, 2], "int32"), tf.tensor1d([5]), ids(2, 2), tf.scalar(1))[
      "outputValues"
    ],
  ],
};

const rest: Record<string, Call> = {
  ...named(
    ["ij,jk->ik", "ij,kj->ki", "ij,ij->i", "ij,ij->"].map((equation) => [
      `Einstein's sum ${equation}`,
      () => tf.einsum(equation, a([3, 3]), a([3, 3], 2)),
    ]),
  ),
  "Einstein's sums of attention": () => {
    const scores = tf.einsum("bqhd,bkhd->bhqk", a([2, 3, 2, 4]), a([2, 5, 2, 4], 2));
    return [scores, tf.einsum("bhqk,bkhd->bqhd", scores, a([2, 5, 2, 4], 3))];
  },
  "Einstein's sums of one, and of an outer product": () => [
    tf.einsum("ij->ji", a([2, 3])),
    tf.einsum("ij->", a([2, 3])),
    tf.einsum("ij->ij", a([2, 3])),
    tf.einsum("i,j->ij", a([2]), a([3], 2)),
  ],
  "Einstein's sum of whole numbers": () => tf.einsum("ij,jk->ik", integers([2, 2]), integers([2, 2])),
  "Fourier transforms": () => [
    tf.real(tf.fft(complex([2, 8]))),
    tf.imag(tf.ifft(complex([2, 6]))),
    tf.spectral.irfft(tf.spectral.rfft(a([2, 8]))),
  ],
  spectrogram: () => tf.abs(tf.signal.stft(a<tf.Rank.R1>([64]), 16, 8)),
  "complex tensors, moved about": () => [
    tf.imag(complex([2, 3]).reshape([3, 2])),
    tf.real(tf.concat([complex([2]), complex([3])])),
    tf.imag(tf.transpose(complex([2, 3]))),
    tf.real(tf.mul(complex([3]), complex([3]))),
    tf.imag(tf.clone(complex([2]))),
    tf.real(tf.cast(a([2]), "complex64")),
    tf.real(tf.zeros([2], "complex64")),
  ],
  strings: () => [
    tf.string.staticRegexReplace(tf.tensor1d(["a1", "b22"]), "[0-9]", "x"),
    tf.string.stringSplit(tf.tensor1d(["a b", "c"]), tf.scalar(" "))["values"],
    tf.string.stringNGrams(tf.tensor1d(["a", "b", "c"]), ids(0, 3), "|", [1, 2], "L", "R", -1, false)["nGrams"],
    tf.string.stringToHashBucketFast(tf.tensor1d(["a", "b"]), 10),
  ],
  ragged: () => [
    ...["rtNestedSplits", "rtDenseValues"].map((name) => tf.raggedRange(ids(0, 5), ids(3, 7), ids(1, 2))[name]),
    tf.raggedTensorToTensor(ids(4, 100), a([9]), tf.scalar(1.5), [ids(0, 3, 3, 7, 9)], ["ROW_SPLITS"]),
    tf.raggedGather([ids(0, 3, 3, 5, 6)], tf.tensor1d([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), ids(2, 1, 0, 3), 1)
      .outputDenseValues,
  ],
};

export const operations: Readonly<Record<string, Call>> = {
  ...elementwise,
  ...spatialOperations,
  ...arranging,
  ...rest,
};
