import { measureSharpness, type CurvatureSource } from "../trace/sharpness.ts";
import type { Trace } from "../trace/trace.ts";
import { requireTangentRules } from "./hessian.ts";
import { Unmeasurable, type Observable } from "./observable.ts";

const tolerance = 1e-3;

/**
 * `sharpness/block@layer`: largest eigenvalue of the block of the Hessian that belongs to one layer's weights, the others held still.
 * One layer at a time, in turn: each costs as much as the sharpness itself.
 */
export function blockSharpness(): Observable {
  const starts = new Map<string, readonly Float32Array[]>();
  let turn = 0;
  return {
    name: "sharpness/block",
    price: 1,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure({ trace }) {
      if (trace === undefined) return undefined;
      requireTangentRules(trace);
      const blocks = blocksOf(trace);
      const block = blocks[turn % blocks.length];
      turn++;
      if (block === undefined) return undefined;
      const name = `sharpness/block@${block.layer}`;
      const sharpness = measureSharpness(restricted(trace, block), {
        tolerance,
        starts: starts.get(name)?.filter(({ length }) => length === block.size),
      });
      starts.set(name, sharpness.nextStarts);
      if (!sharpness.converged) {
        throw new Unmeasurable(
          "block-sharpness-not-converged",
          `${name} was left out at some steps: ${sharpness.products} Hessian-vector products were not enough.`,
        );
      }
      return {
        values: { [name]: sharpness.value },
        error: { [name]: sharpness.error },
        method: `Lanczos on the layer's block, ${sharpness.products} Hessian-vector products`,
      };
    },
  };
}

/** A layer, and where its weights lie in flat vectors. */
interface Block {
  readonly layer: string;
  readonly size: number;
  readonly ranges: readonly (readonly [start: number, stop: number])[];
}

function blocksOf(trace: Trace): Block[] {
  const blocks = new Map<string, Block>();
  let offset = 0;
  for (const { name, size } of trace.variables) {
    const layer = name.replace(/\/[^/]*$/, "");
    const known = blocks.get(layer);
    blocks.set(layer, {
      layer,
      size: (known?.size ?? 0) + size,
      ranges: [...(known?.ranges ?? []), [offset, offset + size]],
    });
    offset += size;
  }
  return [...blocks.values()];
}

function restricted(trace: Trace, { size, ranges }: Block): CurvatureSource {
  return {
    parameterCount: size,
    hessianVector(direction) {
      const inner = Float32Array.from(direction);
      const whole = new Float32Array(trace.parameterCount);
      let offset = 0;
      for (const [start, stop] of ranges) {
        whole.set(inner.subarray(offset, offset + stop - start), start);
        offset += stop - start;
      }
      const image = trace.hessianVector(whole);
      offset = 0;
      for (const [start, stop] of ranges) {
        inner.set(image.subarray(start, stop), offset);
        offset += stop - start;
      }
      return inner;
    },
  };
}
