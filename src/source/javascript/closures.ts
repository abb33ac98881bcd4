/** Functions and classes of JavaScript. */
import type { Syntax } from "../interpret/syntax.ts";
import { inCall, resultOf } from "../interpret/calls.ts";
import { functionTypes } from "../declarations.ts";
import { ClassObject, Instance } from "../interpret/classObject.ts";
import { Closure } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import type { Frame } from "../interpret/evaluator.ts";
import type { Given } from "../interpret/given.ts";
import { Scope } from "../interpret/scope.ts";
import { listOf, madeElsewhere, nothing, unknown, type Value } from "../interpret/value.ts";
import { type SourcePosition } from "../places.ts";
import { assignTo, parameterReason } from "./bindings.ts";
import type { JavaScriptEvaluator } from "./javascriptEvaluator.ts";

export function closureOf(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope, name?: string): Closure {
  const closure = new Closure({
    name,
    site: node.id,
    section: node.section,
    isOuter: scope.names !== undefined,
    isGetter: node.isMadeOf("get"),
    range: node.range,
    statement: statementStart(node),
    run: (given, self) => follow(evaluator, node, scope, name, given, self),
  });
  evaluator.reading.functions.set(node.id, closure);
  return closure;
}

function follow(
  evaluator: JavaScriptEvaluator,
  node: Syntax,
  outer: Scope,
  name: string | undefined,
  given: Given | undefined,
  self: Value | undefined,
): Value {
  const { range, id: site, section } = node;
  return inCall(evaluator.reading, { name, range, statement: statementStart(node), site, section, self }, () => {
    const scope = new Scope(outer, true, node.type === "arrow_function" ? undefined : (self ?? nothing));
    bindParameters(evaluator, node, given, scope);
    const body = node.field("body");
    if (body?.type !== "statement_block") return evaluator.evaluate(body, scope);
    const frame: Frame = { returned: [] };
    const completion = evaluator.execute(body.namedChildren, scope, frame);
    return node.type.startsWith("generator") ? unknown("what a generator gives", range) : resultOf(frame, completion);
  });
}

function bindParameters(evaluator: JavaScriptEvaluator, node: Syntax, given: Given | undefined, scope: Scope): void {
  const single = node.field("parameter");
  const list = node.field("parameters");
  const parameters = single === undefined ? (list === undefined ? [] : list.namedChildren) : [single];
  for (const [index, parameter] of parameters.entries()) {
    const pattern = parameter.field("pattern") ?? parameter;
    const fallback = parameter.field("value");
    const range = parameter.range;
    const missing = given === undefined ? unknown(parameterReason, range) : (given.get(index, "") ?? nothing);
    if (pattern.type === "rest_pattern") {
      const inner = pattern.namedChildren[0];
      const rest = given === undefined || given.open !== undefined ? missing : listOf(given.positional.slice(index));
      if (inner !== undefined) assignTo(evaluator, inner, rest, scope, "declare");
    } else if (fallback === undefined) assignTo(evaluator, pattern, missing, scope, "declare");
    else assignDefault(pattern, missing, fallback);
  }

  /** A default that anybody may give another value for, and settings of which anybody may give others. */
  function asDefault(value: Value): Value {
    if (value.kind === "scalar") return { ...value, basis: "default" };
    if (!(value instanceof Entries)) return value;
    const settings = new Entries(
      evaluator.reading.memory,
      value.all.map(([key, each]) => [key, asDefault(each)]),
    );
    settings.open(parameterReason);
    return settings;
  }

  function assignDefault(pattern: Syntax, value: Value, fallback: Syntax): void {
    const isMissing = value.kind === "scalar" && value.value === null;
    const alone = given === undefined;
    const taken = isMissing || alone ? evaluator.evaluate(fallback, scope) : value;
    assignTo(evaluator, pattern, alone ? asDefault(taken) : taken, scope, "declare");
  }
}

export function classOf(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope, name: string): ClassObject {
  const heritage = node.namedChildren.find((child) => child.type === "class_heritage");
  const clause = heritage === undefined ? undefined : heritage.namedChildren[0];
  const parent = clause?.type === "extends_clause" ? clause.field("value") : clause;
  const bases = parent === undefined ? [] : [evaluator.evaluate(parent, scope)];
  const { memory } = evaluator.reading;
  const members = new Entries(memory, [], scope.names?.within(node.id, "members"));
  const fields: Syntax[] = [];
  const constants: Syntax[] = [];
  const body = node.field("body");
  for (const each of body === undefined ? [] : body.namedChildren) {
    const isStatic = each.isMadeOf("static");
    if (functionTypes.has(each.type)) {
      const method = each.field("name")?.text ?? "";
      const isSetter = each.isMadeOf("set");
      const closure = closureOf(evaluator, each, scope, method);
      members.assign(method, isSetter ? unknown(`${method} is set by the class`) : closure);
    } else if (each.type === "field_definition" || each.type === "public_field_definition") {
      (isStatic ? constants : fields).push(each);
    }
  }
  const made = new ClassObject({
    name,
    site: node.id,
    section: node.section,
    range: node.range,
    statement: statementStart(node),
    bases,
    members,
    make: (of, given) => {
      const instance = new Instance(of, memory, (_, member, range) =>
        madeElsewhere(`${member} is not in the class`, range),
      );
      for (const each of of.lineage.toReversed()) initialize(each, instance);
      instance.begin("constructor", given);
      return instance;
    },
  });
  fieldsOf.set(made, (instance) => {
    const inside = new Scope(scope, true, instance);
    for (const each of fields) instance.assign(fieldName(each), evaluator.evaluate(each.field("value"), inside));
  });
  evaluator.reading.classes.push(made);
  // Its own constants may be made by its own functions.
  const within = new Scope(scope, false, made);
  memory.write(within.declare(name), made);
  for (const each of constants) made.assign(fieldName(each), evaluator.evaluate(each.field("value"), within));
  return made;
}

const fieldsOf = new WeakMap<ClassObject, (instance: Instance) => void>();

function initialize(of: ClassObject, instance: Instance): void {
  fieldsOf.get(of)?.(instance);
}

function fieldName(field: Syntax): string {
  return (field.field("property") ?? field.field("name"))?.text ?? "";
}

/** Where the statement begins that a node belongs to. */
export function statementStart(node: Syntax): SourcePosition {
  let outermost = node;
  for (let each = node.parent; each !== undefined; each = each.parent) {
    if (
      each.type === "program" ||
      each.type === "statement_block" ||
      each.type === "ERROR" ||
      functionTypes.has(each.type)
    )
      break;
    if (each.type === "class_body" || each.type === "switch_case") break;
    outermost = each;
  }
  return outermost.range.start;
}
