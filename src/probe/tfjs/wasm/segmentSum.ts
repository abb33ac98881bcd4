import type { Attributes, Engine, NamedTensors, Tensor } from "../engine.ts";
import type { Kernels } from "../trace/kernels.ts";
import { required } from "./required.ts";

/**
 * Sums rows of x by segment, as a scatter: ids outside [0, numSegments) add to nothing, as on other backends. They are
 * looked for beforehand, because the scatter kernel writes wherever an index points.
 */
export function unsortedSegmentSum(
  engine: Engine,
  kernels: Kernels,
  inputs: NamedTensors,
  attributes: Attributes,
): Tensor {
  const [x, segmentIds] = [required(inputs, "x"), required(inputs, "segmentIds")];
  const numSegments = Number(attributes["numSegments"]);
  const count = segmentIds.size;
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = rest.reduce((product, extent) => product * extent, 1);
  const ids = Int32Array.from(kernels.read(segmentIds), (id) => (id >= 0 && id < numSegments ? id : numSegments));
  const strays = ids.includes(numSegments);
  const rows = strays ? numSegments + 1 : numSegments;
  const indices = strays ? engine.makeTensor(ids, [count, 1], "int32") : kernels.reshape(segmentIds, [count, 1]);
  const sums = kernels.run(
    "ScatterNd",
    { indices, updates: kernels.reshape(x, [count, width]) },
    { shape: [rows, width] },
  );
  const kept = strays ? kernels.slice(sums, [0, 0], [numSegments, width]) : sums;
  return kernels.reshape(kept, [numSegments, ...rest]);
}
