import { Matrix } from "ml-matrix";
import type { Engine } from "../engine.ts";
import { layerName } from "../layerName.ts";
import { readFloats } from "../stepView.ts";
import type { Operation, TracedVariable } from "../trace/operation.ts";
import type { Trace } from "../trace/trace.ts";
import { randomWeights } from "./featureMatrix.ts";
import { type Observable, Unmeasurable } from "./observable.ts";
import { dot, squaredNorm } from "./vectors.ts";

/** Of a penalty's gradient, relative to its norm, that is not along the weights. */
const tolerance = 1e-4;
const mostUnits = 512;
const draws = 4;
const additions = new Set(["Add", "AddV2", "AddN"]);
/** Kernels of the backward pass that give hᵀ·(derivative by h·W); for a convolution, h are its windows. */
const products = new Set(["BatchMatMul", "Conv2DBackpropFilter", "Conv3DBackpropFilterV2"]);

/**
 * `feature/fact@layer`: features at convergence (Boix-Adsera et al. 2025, eq. 3). Where the objective has a penalty λ/2·‖W‖² and is stationary
 * in a layer's weights, W·Wᵀ = −(1/λ)·Σᵢ (∂L/∂hᵢ)ᵀ·hᵢ, h being the layer's input and L the rest of the objective. The value is
 * ‖difference of the sides‖/‖W·Wᵀ‖, of the batch stepped on; that difference is the product of the gradient and Wᵀ, over λ. For dense
 * layers and convolutions.
 *
 * Null: the mean for random weights of the same norm, the gradient of L held.
 */
export const stationaryFeatures: Observable = {
  name: "feature/fact",
  price: 0.1,
  record: "measure",
  needsTrace: true,
  needsWeights: false,
  applies: () => true,
  measure({ trace, engine }) {
    if (trace === undefined) return undefined;
    const values: Record<string, number> = {};
    const omitted: Unmeasurable[] = [];
    const producers = backwardProducers(trace);
    for (const weight of trace.variables) {
      const layer = layerName(weight.name);
      const penalized = weight.shape.length < 2 ? undefined : penalizedLayer(engine, trace, weight, producers);
      if (penalized === undefined) continue;
      if (penalized instanceof Unmeasurable) {
        omitted.push(penalized);
        continue;
      }
      const { weights, gradient, strength } = penalized;
      const rest = Matrix.sub(gradient, Matrix.mul(weights, strength));
      const error = differenceOfSides(weights, rest, strength);
      if (!Number.isFinite(error)) continue;
      values[`feature/fact@${layer}`] = error;
      values[`feature/fact@${layer}/null`] = expectedDifference(weights, rest, strength);
    }
    return { values, omitted, method: "from weights, gradient and penalty of the recorded objective" };
  },
};

interface PenalizedLayer {
  /** [inputs, units] */
  readonly weights: Matrix;
  /** Of the whole objective. */
  readonly gradient: Matrix;
  /** λ */
  readonly strength: number;
}

type Producers = ReadonlyMap<number, Operation>;

function backwardProducers({ operations }: Trace): Producers {
  const backward = operations.filter(({ pass }) => pass === "backward");
  return new Map(backward.flatMap((operation) => operation.outputs.map((id) => [id, operation] as const)));
}

/** Undefined where a layer's gradient is nothing but that of its product, or it is no layer with a product. */
function penalizedLayer(
  engine: Engine,
  trace: Trace,
  weight: TracedVariable,
  producers: Producers,
): PenalizedLayer | Unmeasurable | undefined {
  const summands = summandsOf(weight.gradient, producers);
  const isProduct = (id: number) => products.has(producers.get(id)?.kernelName ?? "");
  const penalties = summands.filter((id) => !isProduct(id));
  if (penalties.length === 0 || summands.length !== penalties.length + 1) return undefined;
  const read = (id: number | undefined) => {
    const tensor = id === undefined ? undefined : trace.primal(id);
    return tensor?.size === weight.size ? readFloats(engine, tensor) : undefined;
  };
  const [weights, gradient] = [read(weight.values[0]), read(weight.gradient)];
  const added = penalties.map(read);
  if (weights === undefined || gradient === undefined || added.includes(undefined)) return undefined;
  const layer = layerName(weight.name);
  const penalty = weights.map((_, index) => added.reduce((sum, each) => sum + (each?.[index] ?? 0), 0));
  const strength = dot(penalty, weights) / squaredNorm(weights);
  const across = squaredNorm(penalty.map((each, index) => each - strength * (weights[index] ?? 0)));
  if (!(strength > 0) || !(across <= tolerance ** 2 * squaredNorm(penalty))) {
    return new Unmeasurable(
      "fact-penalty",
      `Features at convergence of ${layer} are not measured: something else than a penalty on the sum of its squared weights adds to their gradient.`,
    );
  }
  const units = weight.shape.at(-1) ?? 0;
  if (units > mostUnits) {
    return new Unmeasurable(
      "fact-units",
      `Features at convergence of ${layer} are not measured: it has ${units} units, and ${mostUnits} are the most.`,
    );
  }
  return {
    weights: Matrix.from1DArray(weight.size / units, units, weights),
    gradient: Matrix.from1DArray(weight.size / units, units, gradient),
    strength,
  };
}

/** Ids of the values that a gradient is the sum of. */
function summandsOf(id: number, producers: Producers): number[] {
  const operation = producers.get(id);
  if (operation === undefined) return [id];
  if (additions.has(operation.kernelName) || operation.kernelName === "Reshape") {
    return Object.values(operation.inputs).flatMap((input) => summandsOf(input, producers));
  }
  return [id];
}

/** ‖(λW + R)·Wᵀ‖/(λ·‖W·Wᵀ‖), R being the gradient of the rest; norms by the smaller matrices of the units. */
function differenceOfSides(weights: Matrix, rest: Matrix, strength: number): number {
  const whole = Matrix.add(Matrix.mul(weights, strength), rest);
  const ofWeights = weights.transpose().mmul(weights);
  const ofWhole = whole.transpose().mmul(whole);
  return Math.sqrt(Math.max(0, Matrix.mul(ofWhole, ofWeights).sum())) / (strength * ofWeights.norm("frobenius"));
}

function expectedDifference(weights: Matrix, rest: Matrix, strength: number): number {
  const norm = weights.norm("frobenius");
  const all = Array.from({ length: draws }, (_, draw) => {
    const random = randomWeights(weights.rows, weights.columns, draw + 1);
    return differenceOfSides(random.mul(norm / random.norm("frobenius")), rest, strength);
  });
  return all.reduce((sum, each) => sum + each, 0) / draws;
}
