/**
 * Stands in for `@tensorflow/tfjs-node` and `@tensorflow/tfjs-node-gpu` where their native part is missing: everything of
 * `@tensorflow/tfjs`, which is the script's own copy where it has one, and models on disk by `file://`.
 */
import * as tf from "@tensorflow/tfjs";
import { fileSystem, fileRouter } from "./fileSystem.ts";

export * from "@tensorflow/tfjs";

tf.io.registerSaveRouter(fileRouter);
tf.io.registerLoadRouter(fileRouter);

export const io = { ...tf.io, fileSystem };
export const version = { ...tf.version, "tfjs-node": tf.version.tfjs };

const nativeOnly = [
  "decodeBmp",
  "decodeGif",
  "decodeImage",
  "decodeJpeg",
  "decodePng",
  "encodeJpeg",
  "encodePng",
  "getMetaGraphsFromSavedModel",
  "getNumOfSavedModels",
  "loadSavedModel",
  "summaryFileWriter",
  "tensorBoard",
] as const;

/** What only the native part can do throws when it is called, and not before. */
export const node = Object.fromEntries(
  nativeOnly.map((name) => [
    name,
    () => {
      throw new Error(
        `tf.node.${name} needs the native part of tfjs-node, which is not installed here. Run \`npm rebuild @tensorflow/tfjs-node\` where it can be downloaded, or leave this call out.`,
      );
    },
  ]),
);
