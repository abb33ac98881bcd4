/**
 * Prints the milliseconds that an Adam step takes, median of some after a first one, or why the backend cannot train the model.
 *
 * Arguments: backend, whose kernels (`stock` or `probe`), model, steps.
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { useBackend, type BackendName } from "../../test/oracle/support/backends.ts";
import { median, milliseconds } from "../benchmark.ts";
import { benchmarkModels, type ModelName } from "../models/benchmarkModels.ts";

const [backend, kernels, name, steps] = process.argv.slice(2) as [BackendName, "stock" | "probe", ModelName, string];
if (kernels === "probe") await useBackend(backend);
else await tf.setBackend(backend);
await tf.ready();

const { loss } = benchmarkModels[name]();
const optimizer = tf.train.adam(1e-3);
const step = () => {
  const value = optimizer.minimize(loss, true);
  value?.dataSync();
  value?.dispose();
};
try {
  const times = Array.from({ length: 1 + Number(steps) }, () => milliseconds(step));
  console.log(`milliseconds ${median(times.slice(1))}`);
} catch (error) {
  console.log(`failed ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
}
