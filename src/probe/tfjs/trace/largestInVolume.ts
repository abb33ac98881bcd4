import type { VolumeAxes } from "./volumeGeometry.ts";
import type { WindowAxis } from "./windowGeometry.ts";

/**
 * For every window of a max pooling of volumes, where in the flat input its largest element lies.
 *
 * @param x flat values of [n, depth, height, width, channels].
 * @param pooled the max pooling of x, flat values of [n, outDepth, outHeight, outWidth, channels], as is the result.
 * @param ties which of equal elements is taken: the plain-JavaScript backend's gradient takes the last.
 */
export function placesOfLargestInVolume(
  x: ArrayLike<number>,
  pooled: ArrayLike<number>,
  { depth, rows, columns }: VolumeAxes,
  channels: number,
  ties: "first" | "last",
): Int32Array<ArrayBuffer> {
  const places = new Int32Array(pooled.length);
  for (let window = 0; window < pooled.length; window++) {
    const channel = window % channels;
    const [left, right] = inside(columns, Math.floor(window / channels) % columns.output);
    const [top, bottom] = inside(rows, Math.floor(window / (channels * columns.output)) % rows.output);
    const plane = Math.floor(window / (channels * columns.output * rows.output));
    const [front, back] = inside(depth, plane % depth.output);
    const volume = Math.floor(plane / depth.output);
    let place = -1;
    for (let deep = front; deep < back && (place < 0 || ties === "last"); deep++) {
      for (let row = top; row < bottom && (place < 0 || ties === "last"); row++) {
        const line = ((volume * depth.input + deep) * rows.input + row) * columns.input;
        for (let column = left; column < right && (place < 0 || ties === "last"); column++) {
          const candidate = (line + column) * channels + channel;
          if (x[candidate] === pooled[window]) place = candidate;
        }
      }
    }
    places[window] = Math.max(0, place);
  }
  return places;
}

/** First element of a window that lies inside the input, and the one after its last. */
function inside({ stride, before, filter, input }: WindowAxis, output: number): [number, number] {
  const start = output * stride - before;
  return [Math.max(0, start), Math.min(input, start + filter)];
}
