/**
 * TensorFlow.js as the extension carries it, with its plain JavaScript backend: for scripts that import it where it is not
 * installed. All copies in a process share one engine, so the probe sees this one as any other.
 */
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { version_converter } from "@tensorflow/tfjs-converter";
import { version_core } from "@tensorflow/tfjs-core";
import { version_data } from "@tensorflow/tfjs-data";
import { version_layers } from "@tensorflow/tfjs-layers";

export * from "@tensorflow/tfjs-core";
export * from "@tensorflow/tfjs-layers";
export * from "@tensorflow/tfjs-converter";
export * as data from "@tensorflow/tfjs-data";

export const version = {
  "tfjs-core": version_core,
  "tfjs-layers": version_layers,
  "tfjs-converter": version_converter,
  "tfjs-data": version_data,
  tfjs: version_core,
};

// Last, since the probe looks for TensorFlow.js when a backend registers itself.
import "@tensorflow/tfjs-backend-cpu";
