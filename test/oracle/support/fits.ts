import type * as tf from "@tensorflow/tfjs";
import type { Engine } from "../../../src/probe/tfjs/engine.ts";
import { recordTrace } from "../../../src/probe/tfjs/trace/recordTrace.ts";
import type { Trace } from "../../../src/probe/tfjs/trace/trace.ts";

/** Trains a compiled model for one step on all examples, and hands its trace over. */
export async function withFitTrace(
  engine: Engine,
  model: tf.LayersModel,
  x: tf.Tensor,
  y: tf.Tensor,
  use: (trace: Trace) => void,
): Promise<void> {
  const own = engine.gradients.bind(engine);
  engine.gradients = (evaluate, xs, dy, allow) => {
    const { evaluation, trace, failure } = recordTrace(engine, () => own(evaluate, xs, dy, allow), xs);
    if (trace === undefined) throw failure ?? new Error("no trace");
    try {
      use(trace);
    } finally {
      trace.dispose();
    }
    return evaluation;
  };
  try {
    await model.fit(x, y, { epochs: 1, batchSize: x.shape[0], shuffle: false, yieldEvery: "never" });
  } finally {
    Reflect.deleteProperty(engine, "gradients");
  }
}
