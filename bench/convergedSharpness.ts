import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../src/probe/tfjs/engine.ts";
import { largestEigenvalue } from "../src/probe/tfjs/trace/lanczos.ts";
import { measureSharpness } from "../src/probe/tfjs/trace/sharpness.ts";
import type { Trace } from "../src/probe/tfjs/trace/trace.ts";
import { useBackend } from "../test/oracle/support/backends.ts";
import { descend, withTrace } from "../test/oracle/support/models.ts";
import { median, milliseconds, type Benchmark, type BenchmarkRow } from "./benchmark.ts";
import { plainGradient } from "./hessianProducts.ts";
import { chebyshevNetwork, randomRegression, smallConvolutional, type EdgeModel } from "./models/edgeModels.ts";

const tolerance = 1e-3;
const measurements = 40;
/** Steps between measurements: of one, the two largest eigenvalues are seen to change places. */
const intervals = [1, 10] as const;

interface Measured {
  readonly milliseconds: number;
  readonly products: number;
  readonly error: number;
}

/** The same operator's largest eigenvalue, from as many products as it takes for eight digits. */
function reference(trace: Trace): number {
  const product = (vector: Float64Array) => trace.hessianVector(vector);
  return largestEigenvalue({ dimension: trace.parameterCount, product, tolerance: 1e-8, seed: 99, mostProducts: 200 })
    .value;
}

function measureAlong(engine: Engine, model: EdgeModel, interval: number) {
  const [cold, warm]: [Measured[], Measured[]] = [[], []];
  const gradients: number[] = [];
  let starts: readonly Float32Array[] = [];
  for (let step = 0; step <= interval * measurements; step++) {
    withTrace(engine, model.loss, model.variables, (trace, gradient) => {
      if (step % interval === 0) {
        const exact = reference(trace);
        const measure = (from: readonly Float32Array[]): Measured & { readonly next: readonly Float32Array[] } => {
          let sharpness = { value: Number.NaN, products: 0, nextStarts: from };
          const time = milliseconds(() => {
            sharpness = measureSharpness(trace, { tolerance, starts: from, seed: step });
          });
          const { products, nextStarts } = sharpness;
          return { milliseconds: time, products, error: Math.abs(sharpness.value / exact - 1), next: nextStarts };
        };
        gradients.push(
          milliseconds(() => {
            plainGradient(engine, model);
          }),
        );
        cold.push(measure([]));
        const followed = measure(starts);
        if (starts.length > 0) warm.push(followed);
        starts = followed.next;
      }
      descend(model.variables, gradient, model.learningRate);
    });
  }
  return { cold, warm, gradient: median(gradients) };
}

function rowsOf(model: EdgeModel, interval: number, along: ReturnType<typeof measureAlong>): BenchmarkRow[] {
  const how = `${model.description}, WebAssembly; at the edge of stability, ${measurements} measurements, ${interval === 1 ? "at every step" : `every ${interval} steps`}`;
  return (["cold", "warm"] as const).flatMap((start) => {
    const measured = along[start];
    const name = `${model.name}, ${start}`;
    const gradients = median(measured.map(({ milliseconds: time }) => time)) / along.gradient;
    return [
      {
        name,
        value: gradients,
        unit: "gradients",
        how: `${how}; median, a gradient takes ${along.gradient.toPrecision(3)} ms`,
      },
      { name, value: median(measured.map(({ products }) => products)), unit: "products", how: `${how}; median` },
      {
        name,
        value: Math.max(...measured.map(({ error }) => error)),
        unit: "relative error",
        how: `${how}; the worst, against a Lanczos iteration of up to 200 products`,
      },
    ];
  });
}

/** Sharpness to 1e-3 where it is hardest and matters most: at the edge of stability, where eigenvalues cluster. */
export const convergedSharpness: Benchmark = {
  title: "Converged sharpness at the edge of stability",
  async run(): Promise<readonly BenchmarkRow[]> {
    const engine = await useBackend("wasm");
    const rows: BenchmarkRow[] = [];
    for (const make of [chebyshevNetwork, randomRegression, smallConvolutional]) {
      const model = make();
      for (let step = 0; step < model.stepsToEdge; step++) {
        const { value, grads } = engine.gradients(model.loss, [...model.variables]);
        descend(model.variables, grads, model.learningRate);
        for (const tensor of [value, ...grads]) tensor?.dispose();
      }
      for (const interval of intervals) rows.push(...rowsOf(model, interval, measureAlong(engine, model, interval)));
      tf.dispose([...model.variables]);
    }
    return rows;
  },
};
