import * as tf from "@tensorflow/tfjs";
import { a, ids, integers, named, withGradient, type Call } from "./calls.ts";

/** Operations on images [n, height, width, channels] and volumes [n, depth, height, width, channels]. */
const images = () => a<tf.Rank.R4>([2, 5, 4, 2]);
const volumes = () => a<tf.Rank.R5>([2, 4, 5, 4, 2]);
const transforms = () => tf.tensor2d([1, 0.1, 0.2, 0, 1, 0.3, 0, 0], [1, 8]);
const boxes = () => tf.tensor2d([0, 0, 1, 1, 0, 0, 0.9, 0.9, 0.5, 0.5, 0.8, 0.8], [3, 4]);
const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const;

export const spatialOperations: Record<string, Call> = {
  ...named(
    (["same", "valid"] as const).flatMap((pad) =>
      [1, 2].flatMap((strides): [string, Call][] => {
        const filter = (extents: number[], seed = 3) => a(extents, seed);
        const where = `${pad}, strides of ${strides}`;
        return [
          [
            `convolution, ${where}`,
            () =>
              tf.grads((x, f) =>
                tf
                  .conv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, pad)
                  .square()
                  .sum(),
              )([images(), filter([3, 2, 2, 3])]),
          ],
          [
            `channels-first convolution, ${where}`,
            () =>
              tf.grads((x, f) =>
                tf
                  .conv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, pad, "NCHW")
                  .square()
                  .sum(),
              )([a([2, 2, 5, 4]), filter([3, 2, 2, 3])]),
          ],
          [
            `depthwise convolution, ${where}`,
            () =>
              tf.grads((x, f) =>
                tf
                  .depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, pad)
                  .square()
                  .sum(),
              )([images(), filter([3, 2, 2, 2])]),
          ],
          [
            `convolution of volumes, ${where}`,
            () =>
              tf.grads((x, f) =>
                tf
                  .conv3d(x as tf.Tensor5D, f as tf.Tensor5D, strides, pad)
                  .square()
                  .sum(),
              )([volumes(), filter([2, 3, 2, 2, 3])]),
          ],
          [
            `transposed convolution, ${where}`,
            () =>
              tf.conv2dTranspose(
                a<tf.Rank.R4>([1, 3, 3, 2]),
                filter([2, 2, 3, 2]) as tf.Tensor4D,
                pad === "same" ? [1, 3 * strides, 3 * strides, 3] : [1, 2 * strides + 2, 2 * strides + 2, 3],
                strides,
                pad,
              ),
          ],
          [
            `max pooling, ${where}`,
            withGradient(
              (x: tf.Tensor4D) => tf.maxPool(x, [3, 2], strides, pad),
              () => images().sub(3),
            ),
          ],
          [`average pooling, ${where}`, withGradient((x: tf.Tensor4D) => tf.avgPool(x, [3, 2], strides, pad), images)],
          // Windows as high as wide: for others plain JavaScript's own gradient is wrong.
          [
            `max pooling of volumes, ${where}`,
            withGradient(
              (x: tf.Tensor5D) => tf.maxPool3d(x, [3, 2, 2], strides, pad),
              () => volumes().sub(3),
            ),
          ],
          [
            `average pooling of volumes, ${where}`,
            withGradient((x: tf.Tensor5D) => tf.avgPool3d(x, [3, 2, 2], strides, pad), volumes),
          ],
          [
            `dilation by a filter, ${where}`,
            () =>
              tf.grads((x, f) =>
                tf
                  .dilation2d(x as tf.Tensor4D, f as tf.Tensor3D, strides, pad)
                  .square()
                  .sum(),
              )([images(), filter([2, 2, 2])]),
          ],
          [
            `largest and where, ${where}`,
            () => {
              const { result, indexes } = tf.maxPoolWithArgmax(images(), 2, strides, pad);
              return [result, indexes];
            },
          ],
        ];
      }),
    ),
  ),
  "max pooling of volumes, padded by a number": () => tf.maxPool3d(volumes().sub(3), 3, 2, 1, "floor"),
  "volumes, with strides beyond the window": () => [
    ...tf.grads((x, f) =>
      tf
        .conv3d(x as tf.Tensor5D, f as tf.Tensor5D, 2, "same")
        .square()
        .sum(),
    )([volumes(), a([1, 1, 1, 2, 3])]),
    tf.conv3d(volumes(), a<tf.Rank.R5>([1, 1, 1, 2, 3]), 2, "same"),
    ...[tf.maxPool3d, tf.avgPool3d].flatMap((pool) => {
      const pooled = (x: tf.Tensor) => pool(x as tf.Tensor5D, 1, 2, "same");
      return [pooled(volumes()), tf.grad((x) => pooled(x).square().sum())(volumes())];
    }),
  ],
  "max pooling of whole numbers": () => tf.maxPool(integers([1, 4, 4, 1]) as tf.Tensor4D, 2, 2, "valid"),
  "dilated convolutions": () => [
    tf.conv2d(images(), a([2, 2, 2, 3], 3), 1, "same", "NHWC", 2),
    tf.depthwiseConv2d(images(), a([2, 2, 2, 2], 3), 1, "same", "NHWC", 2),
  ],
  ...named(
    activations.map((activation) => [
      `fused with ${activation}`,
      () => {
        const fused = { activation, strides: 1, pad: "same" as const, leakyreluAlpha: 0.2 };
        return [
          tf.fused.matMul({ a: a([3, 4]), b: a([4, 2], 2), bias: a([2], 3), activation, leakyreluAlpha: 0.2 }),
          tf.fused.conv2d({ x: images(), filter: a([3, 3, 2, 3], 2), bias: a([3], 3), ...fused }),
          tf.fused.depthwiseConv2d({ x: images(), filter: a([3, 3, 2, 2], 2), bias: a([4], 3), ...fused }),
        ];
      },
    ]),
  ),
  "batch normalization": withGradient((x) => tf.batchNorm(x, a([2], 2), a([2], 3).abs(), a([2], 4), a([2], 5)), images),
  "batch normalization of whole numbers": () => tf.batchNorm(integers([2, 2]), a([2], 2), a([2], 3).abs()),
  "local response normalization": withGradient(
    (x: tf.Tensor4D) => tf.localResponseNormalization(x, 2, 1, 0.5, 0.6),
    images,
  ),
  // Square and one at a time: for others plain JavaScript's own gradients are wrong.
  "resizing, smoothly": withGradient(
    (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [6, 7], true),
    () => a([2, 4, 4, 2]),
  ),
  "resizing to the nearest": withGradient(
    (x: tf.Tensor4D) => tf.image.resizeNearestNeighbor(x, [6, 7]),
    () => a([1, 4, 4, 2]),
  ),
  "resizing whole numbers": () => tf.image.resizeNearestNeighbor(integers([1, 2, 2, 1]) as tf.Tensor4D, [3, 3]),
  "cropping and resizing": () => tf.image.cropAndResize(images(), boxes(), ids(0, 1, 0), [3, 3]),
  rotating: () => tf.image.rotateWithOffset(images(), 0.4, 0.3),
  flipping: () => tf.image.flipLeftRight(images()),
  transforming: () => tf.image.transform(images(), transforms(), "bilinear", "reflect"),
  "transforming each": () => tf.image.transform(images(), tf.concat([transforms(), transforms().mul(0.9)]), "nearest"),
  "space to batch and back": withGradient(
    (x: tf.Tensor4D) =>
      tf.batchToSpaceND(
        tf
          .spaceToBatchND(
            x,
            [2, 2],
            [
              [0, 0],
              [0, 0],
            ],
          )
          .square(),
        [2, 2],
        [
          [0, 1],
          [0, 0],
        ],
      ),
    () => a([1, 4, 4, 1]),
  ),
  "depth to space": () => tf.depthToSpace(a([1, 2, 2, 4]), 2),
  "overlapping boxes": () => [
    tf.image.nonMaxSuppression(boxes(), tf.tensor1d([0.5, 0.6, 0.4]), 2, 0.5),
    tf.image.nonMaxSuppressionPadded(boxes(), tf.tensor1d([0.5, 0.6, 0.4]), 2, 0.5, 0, true)["selectedIndices"],
    tf.image.nonMaxSuppressionWithScore(boxes(), tf.tensor1d([0.5, 0.6, 0.4]), 2, 0.5, 0, 0.5)["selectedScores"],
  ],
};
