import { ForwardGraph, handsOn, input } from "./forwardGraph.ts";
import { layerName } from "./layerName.ts";
import { findPrediction, type Prediction } from "./prediction.ts";
import type { Operation, TracedVariable } from "./trace/operation.ts";
import type { Trace } from "./trace/trace.ts";

/** What a layer gives to the layers after it: its product with its weights, biased, normalized, and through its activation function. */
export interface LayerActivation {
  readonly layer: string;
  readonly weight: TracedVariable;
  /** Id of the value, of shape [examples, …, units]. */
  readonly value: number;
  /** Whether a unit may be zero on all examples because it is cut off below zero. */
  readonly isRectified: boolean;
}

/** What a trace shows of its layers. */
export interface TracedLayers {
  readonly graph: ForwardGraph;
  readonly prediction: Prediction | undefined;
  readonly activations: readonly LayerActivation[];
  /** Layers whose activation cannot be told: used several times, or with several results. */
  readonly unclear: readonly string[];
  /** Ids of what is multiplied by weights, or looks them up, in that order; undefined where its axes are exchanged first. */
  readonly taken: readonly (number | undefined)[];
}

/** Where weight and data enter, by kernel. */
const productInputs: ReadonlyMap<string, { readonly weight: string; readonly data: string }> = new Map([
  ["BatchMatMul", { weight: "b", data: "a" }],
  ["_FusedMatMul", { weight: "b", data: "a" }],
  ["Conv2D", { weight: "filter", data: "x" }],
  ["FusedConv2D", { weight: "filter", data: "x" }],
  ["DepthwiseConv2dNative", { weight: "filter", data: "x" }],
  ["FusedDepthwiseConv2D", { weight: "filter", data: "x" }],
  ["Conv3D", { weight: "filter", data: "x" }],
  ["GatherV2", { weight: "x", data: "indices" }],
]);
const additions = new Set(["Add", "AddV2", "BiasAdd"]);
const linear = new Set(["Add", "AddV2", "Sub", "Neg", "Multiply", "RealDiv"]);
const nonlinear = new Set([
  ...["Relu", "Relu6", "LeakyRelu", "Prelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Erf", "Exp", "Expm1"],
  ...["Log1p", "Abs", "Square", "Pow", "Sin", "Cos", "Maximum", "Minimum", "ClipByValue", "Step"],
]);
const rectifiers = new Set(["Relu", "Relu6"]);

const known = new WeakMap<Trace, TracedLayers>();

/** Layers in the order in which they ran, found once for each trace. */
export function tracedLayers(trace: Trace): TracedLayers {
  const before = known.get(trace);
  if (before !== undefined) return before;
  const graph = new ForwardGraph(trace);
  const finder = new ActivationFinder(graph, findPrediction(graph));
  const found = finder.find();
  known.set(trace, found);
  return found;
}

class ActivationFinder {
  readonly #graph: ForwardGraph;
  readonly #prediction: Prediction | undefined;
  /** Kernels of the loss itself, which no layer's activation function contains. */
  readonly #ofLoss: ReadonlySet<Operation>;

  constructor(graph: ForwardGraph, prediction: Prediction | undefined) {
    this.#graph = graph;
    this.#prediction = prediction;
    this.#ofLoss = new Set(prediction === undefined ? [] : lossKernels(graph, prediction));
  }

  find(): TracedLayers {
    const activations: LayerActivation[] = [];
    const unclear = new Set<string>();
    const uses = this.#graph.operations.flatMap((operation) => {
      const weight = this.#weightOf(operation);
      return weight === undefined ? [] : [{ operation, weight }];
    });
    for (const { operation, weight } of uses) {
      const layer = layerName(weight.name);
      const isOnly = uses.filter((use) => use.weight === weight).length === 1;
      const value = isOnly ? this.#activation(operation) : undefined;
      if (value === undefined) unclear.add(layer);
      else activations.push({ layer, weight, value, isRectified: this.#isRectified(value) });
    }
    const taken = uses.map(({ operation }) => dataOf(operation));
    return { graph: this.#graph, prediction: this.#prediction, activations, unclear: [...unclear], taken };
  }

  #weightOf(operation: Operation): TracedVariable | undefined {
    const name = productInputs.get(operation.kernelName)?.weight;
    const weight = name === undefined ? undefined : this.#graph.variable(operation.inputs[name]);
    return weight !== undefined && weight.shape.length >= 2 && operation.attributes["transposeB"] !== true
      ? weight
      : undefined;
  }

  #activation(product: Operation): number | undefined {
    const fused = product.attributes["activation"];
    const output = product.outputs[0];
    if (output === undefined || (fused !== undefined && fused !== "linear")) return output;
    return this.#throughFunction(this.#throughBias(output));
  }

  /** Follows a product's result through bias and batch normalization, as long as its last axis stays. */
  #throughBias(start: number): number {
    let value = start;
    for (;;) {
      const consumers = this.#graph.consumers(value);
      const normalization = consumers.find(
        ({ kernelName, inputs }) => kernelName === "FusedBatchNorm" && inputs["x"] === value,
      );
      const next: Operation | undefined = normalization ?? (consumers.length === 1 ? consumers[0] : undefined);
      const output = next?.outputs[0];
      if (next === undefined || output === undefined || !this.#keepsUnits(value, output)) return value;
      const isBias =
        additions.has(next.kernelName) &&
        Object.values(next.inputs).some((id) => id !== value && this.#graph.variable(id) !== undefined);
      if (normalization === undefined && !isBias && !handsOn(next)) return value;
      value = output;
    }
  }

  #keepsUnits(before: number, after: number): boolean {
    const [from, to] = [this.#graph.trace.primal(before), this.#graph.trace.primal(after)];
    return from !== undefined && to !== undefined && to.shape.length >= 2 && from.shape.at(-1) === to.shape.at(-1);
  }

  /**
   * The activation function's result: the first value through which all that is computed from its argument must go, with a
   * nonlinear kernel before it. Undefined where there are several results.
   */
  #throughFunction(argument: number): number | undefined {
    if (argument === this.#prediction?.value) return argument;
    const region = this.#elementwise(argument);
    const executed = new Set<Operation>();
    const reached = new Set([argument]);
    const live = () =>
      [...reached].filter((id) => {
        const consumers = this.#graph.consumers(id);
        return consumers.length === 0 || consumers.some((consumer) => !executed.has(consumer));
      });
    let nonlinearities = 0;
    for (const operation of region) {
      executed.add(operation);
      for (const id of operation.outputs) reached.add(id);
      if (nonlinear.has(operation.kernelName)) nonlinearities++;
      const [only, ...others] = live();
      if (nonlinearities === 0 || only === undefined || others.length > 0) continue;
      return executed.size > 1 ? this.#throughScale(only, region) : only;
    }
    const [only, ...others] = live();
    return others.length === 0 ? (nonlinearities === 0 ? argument : only) : undefined;
  }

  /** Kernels that take the argument, or what was computed from it, and nothing else but constants; in order. */
  #elementwise(argument: number): Operation[] {
    const reached = new Set([argument]);
    return this.#graph.operations.filter((operation) => {
      const inputs = Object.values(operation.inputs);
      const isElementwise = linear.has(operation.kernelName) || nonlinear.has(operation.kernelName);
      const belongs =
        isElementwise &&
        !this.#ofLoss.has(operation) &&
        inputs.some((id) => reached.has(id)) &&
        inputs.every((id) => reached.has(id) || this.#isConstant(id, operation));
      if (belongs) for (const id of operation.outputs) reached.add(id);
      return belongs;
    });
  }

  #isConstant(id: number, { kernelName }: Operation): boolean {
    if (this.#graph.variable(id) !== undefined) return kernelName === "Prelu";
    if (this.#graph.trace.primal(id)?.size !== 1) return false;
    // A script may compute its constants, as √(2/π) in GELU.
    const producer = this.#graph.producer(id);
    return producer === undefined || Object.values(producer.inputs).every((each) => this.#isConstant(each, producer));
  }

  /** A function that is composed of kernels may end with a factor, as ½ in GELU. */
  #throughScale(value: number, region: readonly Operation[]): number {
    const consumers = this.#graph.consumers(value);
    const [next] = consumers;
    const output = next?.outputs[0];
    const isScale = next !== undefined && ["Multiply", "RealDiv"].includes(next.kernelName);
    return consumers.length === 1 && isScale && region.includes(next) && output !== undefined ? output : value;
  }

  #isRectified(value: number): boolean {
    const producer = this.#graph.producer(value);
    const fused = producer?.attributes["activation"];
    return producer !== undefined && (rectifiers.has(producer.kernelName) || fused === "relu" || fused === "relu6");
  }
}

function dataOf({ kernelName, inputs, attributes }: Operation): number | undefined {
  const name = productInputs.get(kernelName)?.data;
  return name === undefined || attributes["transposeA"] === true ? undefined : inputs[name];
}

function lossKernels(graph: ForwardGraph, { kind, value }: Prediction): readonly Operation[] {
  if (kind !== "meanSquaredError") return graph.consumers(value);
  const square = graph.producer(value);
  const difference = square?.kernelName === "SquaredDifference" ? undefined : graph.producer(input(square));
  return [square, difference].filter((operation) => operation !== undefined);
}
