/**
 * A float64 reference for gradients and Hessians that shares nothing with the probe: scalars on a tape, differentiated by
 * reverse mode over dual numbers. Slow and small on purpose; `scalarTape.test.ts` holds it to finite differences.
 */

export type Node = number;

interface Unary {
  value(x: number): number;
  /** First and second derivative, from x and y = value(x). */
  slope(x: number, y: number): number;
  bend(x: number, y: number): number;
}

const unaries = {
  exp: { value: Math.exp, slope: (_x, y) => y, bend: (_x, y) => y },
  log: { value: Math.log, slope: (x) => 1 / x, bend: (x) => -1 / (x * x) },
  tanh: { value: Math.tanh, slope: (_x, y) => 1 - y * y, bend: (_x, y) => -2 * y * (1 - y * y) },
  sqrt: { value: Math.sqrt, slope: (_x, y) => 0.5 / y, bend: (x, y) => -0.25 / (x * y) },
  reciprocal: { value: (x) => 1 / x, slope: (_x, y) => -y * y, bend: (_x, y) => 2 * y * y * y },
  relu: { value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0), bend: () => 0 },
  erf: { value: erf, slope: erfSlope, bend: (x) => -2 * x * erfSlope(x) },
} satisfies Record<string, Unary>;

/** 2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(2n + 1)!!, all terms of one sign. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > Math.abs(sum) * Number.EPSILON; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return sum * erfSlope(x);
}

function erfSlope(x: number): number {
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
}

type UnaryName = keyof typeof unaries;

/** What a node was made of. Missing operands are node 0, which every tape keeps free as the constant 0. */
interface Step {
  readonly kind: "leaf" | "add" | "multiply" | "unary";
  readonly a: Node;
  readonly b: Node;
  /** Partial derivatives by a and b, and second derivative by a. */
  readonly byA: number;
  readonly byB: number;
  readonly bend: number;
}

interface Sweep {
  readonly gradient: Float64Array;
  readonly product: Float64Array;
  /** Of every node, until the next sweep. */
  readonly adjoint: Float64Array;
}

export class ScalarTape {
  readonly #steps: Step[] = [{ kind: "leaf", a: 0, b: 0, byA: 0, byB: 0, bend: 0 }];
  readonly #values: number[] = [0];
  readonly #weights: Node[] = [];

  weight(value: number): Node {
    const node = this.constant(value);
    this.#weights.push(node);
    return node;
  }

  constant(value: number): Node {
    return this.#append({ kind: "leaf", a: 0, b: 0, byA: 0, byB: 0, bend: 0 }, value);
  }

  add(a: Node, b: Node): Node {
    return this.#append({ kind: "add", a, b, byA: 1, byB: 1, bend: 0 }, this.value(a) + this.value(b));
  }

  multiply(a: Node, b: Node): Node {
    const [x, y] = [this.value(a), this.value(b)];
    return this.#append({ kind: "multiply", a, b, byA: y, byB: x, bend: 0 }, x * y);
  }

  scale(a: Node, factor: number): Node {
    return this.multiply(a, this.constant(factor));
  }

  subtract(a: Node, b: Node): Node {
    return this.add(a, this.scale(b, -1));
  }

  unary(name: UnaryName, a: Node): Node {
    const unary: Unary = unaries[name];
    const x = this.value(a);
    const y = unary.value(x);
    return this.#append({ kind: "unary", a, b: 0, byA: unary.slope(x, y), byB: 0, bend: unary.bend(x, y) }, y);
  }

  sum(nodes: readonly Node[]): Node {
    return nodes.reduce((total, node) => this.add(total, node));
  }

  dot(a: readonly Node[], b: readonly Node[]): Node {
    return this.sum(a.map((node, index) => this.multiply(node, at(b, index))));
  }

  value(node: Node): number {
    return at(this.#values, node);
  }

  /** Gradient of a node with respect to all weights, in the order in which they were made. */
  gradient(of: Node): Float64Array {
    return this.#sweeper(of)(new Float64Array(this.#weights.length)).gradient;
  }

  /** Derivatives of a node by other nodes, weights or not. */
  derivatives(of: Node, by: readonly Node[]): number[] {
    const { adjoint } = this.#sweeper(of)(new Float64Array(this.#weights.length));
    return by.map((node) => at(adjoint, node));
  }

  /** Product of a node's Hessian with a direction. */
  hessianVector(of: Node, direction: ArrayLike<number>): Float64Array {
    return this.#sweeper(of)(Float64Array.from(direction)).product;
  }

  /** Hessian of a node, row by row. */
  hessian(of: Node): Float64Array[] {
    const sweep = this.#sweeper(of);
    return this.#weights.map((_, row) => {
      const direction = new Float64Array(this.#weights.length);
      direction[row] = 1;
      return sweep(direction).product;
    });
  }

  #append(step: Step, value: number): Node {
    this.#steps.push(step);
    return this.#values.push(value) - 1;
  }

  /** Forward with tangents, then backward with adjoints and their tangents. */
  #sweeper(of: Node): (direction: Float64Array) => Sweep {
    const count = of + 1;
    const a = Int32Array.from(this.#steps, (step) => step.a);
    const b = Int32Array.from(this.#steps, (step) => step.b);
    const byA = Float64Array.from(this.#steps, (step) => step.byA);
    const byB = Float64Array.from(this.#steps, (step) => step.byB);
    const bend = Float64Array.from(this.#steps, (step) => step.bend);
    const isProduct = Uint8Array.from(this.#steps, (step) => Number(step.kind === "multiply"));
    const isLeaf = Uint8Array.from(this.#steps, (step) => Number(step.kind === "leaf"));
    const [tangents, adjoints, adjointTangents] = [0, 1, 2].map(() => new Float64Array(this.#steps.length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    return (direction) => {
      for (const scratch of [tangents, adjoints, adjointTangents]) scratch.fill(0);
      this.#weights.forEach((node, index) => (tangents[node] = at(direction, index)));
      for (let node = 1; node < count; node++) {
        if (isLeaf[node] === 1) continue;
        tangents[node] =
          (byA[node] ?? 0) * (tangents[a[node] ?? 0] ?? 0) + (byB[node] ?? 0) * (tangents[b[node] ?? 0] ?? 0);
      }
      adjoints[of] = 1;
      for (let node = of; node > 0; node--) {
        if (isLeaf[node] === 1) continue;
        const [left, right, adjoint, tangent] = [
          a[node] ?? 0,
          b[node] ?? 0,
          adjoints[node] ?? 0,
          adjointTangents[node] ?? 0,
        ];
        const [leftTangent, rightTangent] = [tangents[left] ?? 0, tangents[right] ?? 0];
        const product = isProduct[node] ?? 0;
        const [slopeA, slopeB] = [byA[node] ?? 0, byB[node] ?? 0];
        adjoints[left] = (adjoints[left] ?? 0) + adjoint * slopeA;
        adjointTangents[left] =
          (adjointTangents[left] ?? 0) +
          tangent * slopeA +
          adjoint * ((bend[node] ?? 0) * leftTangent + product * rightTangent);
        adjoints[right] = (adjoints[right] ?? 0) + adjoint * slopeB;
        adjointTangents[right] = (adjointTangents[right] ?? 0) + tangent * slopeB + adjoint * product * leftTangent;
      }
      return {
        gradient: Float64Array.from(this.#weights, (node) => at(adjoints, node)),
        product: Float64Array.from(this.#weights, (node) => at(adjointTangents, node)),
        adjoint: adjoints,
      };
    };
  }
}

/** Element of an array that is known to have it. */
export function at<T>(items: ArrayLike<T>, index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no element ${index} of ${items.length}.`);
  return item;
}
