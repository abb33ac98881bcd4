/** What the expressions of JavaScript and TypeScript stand for. */
import type { Syntax } from "../interpret/syntax.ts";
import { called, eitherValue, equalToNothing, valueOfName, valuesOf } from "../interpret/calls.ts";
import { javascriptOperators, operate } from "../interpret/arithmetic.ts";
import { Closure } from "../interpret/closure.ts";
import { ClassObject, Instance } from "../interpret/classObject.ts";
import { Entries } from "../interpret/entries.ts";
import { Given, noNames } from "../interpret/given.ts";
import { joinedText } from "../interpret/joinedText.ts";
import { unparsed } from "../interpret/evaluator.ts";
import type { Scope } from "../interpret/scope.ts";
import {
  isNothing,
  itemsOf,
  join,
  listOf,
  madeElsewhere,
  nothing,
  scalar,
  truth,
  unknown,
  type Value,
} from "../interpret/value.ts";
import type { SourceRange } from "../places.ts";
import { assignTo } from "./bindings.ts";
import { globalValue, harmless, memberOf } from "./builtins.ts";
import { classOf, closureOf, statementStart } from "./closures.ts";
import type { JavaScriptEvaluator } from "./javascriptEvaluator.ts";

export function evaluateExpression(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  switch (node.type) {
    // What there is most of comes first.
    case "identifier":
    case "shorthand_property_identifier":
      return nameValue(evaluator, node, scope);
    case "call_expression":
      return call(evaluator, node, scope);
    case "member_expression": {
      const object = evaluator.evaluate(node.field("object"), scope);
      return memberOf(evaluator, object, node.field("property")?.text ?? "", node.range);
    }
    case "number":
      return node.isMissing ? unknown(unparsed, node.range) : numberLiteral(node);
    case "string": {
      const text = node.stringValue;
      return text === undefined ? unknown(unparsed, node.range) : scalar(text, node.range);
    }
    case "template_string":
      return templateString(evaluator, node, scope);
    case "true":
      return scalar(true, node.range);
    case "false":
      return scalar(false, node.range);
    case "null":
    case "undefined":
      return nothing;
    case "this":
      return scope.self ?? unknown("this is not known here", node.range);
    case "parenthesized_expression":
    case "await_expression":
    case "non_null_expression":
    case "as_expression":
    case "satisfies_expression":
    case "instantiation_expression":
      return evaluator.evaluate(
        node.namedChildren.find(({ type }) => type !== "comment"),
        scope,
      );
    case "type_assertion":
      return evaluator.evaluate(node.namedChildren.at(-1), scope);
    case "sequence_expression": {
      let last: Value = nothing;
      for (const each of node.namedChildren) last = evaluator.evaluate(each, scope);
      return last;
    }
    case "array":
      return arrayLiteral(evaluator, node, scope);
    case "object":
      return objectLiteral(evaluator, node, scope);
    case "arrow_function":
    case "function_expression":
    case "generator_function":
      return closureOf(
        evaluator,
        node,
        scope,
        node.parent?.type === "variable_declarator" ? node.parent.field("name")?.text : undefined,
      );
    case "class":
      return classOf(evaluator, node, scope, node.field("name")?.text ?? "");
    case "subscript_expression":
      return subscript(evaluator, node, scope);
    case "unary_expression":
      return unary(evaluator, node, scope);
    case "binary_expression":
      return binary(evaluator, node, scope);
    case "ternary_expression":
      return ternary(evaluator, node, scope);
    case "assignment_expression": {
      const value = evaluator.evaluate(node.field("right"), scope);
      const left = node.field("left");
      if (left !== undefined) assignTo(evaluator, left, value, scope, "assign");
      return value;
    }
    case "augmented_assignment_expression":
    case "update_expression":
      return update(evaluator, node, scope);
    case "new_expression":
      return construct(evaluator, node, scope);
    case "yield_expression":
      evaluator.evaluate(node.namedChildren[0], scope);
      return unknown("what a generator is given", node.range);
    default:
      return unknown(node.type === "ERROR" ? unparsed : "an expression that is not followed", node.range);
  }
}

function numberLiteral(node: Syntax): Value {
  const value = Number(node.text.replaceAll("_", ""));
  // A zero in front makes it octal, or no number.
  return Number.isFinite(value) && !/^0\d/.test(node.text) && !node.hasError
    ? scalar(value, node.range)
    : unknown("not a number that is followed", node.range);
}

function templateString(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const parts = node.namedChildren.map((part) =>
    part.type === "template_substitution"
      ? evaluator.evaluate(part.namedChildren[0], scope)
      : part.type === "string_fragment"
        ? scalar(part.text, part.range)
        : unknown("a sign that is not followed", part.range),
  );
  return joinedText(parts, node.range);
}

function nameValue(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  return valueOfName(evaluator, node, scope) ?? globalValue(evaluator, node.text, node.range);
}

function arrayLiteral(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const items = valuesOf(evaluator, node.namedChildren, scope, "spread_element");
  return typeof items === "string" ? unknown(items, node.range) : listOf(items);
}

function objectLiteral(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const entries = new Entries(evaluator.reading.memory);
  for (const each of node.namedChildren) {
    if (each.type === "pair") {
      const key = each.field("key");
      const name =
        key?.type === "string" ? key.stringValue : key?.type === "computed_property_name" ? undefined : key?.text;
      const value = evaluator.evaluate(each.field("value"), scope);
      if (name === undefined) entries.lose("a name that is not known");
      else entries.assign(name, each.field("value") === undefined ? unknown(unparsed, each.range) : value);
    } else if (each.type === "shorthand_property_identifier")
      entries.assign(each.text, evaluator.evaluate(each, scope));
    else if (each.type === "method_definition") {
      const name = each.field("name")?.text ?? "";
      entries.assign(name, closureOf(evaluator, each, scope, name));
    } else if (each.type === "spread_element") {
      entries.takeOver(evaluator.evaluate(each.namedChildren[0], scope));
    } else if (each.type === "ERROR") entries.lose(unparsed);
  }
  return entries;
}

function subscript(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const object = evaluator.evaluate(node.field("object"), scope);
  const index = evaluator.evaluate(node.field("index"), scope);
  if (object.kind === "unknown") return object;
  if (index.kind !== "scalar") return unknown("an item of which the place is not known", node.range);
  const items = object.kind === "object" ? undefined : itemsOf(object);
  if (typeof index.value === "number" && items !== undefined) return items[index.value] ?? nothing;
  if (typeof index.value === "string") return memberOf(evaluator, object, index.value, node.range);
  return unknown("an item that is not followed", node.range);
}

function unary(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const operator = node.field("operator")?.text;
  const range = node.range;
  const argument = node.field("argument");
  if (operator === "delete" && argument !== undefined) {
    assignTo(evaluator, argument, unknown("it is deleted", range), scope, "assign");
    return scalar(true, range);
  }
  const value = evaluator.evaluate(argument, scope);
  if (operator === "!") {
    const holds = truth(value, false);
    return holds === undefined ? unknown("depends on a condition", range) : scalar(!holds, range);
  }
  if (value.kind === "scalar" && typeof value.value === "number") {
    if (operator === "-") return scalar(-value.value, range, value.basis);
    if (operator === "+") return value;
  }
  return value.kind === "unknown" ? value : unknown("an operation that is not followed", range);
}

function binary(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const operator = node.field("operator")?.text ?? "";
  const left = evaluator.evaluate(node.field("left"), scope);
  const range = node.range;
  if (node.isMadeOf("ERROR")) return unknown(unparsed, range);
  if (operator === "??") {
    if (isNothing(left)) return evaluator.evaluate(node.field("right"), scope);
    const right = evaluator.evaluate(node.field("right"), scope);
    return left.kind === "unknown" ? asDefault(left, right) : left;
  }
  const right = evaluator.evaluate(node.field("right"), scope);
  if (operator === "||" || operator === "&&") {
    const holds = truth(left, false);
    if (holds !== undefined) return holds === (operator === "||") ? left : right;
    return operator === "||" && left.kind === "unknown" ? asDefault(left, right) : join(left, right);
  }
  const equal = equalToNothing(left, right);
  if (typeof equal === "boolean" && (operator === "===" || operator === "==")) return scalar(equal, range);
  if (typeof equal === "boolean" && (operator === "!==" || operator === "!=")) return scalar(!equal, range);
  return comparedToNothing(operator, left, right, range) ?? operate(operator, left, right, range, javascriptOperators);
}

const orders: readonly string[] = ["<", ">", "<=", ">="];

/** `rate > 0` where no rate is given: of what is not there it is not told whether it is `null`, which counts as 0, or `undefined`. */
function comparedToNothing(operator: string, one: Value, other: Value, range: SourceRange): Value | undefined {
  if (!orders.includes(operator) || isNothing(one) === isNothing(other)) return undefined;
  // Nothing holds of `undefined`.
  const asZero = (value: Value) => (isNothing(value) ? scalar(0, undefined) : value);
  const ofNull = operate(operator, asZero(one), asZero(other), range, javascriptOperators);
  return ofNull.kind === "scalar" && ofNull.value === false ? ofNull : unknown("depends on a condition", range);
}

/** `settings.rate ?? 0.1`, with settings from elsewhere: a default. */
function asDefault(given: Value, fallback: Value): Value {
  return fallback.kind === "scalar" ? scalar(fallback.value, fallback.range, "default") : given;
}

function ternary(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const holds = truth(evaluator.evaluate(node.field("condition"), scope), false);
  const consequence = () => evaluator.evaluate(node.field("consequence"), scope);
  const alternative = () => evaluator.evaluate(node.field("alternative"), scope);
  if (holds !== undefined) return holds ? consequence() : alternative();
  return eitherValue(evaluator.reading, consequence, alternative);
}

function update(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const target = node.field("left") ?? node.field("argument");
  const before = evaluator.evaluate(target, scope);
  const range = node.range;
  const operator = node.field("operator")?.text ?? "";
  const by = node.type === "update_expression" ? scalar(1, range) : evaluator.evaluate(node.field("right"), scope);
  const plain = node.type === "update_expression" ? operator.slice(1) : operator.slice(0, -1);
  const value =
    plain === "??" || plain === "||" ? join(before, by) : operate(plain, before, by, range, javascriptOperators);
  // No literal of its own says what it is from now on.
  const later = value.kind === "scalar" ? { ...value, range: undefined } : value;
  if (target !== undefined) assignTo(evaluator, target, later, scope, "assign");
  const isPostfix = node.type === "update_expression" && node.children[0]?.id === target?.id;
  return isPostfix ? before : later;
}

function argumentsOf(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Given {
  const list = node.field("arguments");
  const positional: Value[] = [];
  let open: string | undefined = list === undefined ? unparsed : undefined;
  for (const each of list?.type === "arguments" ? list.namedChildren : []) {
    if (each.type === "comment") continue;
    if (each.type === "ERROR") open = unparsed;
    else if (open !== undefined) evaluator.evaluate(each, scope);
    else if (each.type !== "spread_element") positional.push(evaluator.evaluate(each, scope));
    else {
      const spread = itemsOf(evaluator.evaluate(each.namedChildren[0], scope));
      if (spread === undefined) open = "arguments that are not known are put in";
      else positional.push(...spread);
    }
  }
  // A call without its closing bracket may not have all its arguments yet.
  if (list?.isOpen === true) open = unparsed;
  const faulty = open === unparsed ? [] : positional;
  return new Given({
    positional: faulty,
    named: noNames,
    open,
    range: node.range,
    statement: statementStart(node),
    assignedTo: variableOf(node),
  });
}

/** The variable that a value is declared as or assigned to. */
function variableOf(node: Syntax): string | undefined {
  const user = node.parent?.type === "await_expression" ? node.parent.parent : node.parent;
  const name = user?.field(user.type === "variable_declarator" ? "name" : "left");
  return name?.type === "identifier" ? name.text : undefined;
}

function call(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const callee = node.field("function");
  const range = node.range;
  if (callee?.type === "import" || (callee?.type === "identifier" && callee.text === "require")) {
    const list = node.field("arguments");
    const module = list === undefined ? undefined : list.namedChildren[0]?.stringValue;
    if (module !== undefined)
      return evaluator.library.load(module, "*") ?? madeElsewhere(`comes from ${module}`, range);
  }
  if (callee?.type === "super") return superCall(evaluator, node, scope);
  const method = callee?.type === "member_expression" ? callee.field("property")?.text : undefined;
  const object = method === undefined ? undefined : evaluator.evaluate(callee?.field("object"), scope);
  const value =
    method === undefined || object === undefined
      ? evaluator.evaluate(callee, scope)
      : memberOf(evaluator, object, method, callee?.range ?? range);
  const given = argumentsOf(evaluator, node, scope);
  return called(evaluator, value, given, {
    text: callee?.text ?? "",
    isHarmless: () => callee === undefined || harmless(callee),
    followed: () =>
      method !== undefined && object?.kind === "unknown"
        ? evaluator.library.unfollowedMethod(method, given)
        : undefined,
  });
}

function superCall(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const given = argumentsOf(evaluator, node, scope);
  const self = scope.self;
  if (!(self instanceof Instance)) return nothing;
  const [, parent] = self.of.lineage;
  const start = parent?.find("constructor");
  if (start instanceof Closure) start.bind(self).call(given);
  return nothing;
}

function construct(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): Value {
  const callee = node.field("constructor");
  const given = argumentsOf(evaluator, node, scope);
  const value = evaluator.evaluate(callee, scope);
  if (value instanceof ClassObject || (value.kind === "object" && value.call !== undefined))
    return value.call?.(given) ?? nothing;
  return madeElsewhere(`made by ${callee?.text.slice(0, 40) ?? ""}`, node.range);
}
