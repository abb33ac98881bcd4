import type { Architecture } from "./architecture.ts";
import { cnnNormalized, cnnPlain } from "./cnn.ts";
import { lstm } from "./lstm.ts";
import { mlpGelu, mlpRelu, mlpTanh } from "./mlp.ts";
import { transformer } from "./transformer.ts";

/** In the order of the coverage document. */
export const architectures: readonly Architecture[] = [
  ...[mlpTanh, mlpRelu, mlpGelu],
  ...[cnnPlain, cnnNormalized],
  ...[transformer, lstm],
];
