/** What convolutions see of their images, against the library's own convolution of ones by ones. */
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { shareWithinPadding } from "../../src/analyses/beforeRun/withinPadding.ts";
import type { SourceLanguage } from "../../src/source/grammar.ts";
import { beforeRun } from "../../src/analyses/beforeRun/beforeRun.ts";
import { sketchOf } from "../unit/inlineScripts.ts";

async function shareIn(text: string, language: SourceLanguage): Promise<number | undefined> {
  const [layer] = (await sketchOf(text, language)).models[0]?.layers ?? [];
  return layer?.kind === "convolution" ? shareWithinPadding(layer) : Number.NaN;
}

function inTensorFlow(size: number, rest: string): string {
  return `import * as tf from "@tensorflow/tfjs";
const model = tf.sequential();
model.add(tf.layers.conv2d({ inputShape: [${size}, ${size}, 3], filters: 4, ${rest} }));`;
}

function inTorch(size: number, rest: string): string {
  return `import torch
from torch import nn
model = nn.Sequential(nn.Conv2d(3, 4, ${rest}))
loss = nn.functional.mse_loss(model(torch.randn(8, 3, ${size}, ${size})), torch.zeros(1))`;
}

/** Mean of a convolution of ones by ones, of each tap. */
function seen(size: number, kernel: number, stride: number, padding: "same" | number, dilation = 1): number {
  return (
    tf.tidy(() => {
      const image = tf.ones([1, size, size, 1]);
      const padded =
        typeof padding === "number"
          ? image.pad([
              [0, 0],
              [padding, padding],
              [padding, padding],
              [0, 0],
            ])
          : image;
      const rule = typeof padding === "number" ? "valid" : padding;
      const outputs = tf.conv2d(padded as tf.Tensor4D, tf.ones([kernel, kernel, 1, 1]), stride, rule, "NHWC", dilation);
      return outputs.mean().dataSync()[0] ?? Number.NaN;
    }) /
    kernel ** 2
  );
}

describe("the share of a convolution's windows that lies within the image", () => {
  test.each([
    { size: 12, kernel: 5, stride: 2 },
    { size: 7, kernel: 3, stride: 1 },
    { size: 8, kernel: 4, stride: 1 },
    { size: 9, kernel: 3, stride: 2 },
  ])(
    "is that of TensorFlow.js's own: $size places, kernel $kernel, stride $stride",
    async ({ size, kernel, stride }) => {
      const share = await shareIn(
        inTensorFlow(size, `kernelSize: ${kernel}, strides: ${stride}, padding: "same"`),
        "javascript",
      );
      expect(share).toBeCloseTo(seen(size, kernel, stride, "same"), 6);
    },
  );

  test.each([
    { size: 8, kernel: 3, stride: 1, padding: 1, dilation: 1 },
    { size: 11, kernel: 5, stride: 2, padding: 2, dilation: 1 },
    { size: 10, kernel: 3, stride: 1, padding: 2, dilation: 2 },
  ])(
    "is that of a padding that is counted out: $size places, kernel $kernel, padding $padding, dilation $dilation",
    async (given) => {
      const { size, kernel, stride, padding, dilation } = given;
      const rest = `${kernel}, stride=${stride}, padding=${padding}, dilation=${dilation}`;
      expect(await shareIn(inTorch(size, rest), "python")).toBeCloseTo(
        seen(size, kernel, stride, padding, dilation),
        6,
      );
    },
  );

  test("is all of it without padding, and unknown where the size of the images is not in the text", async () => {
    expect(await shareIn(inTensorFlow(12, "kernelSize: 5"), "javascript")).toBe(1);
    expect(await shareIn("from torch import nn\nmodel = nn.Sequential(nn.Conv2d(3, 4, 3))", "python")).toBe(1);
    expect(await shareIn(inTorch(8, "3, padding=1, padding_mode='reflect'"), "python")).toBe(1);
    expect(await shareIn(inTorch(8, "3, padding=1, padding_mode=chosen()"), "python")).toBeUndefined();
    const text = "from torch import nn\nmodel = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))";
    expect(await shareIn(text, "python")).toBeUndefined();
  });
});

test("of a transposed convolution, whose outputs see a part of its taps, no signal is told", async () => {
  const text = `from torch import nn
model = nn.Sequential(nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3))`;
  const [model] = beforeRun(await sketchOf(text, "python")).models;
  expect(model?.signal.gain).toMatchObject({
    known: false,
    reason: expect.stringContaining("ConvTranspose2d") as string,
  });
});
