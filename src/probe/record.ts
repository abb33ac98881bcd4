/**
 * The protocol: every kind of line in a run's `spool.jsonl`, and in its `control.jsonl`.
 *
 * UTF-8 JSON, one object a line, at most 1 MiB a line. JSON lacks NaN and the infinities, so they travel as the strings
 * "NaN", "Infinity" and "-Infinity"; parsing turns them back into numbers.
 *
 * `step` counts optimizer steps completed *before* the value was taken: the loss at `step: 0` is the loss at
 * initialization. `time` is in seconds since the run began, monotonic.
 *
 * Readers ignore kinds and fields that they do not know, so fields may be added without a new version.
 *
 * Where steps are quick, a probe may hold the latest of them back for some moments, and write their lines together. They lie in
 * `latest-steps.bin` beside the spool meanwhile, so that they are not lost with the process: `latestStepsLayout`.
 */
import * as z from "zod";

export const protocolVersion = 1;

/** Longest line a writer may write and a reader must accept, in bytes. */
export const longestLine = 1_048_576;

/**
 * Numbers are doubles, little-endian. Of the `head`: bytes of the spool behind which the steps come, the number of the first of them, and
 * the time at which the step before it ended; NaN where nothing is held back. Then each of the steps, `width` bytes: the time at which
 * it ended, its loss, its learning rate and its number. The last is that after which the numbers do not go on.
 */
export const latestStepsLayout = { head: 32, width: 32 } as const;

const decimal = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);
const step = z.int().nonnegative();
const time = z.number().nonnegative();
const values = z.record(z.string(), decimal);

/** A place in the user's source; `line` and `column` count from 1. */
const sourceSite = z.object({ file: z.string(), line: z.int().positive(), column: z.int().positive() });

const begin = z.object({
  t: z.literal("begin"),
  time,
  protocol: z.int(),
  probe: z.string(),
  framework: z.object({ name: z.string(), version: z.string() }),
  runtime: z.string(),
  device: z.string(),
  backend: z.string(),
  /** Why this backend and not a better one, in one sentence. */
  backendReason: z.string(),
  /** The training process; absent in a run that was read from a log. */
  pid: z.int().positive().optional(),
  script: z.string(),
});

const moduleFacts = z.object({
  path: z.string(),
  /** The framework's own class name, as `Dense`. */
  kind: z.string(),
  /** Shapes of the trainable parameters, kernel before bias. */
  parameterShapes: z.array(z.array(z.int())),
  parameters: z.int().nonnegative(),
  activation: z.string().optional(),
  source: sourceSite.optional(),
});

const model = z.object({
  t: z.literal("model"),
  time,
  step,
  /** Stable within a run, so that a second record about the same model replaces the first. */
  id: z.string(),
  name: z.string().optional(),
  modules: z.array(moduleFacts),
  parameters: z.int().nonnegative(),
  /** Largest hidden width, in units; absent where it has no meaning. */
  width: z.int().positive().optional(),
  /** Number of modules with a weight matrix or a convolution kernel. */
  depth: z.int().nonnegative().optional(),
  source: sourceSite.optional(),
});

const objective = z.object({
  t: z.literal("objective"),
  time,
  step,
  kind: z.enum(["crossEntropy", "binaryCrossEntropy", "meanSquaredError", "unknown"]),
  /** How example losses become one number; curvature scales with it. */
  reduction: z.enum(["mean", "sum", "unknown"]),
  /** Number of classes of a cross-entropy. */
  classes: z.int().positive().optional(),
  /** Outputs an example, for a squared error. */
  outputs: z.int().positive().optional(),
  /** Whether weight penalties are part of the loss that is stepped on. */
  regularized: z.boolean(),
  /** How this was found: from the script's own `compile` call, or read off the recorded kernels. */
  how: z.string(),
});

const parameterGroup = z.object({
  parameters: z.int().nonnegative(),
  learningRate: decimal,
  momentum: z.number().optional(),
  nesterov: z.boolean().optional(),
  beta1: z.number().optional(),
  beta2: z.number().optional(),
  /** Decay of the squared-gradient average of RMSProp. */
  rho: z.number().optional(),
  centered: z.boolean().optional(),
  epsilon: z.number().optional(),
  weightDecay: z.number().optional(),
  /** `coupled` adds the decay to the gradient (L2), `decoupled` to the update (AdamW). */
  weightDecayForm: z.enum(["coupled", "decoupled"]).optional(),
});

const optimizer = z.object({
  t: z.literal("optimizer"),
  time,
  step,
  id: z.string(),
  kind: z.enum(["sgd", "momentum", "rmsprop", "adam", "adamw", "adamax", "adagrad", "adadelta", "nadam", "other"]),
  name: z.string(),
  groups: z.array(parameterGroup),
  /** Whether the learning rate has been seen to move. Written anew when that changes. */
  schedule: z.enum(["constant", "moves"]),
  source: sourceSite.optional(),
});

const data = z.object({
  t: z.literal("data"),
  time,
  step,
  /** Training examples in all, where the probe could learn it. */
  examples: z.int().positive().optional(),
  /** In a step of one process. */
  batch: z.int().positive().optional(),
  /** That train together, each on a batch of its own; absent for one. */
  processes: z.int().positive().optional(),
  /** Whether every step sees the same, whole data set; absent where unknown. */
  fullBatch: z.boolean().optional(),
  /** Optimizer steps planned in all, where that is told in advance. */
  steps: z.int().positive().optional(),
  how: z.string(),
});

const stepRecord = z.object({ t: z.literal("step"), step, time, values });

const measure = z.object({
  t: z.literal("measure"),
  step,
  time,
  values,
  /** Seconds that this measurement took. */
  cost: z.number().nonnegative(),
  method: z.string(),
  /** The method's own bound on the absolute error, for each value that has one. */
  error: z.record(z.string(), decimal).optional(),
  /** Examples that it was measured on. */
  sample: z.int().positive().optional(),
});

const vector = z.object({
  t: z.literal("vector"),
  step,
  time,
  name: z.string(),
  values: z.array(decimal),
  labels: z.array(z.string()).optional(),
});

const note = z.object({
  t: z.literal("note"),
  time,
  step: step.optional(),
  severity: z.enum(["information", "warning"]),
  /** Kebab-case and stable, so that the same thing is said once. */
  code: z.string(),
  text: z.string(),
  source: sourceSite.optional(),
});

const end = z.object({
  t: z.literal("end"),
  time,
  /** Optimizer steps completed in all. */
  step,
  how: z.enum(["finished", "stopped", "failed", "diverged"]),
  error: z.string().optional(),
  exitCode: z.int().optional(),
});

/** Every kind of spool line that this version knows. */
export const recordSchema = z.discriminatedUnion("t", [
  begin,
  model,
  objective,
  optimizer,
  data,
  stepRecord,
  measure,
  vector,
  note,
  end,
]);

export type SourceSite = z.infer<typeof sourceSite>;
export type ModuleFacts = z.infer<typeof moduleFacts>;
export type ParameterGroup = z.infer<typeof parameterGroup>;

export type BeginRecord = z.infer<typeof begin>;
export type ModelRecord = z.infer<typeof model>;
export type ObjectiveRecord = z.infer<typeof objective>;
export type OptimizerRecord = z.infer<typeof optimizer>;
export type DataRecord = z.infer<typeof data>;

export type StepRecord = z.infer<typeof stepRecord>;
export type NoteRecord = z.infer<typeof note>;
export type EndRecord = z.infer<typeof end>;
export type SpoolRecord = z.infer<typeof recordSchema>;

/** A request to the probe: one line of `control.jsonl`, which the probe looks at between steps. */
export const controlSchema = z.discriminatedUnion("do", [
  z.object({ do: z.literal("stop") }),
  z.object({ do: z.literal("pause") }),
  z.object({ do: z.literal("resume") }),
  z.object({ do: z.literal("measure") }),
  /** Sets the fraction of wall time that measuring may cost: 0 measures nothing, 1 after every step. */
  z.object({ do: z.literal("budget"), fraction: z.number().min(0).max(1) }),
]);

export type ControlRequest = z.infer<typeof controlSchema>;
