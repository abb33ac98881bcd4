import { Matrix } from "ml-matrix";
import { type DenseLayer, denseLayers } from "../denseLayers.ts";
import type { Engine } from "../engine.ts";
import { tracedLayers } from "../layerActivations.ts";
import { outputHead } from "../outputHead.ts";
import type { ProbeSet } from "../probeSet.ts";
import { readFloats } from "../stepView.ts";
import { OutputGradients } from "../trace/outputGradients.ts";
import type { Trace } from "../trace/trace.ts";
import { featureAlignment, featureAlignmentNull } from "./featureMatrix.ts";
import { type Measurement, type Observable, Unmeasurable } from "./observable.ts";
import { chosen } from "./randomMatrix.ts";
import { Turns } from "./turns.ts";

/** Backward passes, one an output. */
const mostOutputs = 32;
/** Beyond it a matrix' square root takes seconds. */
const mostUnits = 256;
const mostExamples = 128;

/**
 * The neural feature ansatz of each dense layer, on the probe set's first batch: the cosine between W·Wᵀ and a power s of the mean outer
 * product of the outputs' gradients by the layer's input, as defined in `featureAlignment`. Outputs are logits, for a cross-entropy.
 *
 * - `feature/nfa@layer`: s = ½.
 * - `feature/nfaLinear@layer`: s = 1.
 *
 * Each with its null, that of random weights.
 */
export function neuralFeatures(probe: ProbeSet): Observable {
  const turns = new Turns();
  return {
    name: "feature/nfa",
    price: 1,
    record: "measure",
    needsTrace: true,
    needsWeights: false,
    applies: () => true,
    measure(step) {
      const { trace, engine } = step;
      if (trace === undefined || outputHead(tracedLayers(trace)) === undefined) return undefined;
      probe.look(step, trace);
      const measured = probe.onFirst(engine, trace.weights(), (first) => alignments(engine, first, turns));
      return measured && { ...measured, method: `${measured.method}, ${probe.describe("first")}` };
    },
  };
}

function alignments(engine: Engine, trace: Trace, turns: Turns): Measurement | undefined {
  const head = outputHead(tracedLayers(trace));
  const gradients = head && OutputGradients.of(engine, trace, head.product);
  if (head === undefined || gradients === undefined) return undefined;
  const [examples = 0, outputs = 0] = head.outputs.shape;
  if (outputs > mostOutputs) {
    throw new Unmeasurable(
      "feature-outputs",
      `Feature alignment is not measured: it takes a backward pass for each of the ${outputs} outputs, and ${mostOutputs} are the most.`,
    );
  }
  const omitted: Unmeasurable[] = [];
  /** Of the sum over some examples of one output, by all layers' products. */
  const derivatives = (layers: readonly DenseLayer[], output: number, some: readonly number[]) => {
    const coefficients = new Float32Array(examples * outputs);
    for (const example of some) coefficients[example * outputs + output] = 1;
    const ids = layers.map(({ derivative }) => derivative);
    return gradients.between(trace, coefficients, ids);
  };
  const ofExamples = denseLayers(trace).filter(
    ({ inputId, weight, units }) => trace.primal(inputId)?.size === (examples * weight.size) / units,
  );
  const ofFirst = derivatives(ofExamples, 0, [0]);
  const layers = ofExamples.filter(({ layer, units }, index) => {
    const isCoupled = ofFirst[index]?.subarray(units).some((each) => each !== 0) === true;
    if (isCoupled) omitted.push(coupled(layer));
    else if (units > mostUnits) omitted.push(tooWide(layer, units));
    return !isCoupled && units <= mostUnits;
  });
  const some = chosen(examples, mostExamples);
  const byOutput = Array.from({ length: outputs }, (_, output) => derivatives(layers, output, some));
  const values: Record<string, number> = {};
  for (const [index, { layer, weight, weightId, units }] of turns.over([...layers.entries()])) {
    const tensor = trace.primal(weightId);
    if (tensor === undefined) continue;
    const weights = Matrix.from1DArray(weight.size / units, units, readFloats(engine, tensor));
    const outerProducts = Matrix.zeros(units, units);
    for (const derivative of byOutput) outerProducts.add(outerProduct(derivative[index], some, units));
    const [aligned, expected] = [featureAlignment, featureAlignmentNull].map((of) => of(weights, outerProducts));
    if (aligned === undefined || expected === undefined) continue;
    values[`feature/nfa@${layer}`] = aligned.root;
    values[`feature/nfa@${layer}/null`] = expected.root;
    values[`feature/nfaLinear@${layer}`] = aligned.linear;
    values[`feature/nfaLinear@${layer}/null`] = expected.linear;
  }
  return { values, omitted, sample: some.length, method: `gradients of ${outputs} outputs by each layer's input` };
}

/** Mean over some examples of the outer products of their rows with themselves. */
function outerProduct(values: Float32Array | undefined, some: readonly number[], units: number): Matrix {
  if (values === undefined) return Matrix.zeros(units, units);
  const rows = new Matrix(some.map((example) => values.subarray(example * units, (example + 1) * units)));
  return rows.transpose().mmul(rows).div(some.length);
}

function coupled(layer: string): Unmeasurable {
  return new Unmeasurable(
    "feature-coupled",
    `Feature alignment of ${layer} is not measured: an example's output depends on other examples, as by batch normalization, so that it has no gradient of its own.`,
  );
}

function tooWide(layer: string, units: number): Unmeasurable {
  return new Unmeasurable(
    "feature-units",
    `Feature alignment of ${layer} is not measured: it has ${units} units, and ${mostUnits} are the most.`,
  );
}
