import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { io } from "@tensorflow/tfjs";

const scheme = "file://";
const weightsFile = "weights.bin";

interface ModelJson extends io.ModelArtifacts {
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: io.WeightsManifestEntry[];
  }[];
}

/** Handles the addresses that tfjs-node does: `file://` and a path, relative ones included. */
export function fileRouter(url: string | readonly string[]): io.IOHandler {
  const address = typeof url === "string" ? url : (url[0] ?? "");
  // TensorFlow.js takes null for "not mine", which its types do not say.
  return address.startsWith(scheme) ? fileSystem(pathOf(address)) : (null as unknown as io.IOHandler);
}

/** Saves a model into a folder, or loads it from the `model.json` there, in TensorFlow.js's own format. */
export function fileSystem(location: string): io.IOHandler {
  return {
    async save(artifacts) {
      const { weightData, weightSpecs, ...rest } = artifacts;
      const weights = joined(weightData);
      const model = {
        ...rest,
        weightsManifest: [{ paths: [weightsFile], weights: weightSpecs ?? [] }],
      };
      await mkdir(location, { recursive: true });
      await writeFile(path.join(location, weightsFile), weights);
      await writeFile(path.join(location, "model.json"), JSON.stringify(model));
      return {
        modelArtifactsInfo: {
          dateSaved: new Date(),
          modelTopologyType: "JSON",
          weightDataBytes: weights.byteLength,
        },
      };
    },
    async load() {
      const { weightsManifest = [], ...model } = JSON.parse(await readFile(location, "utf8")) as ModelJson;
      const folder = path.dirname(location);
      const parts = await Promise.all(
        weightsManifest.flatMap((group) => group.paths.map((part) => readFile(path.join(folder, part)))),
      );
      const weights = Buffer.concat(parts);
      return {
        ...model,
        weightSpecs: weightsManifest.flatMap((group) => group.weights),
        weightData: Uint8Array.from(weights).buffer,
      };
    },
  };
}

/** `file:///a/b` is a URL; `file://./b` and `file://b` are what people write. */
function pathOf(address: string): string {
  return address.startsWith(`${scheme}/`) ? fileURLToPath(address) : path.resolve(address.slice(scheme.length));
}

function joined(data: io.WeightData | undefined): Buffer {
  const parts = data === undefined ? [] : Array.isArray(data) ? data : [data];
  return Buffer.concat(parts.map((part) => new Uint8Array(part)));
}
