import type { ConvolutionLayer } from "../../source/sketch/layerSketch.ts";

/** One axis of a window that slides over places, beside which there are zeros. */
interface Axis {
  readonly places: number;
  readonly windows: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first place. */
  readonly before: number;
}

/**
 * The part of what a convolution's windows see that lies within the image, the rest being zeros of its padding: by this the mean square behind it
 * is smaller, and that of the gradient before it, than fan-in and variance of the weights have it. Undefined where the text does not give the shapes.
 */
export function shareWithinPadding(layer: ConvolutionLayer): number | undefined {
  const { padding, padsWithZeros, kernelSize, strides, dilation } = layer;
  if (!padding.known || !padsWithZeros.known) return undefined;
  const isBare =
    typeof padding.value === "string" ? padding.value === "valid" : padding.value.every((each) => each === 0);
  if (isBare || !padsWithZeros.value) return 1;
  const extents = placesOf(layer);
  if (extents === undefined || !kernelSize.known || !strides.known || !dilation.known) return undefined;
  const at = (values: readonly number[], axis: number) => values[axis] ?? values[0] ?? NaN;
  const shares = extents.map(({ places, windows }, axis) => {
    const [kernel, stride, spread] = [kernelSize, strides, dilation].map((each) => at(each.value, axis));
    if (kernel === undefined || stride === undefined || spread === undefined) return NaN;
    // As TensorFlow and PyTorch share out what does not go into two halves.
    const added = Math.max(0, (windows - 1) * stride + (kernel - 1) * spread + 1 - places);
    const before = typeof padding.value === "string" ? Math.floor(added / 2) : at(padding.value, axis);
    return shareOf({ places, windows, kernel, stride, dilation: spread, before });
  });
  const share = shares.reduce((one, other) => one * other, 1);
  return share > 0 && share <= 1 ? share : undefined;
}

function shareOf({ places, windows, kernel, stride, dilation, before }: Axis): number {
  let within = 0;
  for (let window = 0; window < windows; window++) {
    for (let tap = 0; tap < kernel; tap++) {
      const place = window * stride + tap * dilation - before;
      if (place >= 0 && place < places) within++;
    }
  }
  return within / (windows * kernel);
}

/** Of each axis, the channels left out, which come first or last. */
function placesOf({ inputShape, outputShape, inputs, units }: ConvolutionLayer) {
  if (!inputShape.known || !outputShape.known || !inputs.known || !units.known) return undefined;
  const [from, to] = [inputShape.value, outputShape.value];
  const comeLast = from.at(-1) === inputs.value && to.at(-1) === units.value;
  if (!comeLast && !(from[0] === inputs.value && to[0] === units.value)) return undefined;
  const axes = (shape: readonly number[]) => (comeLast ? shape.slice(0, -1) : shape.slice(1));
  const windows = axes(to);
  return axes(from).map((places, axis) => ({ places, windows: windows[axis] ?? NaN }));
}
