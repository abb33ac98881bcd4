import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../src/probe/tfjs/engine.ts";
import { useBackend } from "../test/oracle/support/backends.ts";
import { seededValues, withTrace } from "../test/oracle/support/models.ts";
import { alternating, median, type Benchmark, type BenchmarkRow } from "./benchmark.ts";
import type { BenchmarkModel } from "./models/benchmarkModel.ts";
import { benchmarkModels } from "./models/benchmarkModels.ts";

const { multilayerPerceptron, convolutionalNetwork, transformer } = benchmarkModels;

const workloads = [
  {
    backend: "wasm",
    rounds: 25,
    models: [() => multilayerPerceptron(), () => convolutionalNetwork(), () => transformer()],
  },
  {
    backend: "cpu",
    rounds: 3,
    models: [() => multilayerPerceptron(32), () => convolutionalNetwork(4), () => transformer(2)],
  },
] as const;

const backendTitles = { wasm: "WebAssembly", cpu: "plain JavaScript" };

/** What a gradient costs a script: one evaluation, with the loss read. */
export function plainGradient(engine: Engine, { loss, variables }: Pick<BenchmarkModel, "loss" | "variables">): void {
  const { value, grads } = engine.gradients(loss, [...variables]);
  engine.readSync(value.dataId);
  value.dispose();
  for (const gradient of grads) gradient?.dispose();
}

/** A Hessian-vector product as a multiple of one gradient of the script, both in turn in the same process. */
export const hessianProducts: Benchmark = {
  title: "Hessian-vector products",
  async run(): Promise<readonly BenchmarkRow[]> {
    const rows: BenchmarkRow[] = [];
    for (const { backend, rounds, models } of workloads) {
      const engine = await useBackend(backend);
      for (const make of models) {
        const model = make();
        withTrace(engine, model.loss, model.variables, (trace) => {
          const direction = seededValues(trace.parameterCount, 3);
          const times = alternating(
            rounds,
            () => {
              plainGradient(engine, model);
            },
            () => trace.hessianVector(direction),
          );
          const gradient = median(times.map(({ first }) => first));
          rows.push({
            name: `${model.name}, ${backendTitles[backend]}`,
            value: median(times.map(({ second }) => second)) / gradient,
            unit: "×",
            how: `${model.description}; a gradient takes ${gradient.toPrecision(3)} ms; medians of ${rounds} in turn`,
          });
        });
        model.dispose();
      }
    }
    tf.disposeVariables();
    return rows;
  },
};
