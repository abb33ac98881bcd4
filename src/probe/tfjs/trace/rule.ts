import type { Attributes, Tensor } from "../engine.ts";
import type { Kernels } from "./kernels.ts";

/** What a tangent rule sees of one recorded kernel. */
export interface RuleContext {
  readonly kernels: Kernels;
  readonly kernelName: string;
  readonly attributes: Attributes;
  /** Names of the kernel's inputs, in the order of the call; a list of inputs is named "0", "1", … */
  readonly inputNames: readonly string[];
  /** True where the kernel takes a list of tensors instead of named ones. */
  readonly takesList: boolean;
  /** Value of an input; throws where the kernel was called without it. */
  readonly input: (name: string) => Tensor;
  readonly has: (name: string) => boolean;
  /** Derivative of an input along the direction pushed; undefined stands for zero. */
  readonly tangent: (name: string) => Tensor | undefined;
  /** Values of the kernel's outputs. */
  readonly outputs: readonly Tensor[];
  /** Value of the only (or first) output. */
  readonly output: Tensor;
  /**
   * A tensor that depends on recorded values alone, made once for all products. The name is the operation's own, or that of a
   * recorded value which several operations share something about.
   */
  readonly constant: (name: string, make: () => Tensor, of?: Tensor) => Tensor;
  /** Runs the recorded kernel anew, with some inputs replaced. */
  readonly rerun: (replacements: Readonly<Record<string, Tensor>>) => Tensor[];
}

/**
 * Tangents of a kernel's outputs, from values and tangents of its inputs; undefined stands for zero. A tangent has its
 * output's shape. Throws `UnsupportedKernelError` for a use of the kernel that the rule does not cover.
 */
export type Rule = (context: RuleContext) => Tensor | undefined | readonly (Tensor | undefined)[];

export type Rules = Readonly<Record<string, Rule>>;

/** Thrown where a derivative would need kernels that have no tangent rule. */
export class UnsupportedKernelError extends Error {
  readonly kernelNames: readonly string[];

  constructor(kernelNames: readonly string[], detail = "") {
    super(
      `No curvature: there is no tangent rule for ${kernelNames.join(", ")}${detail === "" ? "" : ` (${detail})`}.`,
    );
    this.name = "UnsupportedKernelError";
    this.kernelNames = kernelNames;
  }
}

/** Sum of the tangents that are not zero. */
export function addTangents(kernels: Kernels, ...tangents: readonly (Tensor | undefined)[]): Tensor | undefined {
  return tangents.reduce((sum, tangent) => {
    if (sum === undefined) return tangent;
    return tangent === undefined ? sum : kernels.add(sum, tangent);
  }, undefined);
}

/** Rule of a kernel that is linear in one input and does not depend on any other that may vary. */
export function linearIn(name: string): Rule {
  return (context) => {
    const tangent = context.tangent(name);
    return tangent === undefined ? undefined : context.rerun({ [name]: tangent });
  };
}

/** Rule of a kernel that is linear in each of two inputs: product rule. */
export function bilinearIn(first: string, second: string): Rule {
  return (context) => {
    const [firstTangent, secondTangent] = [context.tangent(first), context.tangent(second)];
    return addTangents(
      context.kernels,
      firstTangent && context.rerun({ [first]: firstTangent })[0],
      secondTangent && context.rerun({ [second]: secondTangent })[0],
    );
  };
}

/** Rule of a kernel that is linear in all its inputs together. */
export const linearInAll: Rule = (context) => {
  const tangents = context.inputNames.map((name) => [name, context.tangent(name)] as const);
  if (tangents.every(([, tangent]) => tangent === undefined)) return undefined;
  return context.rerun(
    Object.fromEntries(
      tangents.map(([name, tangent]) => [name, tangent ?? context.kernels.zerosLike(context.input(name))]),
    ),
  );
};
