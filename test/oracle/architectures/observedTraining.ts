import * as tf from "@tensorflow/tfjs";
import type { Engine, GradientEvaluation, Variable } from "../../../src/probe/tfjs/engine.ts";
import { agreementMeasurement, agreementOf } from "../../../src/probe/tfjs/observables/agreement.ts";
import { createObservables } from "../../../src/probe/tfjs/observables/createObservables.ts";
import { type Measurement, type Observable, Unmeasurable } from "../../../src/probe/tfjs/observables/observable.ts";
import { namedGradients, type Optimizer } from "../../../src/probe/tfjs/optimizerHook.ts";
import { readFloats, StepView } from "../../../src/probe/tfjs/stepView.ts";
import { recordTrace } from "../../../src/probe/tfjs/trace/recordTrace.ts";
import { at } from "../reference/scalarTape.ts";
import { type BackendName, useBackend } from "../support/backends.ts";
import { type Architecture, dataSize, type Network } from "./architecture.ts";
import { atSteadyPace } from "./steadyClock.ts";

/** Everything that one or several measurements have said, by name; layers called as the architecture calls them. */
export interface Findings {
  readonly values: Map<string, number | readonly number[]>;
  readonly errors: Map<string, number>;
  readonly notes: string[];
}

/** Weights are flat, before each step. */
export interface ObservedTraining {
  readonly learningRate: number;
  readonly initial: Float32Array;
  /** Steps on part batches of eight examples, each of which becomes a micro-batch of its own. */
  readonly parts: { readonly steps: readonly StepOn[]; readonly found: Findings };
  /** Batches that are followed through the run, the first of them that of `whole`. */
  readonly probe: readonly (readonly number[])[];
  /** One step on a whole batch after them, under gradient descent. */
  readonly whole: StepOn & { readonly after: Float32Array; readonly found: Findings };
  /** Steps on the same batch under Adam, the last of which was measured. */
  readonly adam: { readonly steps: readonly StepOn[]; readonly found: Findings };
}

export interface StepOn {
  readonly examples: readonly number[];
  readonly weights: Float32Array;
}

const learningRate = 0.03;
const adamRate = 0.02;
export const stepSeconds = 0.01;
const partSteps = 10;
const adamSteps = 4;
const partSize = 8;

const batches = [0, 1].map((batch) =>
  Array.from({ length: dataSize / 2 }, (_, index) => (batch * dataSize) / 2 + index),
);
const firstBatch = at(batches, 0);
/** Any part of the data, another at each step. */
const partOf = (step: number) =>
  Array.from({ length: partSize }, (_, index) => (5 * step + 7 * index) % dataSize).toSorted((a, b) => a - b);

let instances = 0;

/** Trains a network for a few steps, and measures as the probe does. */
export async function observeTraining(architecture: Architecture, backend: BackendName): Promise<ObservedTraining> {
  const engine = await useBackend(backend);
  const descent = await descentRun(engine, architecture);
  const adam = await adamRun(engine, architecture);
  return { learningRate, probe: batches, ...descent, adam };
}

async function descentRun(engine: Engine, architecture: Architecture) {
  const observables = createObservables({ batches: batches.length, bytes: 2 ** 20 });
  const only = (...names: string[]) => observables.filter(({ name }) => names.includes(name));
  const run = await Run.of(engine, architecture, tf.train.sgd(learningRate));
  try {
    const initial = run.weights();
    const followed = only("initialization", "probeSet", "agreement", "kernel", "loss/probe");
    for (const batch of batches) await run.step(batch, followed, newFindings());
    const found = newFindings();
    const steps: StepOn[] = [];
    for (let step = 1; step <= partSteps; step++) {
      const examples = partOf(step);
      steps.push({ examples, weights: run.weights() });
      const isLast = step === partSteps;
      await run.step(examples, only("gradient/noiseScale", ...(isLast ? ["sharpness/directional"] : [])), found);
    }
    const whole = { examples: firstBatch, weights: run.weights(), found: newFindings() };
    // Once for each layer, as blocks are measured by turns.
    const layers = new Set(architecture.variables.map(({ name }) => name.replace(/\/.*$/, "")));
    const turns = only("sharpness/block").flatMap((each) => [...layers].map(() => each));
    const others = observables.filter(({ name }) => !["gradient/noiseScale", "sharpness/block"].includes(name));
    await run.step(firstBatch, [...others, ...turns], whole.found);
    return { initial, parts: { steps, found }, whole: { ...whole, after: run.weights() } };
  } finally {
    run.dispose();
  }
}

async function adamRun(engine: Engine, architecture: Architecture): Promise<ObservedTraining["adam"]> {
  const observables = createObservables().filter(({ name }) => name === "sharpness/preconditioned");
  const run = await Run.of(engine, architecture, tf.train.adam(adamRate));
  const found = newFindings();
  const steps: StepOn[] = [];
  try {
    for (let step = 1; step <= adamSteps; step++) {
      steps.push({ examples: firstBatch, weights: run.weights() });
      await run.step(firstBatch, step === adamSteps ? observables : [], found);
    }
  } finally {
    run.dispose();
  }
  return { steps, found };
}

function newFindings(): Findings {
  return { values: new Map(), errors: new Map(), notes: [] };
}

/** A network under training, its gradient evaluations recorded and its optimizer steps watched. */
class Run {
  readonly #engine: Engine;
  readonly #optimizer: tf.Optimizer;
  readonly #network: Network;
  readonly #suffix: string;
  #stepsDone = 0;

  private constructor(engine: Engine, optimizer: tf.Optimizer, network: Network, suffix: string) {
    this.#engine = engine;
    this.#optimizer = optimizer;
    this.#network = network;
    this.#suffix = suffix;
  }

  static async of(engine: Engine, architecture: Architecture, optimizer: tf.Optimizer): Promise<Run> {
    const suffix = `.${instances++}`;
    return new Run(engine, optimizer, await architecture.build(optimizer, suffix), suffix);
  }

  weights(): Float32Array {
    return Float32Array.from(
      this.#network.variables.flatMap((variable) => Array.from(readFloats(this.#engine, variable))),
    );
  }

  async step(examples: readonly number[], observables: readonly Observable[], found: Findings): Promise<void> {
    const batch = this.#network.isLayersModel ? examples.length : undefined;
    const watched = watch(this.#engine, this.#optimizer, batch, this.#stepsDone, (view) => {
      this.#measure(view, observables, found);
    });
    try {
      await this.#network.step(examples);
    } finally {
      watched.stop();
    }
    this.#stepsDone++;
  }

  dispose(): void {
    this.#network.dispose();
    this.#optimizer.dispose();
  }

  #measure(view: StepView, observables: readonly Observable[], found: Findings): void {
    this.#enter(found, { values: { "loss/train": view.trace?.loss() ?? Number.NaN }, method: "" });
    const agreement = agreementOf(view);
    if (agreement !== undefined) this.#enter(found, agreementMeasurement(agreement));
    for (const observable of observables) {
      if (!observable.applies(view.optimizer)) continue;
      try {
        const measurement = atSteadyPace(() => observable.measure(view));
        if (measurement !== undefined) this.#enter(found, measurement);
      } catch (error) {
        if (!(error instanceof Unmeasurable)) throw error;
        found.notes.push(this.#plain(error.message));
      }
    }
  }

  #enter(found: Findings, { values, vectors = {}, error = {}, omitted = [] }: Measurement): void {
    for (const [name, value] of [...Object.entries(values), ...Object.entries(vectors)])
      found.values.set(this.#plain(name), value);
    for (const [name, value] of Object.entries(error)) found.errors.set(this.#plain(name), value);
    for (const { message } of omitted) found.notes.push(this.#plain(message));
  }

  #plain(text: string): string {
    return text.replaceAll(this.#suffix, "");
  }
}

/** Hands over each step between the evaluation that led to it and the freeing of its gradients. */
function watch(
  engine: Engine,
  optimizer: tf.Optimizer,
  batch: number | undefined,
  step: number,
  use: (view: StepView) => void,
): { stop(): void } {
  const evaluateAlone = engine.gradients.bind(engine);
  const applyAlone = optimizer.applyGradients.bind(optimizer);
  let recorded: { evaluation: GradientEvaluation; variables: readonly Variable[] } | undefined;
  let recording: ReturnType<typeof recordTrace> | undefined;
  engine.gradients = (evaluate, xs, dy, allow) => {
    recording = recordTrace(engine, () => evaluateAlone(evaluate, xs, dy, allow), xs);
    if (recording.failure !== undefined) throw recording.failure;
    const { evaluation } = recording;
    const variables = xs.filter((_, index) => evaluation.grads[index] !== null) as Variable[];
    recorded = { evaluation, variables };
    return evaluation;
  };
  optimizer.applyGradients = (given) => {
    const gradients = namedGradients(given);
    const trace = recording?.trace;
    if (recorded === undefined || trace === undefined) throw new Error("No evaluation was recorded before the step.");
    const before = new Map(recorded.variables.map((each) => [each.name, readFloats(engine, each)]));
    applyAlone(given);
    const evaluation = {
      engine,
      loss: trace.loss(),
      variables: recorded.variables,
      gradients: [...gradients.values()],
      batch,
      begun: undefined,
      trace,
      due: new Set<string>(),
      isUnlimited: true,
      choosing: 0,
      recording: 0,
    };
    try {
      const about = { optimizer: optimizer as unknown as Optimizer, learningRate, gradients, before };
      use(new StepView(evaluation, about, { step, seconds: stepSeconds }));
    } finally {
      trace.dispose();
    }
  };
  return {
    stop() {
      Reflect.deleteProperty(engine, "gradients");
      Reflect.deleteProperty(optimizer, "applyGradients");
    },
  };
}

/** A list among findings. */
export function listIn(values: ReadonlyMap<string, number | readonly number[]>, name: string): readonly number[] {
  const value = values.get(name);
  return value === undefined || typeof value === "number" ? [] : value;
}

/** The last of some steps. */
export function lastOf<T>(steps: readonly T[]): T {
  return at(steps, steps.length - 1);
}
