/** What is the same for the tensors of all frameworks: data, weights, sums, factors, and layers that are operations. */
import type { SourceRange } from "../places.ts";
import type { InitializerSketch } from "../sketch/initializerSketch.ts";
import { derived, ofFramework, type Known } from "../sketch/known.ts";
import type { ActivationName } from "../sketch/layerSketch.ts";
import { isData, Tensor, unknownInitializer, Weight, type Dims, type FlowStep, type TensorMethods } from "./flow.ts";
import { squareOfDraw } from "./meanSquare.ts";
import { parameterByHand, takesBias } from "./handMadeLayers.ts";
import { LayerObject, type LayerOwn } from "./layerObject.ts";
import type { Reading } from "./reading.ts";
import { numberOf, unknown, type Value } from "./value.ts";

export abstract class FollowedTensors implements TensorMethods {
  protected readonly reading: Reading;
  /** What the framework calls a tensor that is trained. */
  readonly #trained: string;

  constructor(reading: Reading, trained: string) {
    this.reading = reading;
    this.#trained = trained;
  }

  abstract member(tensor: Tensor, name: string, range: SourceRange): Value;

  make(step: FlowStep, drawn?: InitializerSketch): Tensor {
    return new Tensor(step, this, drawn);
  }

  /** A tensor of numbers of which nothing but the shape, how they are drawn and how large they are is known. */
  data(
    dims: Dims | undefined,
    range: SourceRange,
    drawn?: InitializerSketch,
    square = drawn && squareOfDraw(drawn),
  ): Tensor {
    return this.make(this.reading.input(dims, range, square), drawn);
  }

  /** Some of the numbers of data, or the same ones in another shape. */
  protected dataOf(of: Tensor, dims: Dims | undefined, range: SourceRange): Tensor {
    return this.data(dims, range, undefined, of.step.square);
  }

  /** A tensor that is trained, which begins as another one. */
  weight(from: Value | undefined, range: SourceRange): Weight {
    const tensor = from instanceof Tensor ? from : undefined;
    const step = this.reading.step({ what: "input", name: this.#trained, from: [], range, dims: tensor?.dims });
    return new Weight(step, this, tensor?.drawn ?? unknownInitializer("it is not known how it begins", range));
  }

  /** The step of a tensor that is used; a weight that is no layer's is a layer of its own. */
  used(tensor: Tensor, range: SourceRange): FlowStep {
    if (!(tensor instanceof Weight)) return tensor.step;
    return this.reading.apply(parameterByHand(tensor, this.#trained, this.reading), [], range);
  }

  /** An operation that is known by its name alone. */
  unfollowed(name: string, given: readonly (Value | undefined)[], range: SourceRange, dims?: Dims): Tensor {
    const tensors = given.filter((each) => each instanceof Tensor);
    return this.make(
      this.reading.operation(
        name,
        tensors.map((each) => this.used(each, range)),
        range,
        dims,
      ),
    );
  }

  /** A layer without weights that an operation is. */
  protected weightless(call: string, own: LayerOwn, output: Dims | undefined, range: SourceRange): LayerObject {
    const { basis } = this.reading;
    const behaviour = { member: (): Value => ({ kind: "unbound" }) };
    return new LayerObject({ call, range, basis, weights: new Map(), describe: () => ({ own, output }), behaviour });
  }

  protected layer(call: string, own: LayerOwn, of: Tensor, output: Dims | undefined, range: SourceRange): Tensor {
    return this.make(this.reading.apply(this.weightless(call, own, output, range), [this.used(of, range)], range));
  }

  protected activation(
    call: string,
    activation: Known<ActivationName>,
    slope: Known<number> | undefined,
    of: Tensor,
    range: SourceRange,
  ): Tensor {
    return this.layer(call, { kind: "activation", activation, slope, slopes: ofFramework(0) }, of, of.dims, range);
  }

  /** What is added to the output of a hand-made layer, and fits, is its bias. */
  protected total(parts: readonly Value[], range: SourceRange): Value {
    const tensors = parts.filter((each) => each instanceof Tensor);
    const [one, other] = tensors;
    if (one === undefined) return unknown("a sum that is not followed", range);
    if (tensors.length === 2 && other !== undefined) {
      const [values, bias] = one instanceof Weight ? [other, one] : [one, other];
      const { layer } = values.step;
      if (bias instanceof Weight && layer !== undefined && takesBias(layer, bias)) return values;
    }
    const from = tensors.map((each) => this.used(each, range));
    const dims = tensors.find((each) => !(each instanceof Weight))?.dims;
    if (from.length < 2 || from.length < parts.length)
      return this.make(this.reading.operation("add", from, range, dims));
    return this.make(this.reading.step({ what: "add", name: "add", from, range, dims }));
  }

  /** A product with a number, or its quotient. Of a draw, it is a draw of another scale. */
  protected scaled(name: "mul" | "div", first: Tensor, by: Value | undefined, range: SourceRange): Tensor {
    if (by instanceof Tensor) {
      const dims = (by.dims?.length ?? 0) > (first.dims?.length ?? 0) ? undefined : first.dims;
      return isData(first) && isData(by) ? this.data(dims, range) : this.unfollowed(name, [first, by], range, dims);
    }
    const number = numberOf(by);
    const factor = name === "mul" ? number : derived([number], ([value = 1]) => 1 / value);
    const { drawn } = first;
    if (drawn !== undefined) {
      const times = (of: Known<number>, sign: (factor: number) => number) =>
        derived([of, factor], ([value = 0, each = 1]) => value * sign(each));
      const gain = times(drawn.gain, Math.abs);
      return this.data(first.dims, range, { ...drawn, gain, mean: times(drawn.mean, (each) => each), range });
    }
    const from = [this.used(first, range)];
    return this.make(this.reading.step({ what: "scale", name, from, range, dims: first.dims, factor }));
  }
}
