/** Functions and classes of Python. */
import type { Syntax } from "../interpret/syntax.ts";
import { inCall, resultOf } from "../interpret/calls.ts";
import { ClassObject, Instance } from "../interpret/classObject.ts";
import { Closure } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import type { Frame } from "../interpret/evaluator.ts";
import type { Given } from "../interpret/given.ts";
import { Scope } from "../interpret/scope.ts";
import { isNothing, listOf, madeElsewhere, nothing, unknown, type Value } from "../interpret/value.ts";
import { type SourcePosition } from "../places.ts";
import type { PythonEvaluator } from "./pythonEvaluator.ts";

/** Why a parameter of a function is not known that nobody in the file calls. */
const parameterReason = "a parameter";

export function closureOf(
  evaluator: PythonEvaluator,
  node: Syntax,
  scope: Scope,
  name: string | undefined,
  decorators: readonly string[] = [],
): Value {
  const range = node.range;
  const statement = statementStart(node);
  const ofClass = decorators.includes("staticmethod");
  const closure = new Closure({
    name,
    site: node.id,
    section: node.section,
    isOuter: scope.names !== undefined,
    isGetter: decorators.some((each) => getters.includes(each)),
    range,
    statement,
    run: (given, self) => follow(evaluator, node, scope, name, given, ofClass ? undefined : self),
  });
  evaluator.reading.functions.set(node.id, closure);
  return decorators.every((each) => harmless.some((known) => each === known || each.startsWith(`${known}(`)))
    ? closure
    : unknown(`changed by ${decorators.join(", ")}`, range);
}

/** Decorators that leave a function what it is. */
const getters = ["property", "cached_property", "functools.cached_property"];
const harmless = [...getters, "staticmethod", "torch.no_grad", "torch.inference_mode", "torch.jit.script"];

function follow(
  evaluator: PythonEvaluator,
  node: Syntax,
  outer: Scope,
  name: string | undefined,
  given: Given | undefined,
  self: Value | undefined,
): Value {
  const { range, id: site, section } = node;
  return inCall(evaluator.reading, { name, range, statement: statementStart(node), site, section, self }, () => {
    const scope = new Scope(outer, true, self);
    bindParameters(evaluator, node, given, self, scope, outer);
    const body = node.field("body");
    if (body === undefined) return nothing;
    if (node.type === "lambda") return evaluator.evaluate(body, scope);
    const frame: Frame = { returned: [] };
    const completion = evaluator.execute(body.namedChildren, scope, frame);
    return body.has("yield") ? unknown("what a generator gives", range) : resultOf(frame, completion);
  });
}

function bindParameters(
  evaluator: PythonEvaluator,
  node: Syntax,
  given: Given | undefined,
  self: Value | undefined,
  scope: Scope,
  outer: Scope,
): void {
  const { memory } = evaluator.reading;
  const list = node.field("parameters");
  const parameters = list === undefined ? [] : list.namedChildren;
  let place = self === undefined ? 0 : -1;
  const taken = new Set<string>();
  for (const parameter of parameters) {
    if (parameter.type === "keyword_separator") {
      place = Number.MAX_SAFE_INTEGER;
      continue;
    }
    const range = parameter.range;
    const inner = parameter.type === "typed_parameter" ? parameter.namedChildren[0] : undefined;
    const pattern = inner ?? parameter;
    const name = (
      pattern.field("name") ?? (pattern.type.endsWith("splat_pattern") ? pattern.namedChildren[0] : pattern)
    )?.text;
    if (name === undefined) continue;
    const cell = scope.declare(name);
    if (pattern.type === "list_splat_pattern") {
      const rest =
        given === undefined || given.open !== undefined
          ? unknown(parameterReason, range)
          : listOf(given.positional.slice(Math.max(0, place)));
      memory.write(cell, rest);
      place = Number.MAX_SAFE_INTEGER;
      continue;
    }
    if (pattern.type === "dictionary_splat_pattern") {
      const entries = new Entries(
        memory,
        given === undefined ? [] : [...given.named].filter(([key]) => !taken.has(key)),
      );
      if (given === undefined) entries.open(parameterReason);
      else if (given.open !== undefined) entries.open(given.open);
      memory.write(cell, entries);
      continue;
    }
    if (place === -1) memory.write(cell, self ?? nothing);
    else memory.write(cell, argument(evaluator, given, place, name, parameter, outer));
    taken.add(name);
    if (place < Number.MAX_SAFE_INTEGER) place++;
  }
}

function argument(
  evaluator: PythonEvaluator,
  given: Given | undefined,
  place: number,
  name: string,
  parameter: Syntax,
  outer: Scope,
): Value {
  const fallback = parameter.field("value");
  const range = parameter.range;
  if (given === undefined) {
    if (fallback === undefined) return unknown(parameterReason, range);
    const value = evaluator.evaluate(fallback, outer);
    return value.kind === "scalar" && !isNothing(value) ? { ...value, basis: "default" } : value;
  }
  const found = given.named.get(name) ?? given.positional[place];
  if (found !== undefined) return found;
  if (given.open !== undefined) return unknown(given.open, given.range);
  if (fallback === undefined) return unknown("not given", given.range);
  // A default is computed where the function is defined, and its name may have had another value there.
  if (outer.find(fallback.text)?.cell.ambiguous === true)
    return unknown("assigned in more than one place", fallback.range);
  return evaluator.evaluate(fallback, outer);
}

export function classOf(
  evaluator: PythonEvaluator,
  node: Syntax,
  scope: Scope,
  name: string,
  decorators: readonly string[],
): ClassObject {
  const { memory } = evaluator.reading;
  const superclasses = node.field("superclasses");
  const bases = (superclasses === undefined ? [] : superclasses.namedChildren)
    .filter(({ type }) => type !== "keyword_argument")
    .map((each) => evaluator.evaluate(each, scope));
  const inside = new Scope(scope, true, undefined, scope.names?.within(node.id, "body"));
  const body = node.field("body");
  const statements = body === undefined ? [] : body.namedChildren;
  evaluator.execute(statements, inside, { returned: [] });
  const members = new Entries(memory, inside.all, scope.names?.within(node.id, "members"));
  const fields = statements.flatMap(fieldName);
  const isData = decorators.some((each) => each.startsWith("dataclass") || each.startsWith("dataclasses.dataclass"));
  const made = new ClassObject({
    name,
    site: node.id,
    section: node.section,
    range: node.range,
    statement: statementStart(node),
    bases,
    members,
    make: (of, given) => {
      const framework = evaluator.library.instance(of, given);
      if (framework !== undefined) return framework;
      const foreign = of.foreignBases.some((base) => base.kind === "unknown");
      const instance = new Instance(of, memory, (_, member, range) =>
        foreign
          ? madeElsewhere(`${member} comes from a class that is not known`, range)
          : unknown(`${member} is not in the class`, range),
      );
      if (!instance.begin("__init__", given) && of.lineage.some((each) => dataFields.has(each))) {
        fillFields(instance, fieldsOf(of), of, given);
        const after = of.find("__post_init__");
        if (after instanceof Closure) after.memberCalled(instance);
      }
      return instance;
    },
  });
  if (isData) dataFields.set(made, fields);
  evaluator.reading.classes.push(made);
  return made;
}

/** The fields of data classes of their own. */
const dataFields = new WeakMap<ClassObject, readonly string[]>();

/** Those of its bases come first. */
function fieldsOf(of: ClassObject): readonly string[] {
  return [...new Set(of.lineage.toReversed().flatMap((each) => dataFields.get(each) ?? []))];
}

/** The fields of a data class, given by place or by name; those that are not given keep the defaults of the class. */
function fillFields(instance: Instance, fields: readonly string[], of: ClassObject, given: Given | undefined): void {
  for (const [place, field] of fields.entries()) {
    const value = given === undefined ? undefined : (given.named.get(field) ?? given.positional[place]);
    const fallback = of.find(field);
    if (value !== undefined) instance.assign(field, value);
    else if (given?.open !== undefined) instance.assign(field, unknown(given.open, given.range));
    else if (given === undefined && fallback.kind === "scalar")
      instance.assign(field, { ...fallback, basis: "default" });
    else if (fallback.kind === "unbound") instance.assign(field, unknown("not given", given?.range));
  }
}

function fieldName(statement: Syntax): string[] {
  const assignment = statement.type === "expression_statement" ? statement.namedChildren[0] : undefined;
  const left = assignment?.type === "assignment" ? assignment.field("left") : undefined;
  return left?.type === "identifier" && assignment?.field("type") !== undefined ? [left.text] : [];
}

const bodies: readonly string[] = ["block", "module", "ERROR"];

/** Where the statement begins that a node belongs to, decorators included. */
export function statementStart(node: Syntax): SourcePosition {
  let statement = node;
  while (statement.parent !== undefined && !bodies.includes(statement.parent.type)) statement = statement.parent;
  return statement.range.start;
}
