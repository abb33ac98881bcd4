import type { Operation, TracedVariable } from "./operation.ts";
import type { Rule } from "./rule.ts";
import { tangentRule } from "./tangentRules.ts";

/** An operation that carries derivatives from the weights to the gradients. */
export interface ActiveOperation {
  readonly operation: Operation;
  readonly rule: Rule;
  /** Ids whose tangents nothing later reads. */
  readonly lastUses: readonly number[];
}

/** What was recorded, whatever the weights: which kernels, in which order, leading from which values to which. */
export interface Program {
  readonly variables: readonly TracedVariable[];
  readonly operations: readonly Operation[];
  /** Id of the loss. */
  readonly loss: number;
  /** Operations whose outputs other weights would change, in order. */
  readonly weightDependent: readonly Operation[];
  /** Operations between weights and gradients that a tangent passes, in order. */
  readonly active: readonly ActiveOperation[];
  /** Kernels between weights and gradients that have no tangent rule, each once. */
  readonly unsupported: readonly string[];
}

const inputsOf = (operation: Operation) => Object.values(operation.inputs);

/**
 * Finds what matters for derivatives: operations that depend on a weight by floats all the way, and that a gradient depends on.
 *
 * @param isFloat whether the value of that id is float32: integers and booleans carry no derivative.
 */
export function makeProgram(
  variables: readonly TracedVariable[],
  operations: readonly Operation[],
  loss: number,
  isFloat: (id: number) => boolean,
): Program {
  const weights = variables.flatMap((variable) => variable.values);
  const changing = new Set(weights);
  const varying = new Set(weights);
  const weightDependent: Operation[] = [];
  const differentiated: Operation[] = [];
  for (const operation of operations) {
    const inputs = inputsOf(operation);
    if (inputs.some((id) => changing.has(id))) {
      weightDependent.push(operation);
      for (const id of operation.outputs) changing.add(id);
    }
    if (tangentRule(operation.kernelName) === "constant" || !inputs.some((id) => varying.has(id))) continue;
    const floats = operation.outputs.filter(isFloat);
    if (floats.length === 0) continue;
    differentiated.push(operation);
    for (const id of floats) varying.add(id);
  }

  const gradients = new Set(variables.map((variable) => variable.gradient));
  const needed = new Set(gradients);
  const active: ActiveOperation[] = [];
  const unsupported = new Set<string>();
  const read = new Set<number>(gradients);
  for (const operation of differentiated.toReversed()) {
    if (!operation.outputs.some((id) => needed.has(id))) continue;
    const inputs = inputsOf(operation).filter((id) => varying.has(id));
    for (const id of inputs) needed.add(id);
    const rule = tangentRule(operation.kernelName);
    if (rule === undefined || rule === "constant") {
      unsupported.add(operation.kernelName);
      continue;
    }
    const lastUses = [...inputs, ...operation.outputs].filter((id) => !read.has(id));
    for (const id of inputs) read.add(id);
    active.push({ operation, rule, lastUses: [...new Set(lastUses)] });
  }
  active.reverse();
  return { variables, operations, loss, weightDependent, active, unsupported: [...unsupported].toSorted() };
}

/** Those of the operations, in order, without which the wanted values would not come about. */
export function neededOperations(operations: readonly Operation[], wanted: Iterable<number>): Operation[] {
  const needed = new Set(wanted);
  const found = operations.toReversed().filter((operation) => {
    const isNeeded = operation.outputs.some((id) => needed.has(id));
    if (isNeeded) for (const id of inputsOf(operation)) needed.add(id);
    return isNeeded;
  });
  return found.toReversed();
}
