import type { Engine, MemoryCounts, Tensor } from "../engine.ts";

/** Values that recordings hold, by the engine that they belong to. */
const held = new WeakMap<Engine, Set<ReadonlyMap<number, Tensor>>>();

/** The tensors in this collection, now and later, are the probe's own: `memoryOfScript` does not count them. */
export function holdHandles(engine: Engine, handles: ReadonlyMap<number, Tensor>): void {
  const all = held.get(engine) ?? new Set();
  held.set(engine, all.add(handles));
}

/** To be called when all tensors in the collection have been disposed of. */
export function letGoOfHandles(engine: Engine, handles: ReadonlyMap<number, Tensor>): void {
  held.get(engine)?.delete(handles);
}

/** What the engine counts, less the handles that recordings hold and the buffers that live by them alone. */
export function memoryOfScript<M extends MemoryCounts>(engine: Engine, counted: M): M {
  const handlesOn = new Map<object, number>();
  let { numTensors, numDataBuffers, numBytes } = counted;
  for (const tensor of [...(held.get(engine) ?? [])].flatMap((handles) => [...handles.values()])) {
    if (tensor.isDisposed || engine.state.tensorInfo.get(tensor.dataId) === undefined) continue;
    handlesOn.set(tensor.dataId, (handlesOn.get(tensor.dataId) ?? 0) + 1);
    numTensors--;
    numBytes -= countedBytes(tensor);
  }
  for (const [dataId, handles] of handlesOn) {
    const others = (engine.state.tensorInfo.get(dataId)?.backend.refCount(dataId) ?? 0) - handles;
    if (others <= 0) numDataBuffers--;
  }
  return { ...counted, numTensors, numDataBuffers, numBytes };
}

/** As the engine counts a tensor's bytes: those of complex numbers and strings are counted elsewhere. */
function countedBytes({ dtype, size }: Tensor): number {
  if (dtype === "complex64" || dtype === "string") return 0;
  return dtype === "bool" ? size : 4 * size;
}
