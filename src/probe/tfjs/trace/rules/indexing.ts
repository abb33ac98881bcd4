import { linearIn, type Rules } from "../rule.ts";

/** Kernels that gather and scatter by integer indices, which no small change of a weight moves. */
export const indexingRules: Rules = {
  GatherV2: linearIn("x"),
  GatherNd: linearIn("params"),
  ScatterNd: linearIn("updates"),
  UnsortedSegmentSum: linearIn("x"),
};
