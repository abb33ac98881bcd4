/** What the expressions of Python stand for. */
import type { Syntax } from "../interpret/syntax.ts";
import { called, eitherValue, equalToNothing, valueOfName, valuesOf } from "../interpret/calls.ts";
import { operate, pythonOperators } from "../interpret/arithmetic.ts";
import { Instance } from "../interpret/classObject.ts";
import { Closure } from "../interpret/closure.ts";
import { Entries } from "../interpret/entries.ts";
import { Given, noNames } from "../interpret/given.ts";
import { joinedText } from "../interpret/joinedText.ts";
import { unparsed } from "../interpret/evaluator.ts";
import { Scope } from "../interpret/scope.ts";
import {
  itemsOf,
  join,
  listOf,
  nothing,
  numberOf,
  scalar,
  truth,
  tuple,
  unknown,
  type Value,
} from "../interpret/value.ts";
import { assignTo } from "./pythonBindings.ts";
import { builtinValue, harmlessCall, memberOf, setByName } from "./pythonBuiltins.ts";
import { percentFormatted } from "./pythonTexts.ts";
import { closureOf, statementStart } from "./pythonClosures.ts";
import type { PythonEvaluator } from "./pythonEvaluator.ts";

export function evaluatePython(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  switch (node.type) {
    // What there is most of comes first.
    case "identifier":
      return nameValue(evaluator, node, scope);
    case "call":
      return call(evaluator, node, scope);
    case "attribute": {
      const object = evaluator.evaluate(node.field("object"), scope);
      return memberOf(evaluator, object, node.field("attribute")?.text ?? "", node.range);
    }
    case "integer":
    case "float":
      return numberLiteral(node);
    case "assignment":
      return assignment(evaluator, node, scope);
    case "string":
      return stringLiteral(evaluator, node, scope);
    case "true":
      return scalar(true, node.range);
    case "false":
      return scalar(false, node.range);
    case "none":
      return nothing;
    case "parenthesized_expression":
    case "await":
    case "expression_statement":
      return evaluator.evaluate(
        node.namedChildren.find(({ type }) => type !== "comment"),
        scope,
      );
    case "type":
      return nothing;
    case "augmented_assignment":
      return augmented(evaluator, node, scope);
    case "named_expression": {
      const value = evaluator.evaluate(node.field("value"), scope);
      const name = node.field("name");
      if (name !== undefined) assignTo(evaluator, name, value, scope);
      return value;
    }
    case "subscript":
      return subscript(evaluator, node, scope);
    case "tuple":
    case "expression_list":
      return sequence(evaluator, node, scope, tuple);
    case "list":
      return sequence(evaluator, node, scope, listOf);
    case "dictionary":
      return dictionary(evaluator, node, scope);
    case "list_comprehension":
    case "generator_expression":
      return comprehension(evaluator, node, scope);
    case "lambda":
      return closureOf(evaluator, node, scope, undefined);
    case "unary_operator": {
      const value = evaluator.evaluate(node.field("argument"), scope);
      const operator = node.field("operator")?.text;
      if (value.kind === "scalar" && typeof value.value === "number" && (operator === "-" || operator === "+")) {
        return scalar(operator === "-" ? -value.value : value.value, node.range, value.basis);
      }
      return (
        evaluator.library.operate("-", value, nothing, node.range) ??
        unknown("an operation that is not followed", node.range)
      );
    }
    case "not_operator": {
      const holds = truth(evaluator.evaluate(node.field("argument"), scope), true);
      return holds === undefined ? unknown("depends on a condition", node.range) : scalar(!holds, node.range);
    }
    case "binary_operator":
      return binary(evaluator, node, scope);
    case "boolean_operator":
      return booleanOperator(evaluator, node, scope);
    case "comparison_operator":
      return comparison(evaluator, node, scope);
    case "conditional_expression":
      return conditional(evaluator, node, scope);
    case "list_splat":
    case "dictionary_splat":
      return evaluator.evaluate(node.namedChildren[0], scope);
    default:
      return unknown(node.type === "ERROR" ? unparsed : "an expression that is not followed", node.range);
  }
}

function numberLiteral(node: Syntax): Value {
  const text = node.text.replaceAll("_", "").toLowerCase();
  const value = Number(text);
  const octal = node.type === "integer" && /^0+[1-9]/.test(text);
  const plain = !node.isMissing && !node.hasError && text !== "" && !octal && Number.isFinite(value);
  return plain ? scalar(value, node.range) : unknown("not a number that is followed", node.range);
}

function stringLiteral(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const parts = node.namedChildren.flatMap((part): Value[] => {
    if (part.type === "string_content") return [scalar(part.text, part.range)];
    if (part.type !== "interpolation") return [];
    const formatted = part.namedChildren.length > 1;
    return [formatted ? unknown("it is formatted", part.range) : evaluator.evaluate(part.namedChildren[0], scope)];
  });
  return joinedText(parts, node.range);
}

function nameValue(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const name = node.text;
  const own = valueOfName(evaluator, node, scope);
  return own ?? builtinValue(evaluator, name) ?? evaluator.library.undefinedName(name, node.range);
}

function assignment(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const right = node.field("right");
  const left = node.field("left");
  if (right === undefined) {
    if (node.hasError && left !== undefined) assignTo(evaluator, left, unknown(unparsed, node.range), scope);
    return nothing;
  }
  const value = evaluator.evaluate(right, scope);
  if (left !== undefined) assignTo(evaluator, left, value, scope);
  return value;
}

function augmented(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const left = node.field("left");
  const range = node.range;
  const before = evaluator.evaluate(left, scope);
  const by = evaluator.evaluate(node.field("right"), scope);
  const operator = (node.field("operator")?.text ?? "").slice(0, -1);
  if (before.kind === "list" && operator === "+") {
    const [items, more] = [itemsOf(before), itemsOf(by)];
    const joined =
      items === undefined || more === undefined
        ? unknown("items that are not known are put in")
        : tuple([...items, ...more]);
    evaluator.reading.memory.write(before.content, joined);
    return before;
  }
  const value = combine(evaluator, operator, before, by, node);
  // No literal of its own says what it is from now on.
  const later = value.kind === "scalar" ? { ...value, range: undefined } : value;
  if (left !== undefined) assignTo(evaluator, left, later.kind === "unknown" ? { ...later, range } : later, scope);
  return later;
}

function combine(evaluator: PythonEvaluator, operator: string, one: Value, other: Value, node: Syntax): Value {
  const range = node.range;
  const ofFramework = evaluator.library.operate(operator, one, other, range);
  if (ofFramework !== undefined) return ofFramework;
  const [items, more] = [one, other].map((each) =>
    each.kind === "list" || each.kind === "tuple" ? itemsOf(each) : undefined,
  );
  if (operator === "+" && items !== undefined && more !== undefined) {
    return one.kind === "tuple" ? tuple([...items, ...more]) : listOf([...items, ...more]);
  }
  if (operator === "*" && items !== undefined) {
    const times = numberOf(other);
    if (times.known && times.value * items.length <= 1024) {
      const repeated = Array.from({ length: Math.max(0, times.value) }, () => items).flat();
      return one.kind === "tuple" ? tuple(repeated) : listOf(repeated);
    }
  }
  if (operator === "%" && one.kind === "scalar" && typeof one.value === "string")
    return percentFormatted(one.value, other, range);
  return operate(operator, one, other, range, pythonOperators);
}

function binary(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const left = evaluator.evaluate(node.field("left"), scope);
  const right = evaluator.evaluate(node.field("right"), scope);
  if (node.isMadeOf("ERROR")) return unknown(unparsed, node.range);
  return combine(evaluator, node.field("operator")?.text ?? "", left, right, node);
}

function booleanOperator(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const left = evaluator.evaluate(node.field("left"), scope);
  const isOr = node.field("operator")?.text === "or";
  const holds = truth(left, true);
  if (holds !== undefined && holds === isOr) return left;
  const right = evaluator.evaluate(node.field("right"), scope);
  if (holds !== undefined) return right;
  // `width or 64`, with a width from elsewhere: a default.
  const fallback = isOr && left.kind === "unknown" && right.kind === "scalar";
  return fallback ? scalar(right.value, right.range, "default") : join(left, right);
}

function comparison(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const range = node.range;
  const parts = node.namedChildren;
  const operators = node.children.flatMap((each) => (each.isNamed ? [] : [each.text]));
  const [left, right] = parts.map((each) => evaluator.evaluate(each, scope));
  const operator = operators.join(" ");
  if (parts.length !== 2 || left === undefined || right === undefined) return unknown("depends on a condition", range);
  if (operator === "in" || operator === "not in") {
    const items = itemsOf(right);
    const plain =
      left.kind === "scalar" && items?.every(({ kind }) => kind === "scalar") === true && left.basis !== "default";
    if (!plain) return unknown("depends on a condition", range);
    const contained = items.some((each) => each.kind === "scalar" && each.value === left.value);
    return scalar(contained === (operator === "in"), range);
  }
  const equal = equalToNothing(left, right);
  if (equal === "open") return unknown("depends on a condition", range);
  if (equal !== undefined && (operator === "is" || operator === "==")) return scalar(equal, range);
  if (equal !== undefined && (operator === "is not" || operator === "!=")) return scalar(!equal, range);
  return operate(operator, left, right, range, pythonOperators);
}

function conditional(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const [body, condition, alternative] = node.namedChildren.filter(({ type }) => type !== "comment");
  const holds = truth(evaluator.evaluate(condition, scope), true);
  if (holds !== undefined) return evaluator.evaluate(holds ? body : alternative, scope);
  return eitherValue(
    evaluator.reading,
    () => evaluator.evaluate(body, scope),
    () => evaluator.evaluate(alternative, scope),
  );
}

function sequence(
  evaluator: PythonEvaluator,
  node: Syntax,
  scope: Scope,
  make: (items: readonly Value[]) => Value,
): Value {
  const items = valuesOf(evaluator, node.namedChildren, scope, "list_splat");
  return typeof items === "string" ? unknown(items, node.range) : make(items);
}

function dictionary(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const entries = new Entries(evaluator.reading.memory);
  for (const each of node.namedChildren) {
    if (each.type === "pair") {
      const key = evaluator.evaluate(each.field("key"), scope);
      const value = evaluator.evaluate(each.field("value"), scope);
      if (key.kind === "scalar") entries.assign(String(key.value), value);
      else entries.lose("a name that is not known");
    } else if (each.type === "dictionary_splat") {
      entries.takeOver(evaluator.evaluate(each.namedChildren[0], scope));
    } else if (each.type === "ERROR") entries.lose(unparsed);
  }
  return entries;
}

/** Lists longer than this are data. */
const mostItems = 512;

function comprehension(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const body = node.field("body");
  const clauses = node.namedChildren.filter(({ type }) => type === "for_in_clause" || type === "if_clause");
  const found: Value[] = [];
  let lost: string | undefined;
  const go = (index: number, inside: Scope): void => {
    const clause = clauses[index];
    if (clause === undefined) {
      found.push(evaluator.evaluate(body, inside));
      return;
    }
    if (clause.type === "if_clause") {
      const holds = truth(evaluator.evaluate(clause.namedChildren[0], inside), true);
      if (holds === undefined) lost = "it depends on a condition which items there are";
      if (holds !== false) go(index + 1, inside);
      return;
    }
    const over = evaluator.evaluate(clause.field("right"), inside);
    const items = itemsOf(over);
    const left = clause.field("left");
    const rounds =
      items === undefined || items.length > mostItems ? [unknown("an item that is not known", clause.range)] : items;
    if (rounds !== items) lost = over.kind === "unknown" ? over.reason : "how many items there are is not known";
    for (const item of rounds) {
      const own = new Scope(inside, true);
      if (left !== undefined) assignTo(evaluator, left, item, own);
      go(index + 1, own);
    }
  };
  go(0, scope);
  return lost === undefined ? listOf(found) : { kind: "unknown", reason: lost, range: node.range, made: true };
}

function subscript(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const object = evaluator.evaluate(node.field("value"), scope);
  const places = node.fields("subscript");
  const range = node.range;
  const place = places[0];
  const single = place?.type !== "slice" && places.length === 1;
  const index = single ? evaluator.evaluate(place, scope) : unknown("a part", range);
  const rows = place?.type === "slice" && places.length === 1;
  const ofFramework = evaluator.library.index(object, rows ? "rows" : index, range);
  if (ofFramework !== undefined) return ofFramework;
  if (object.kind === "unknown") return object;
  if (place?.type === "slice") return slice(evaluator, object, place, scope);
  if (index.kind !== "scalar") return unknown("an item of which the place is not known", range);
  if (object instanceof Entries) return object.get(String(index.value), range);
  const items = object.kind === "object" ? object.items?.() : itemsOf(object);
  if (typeof index.value === "number" && items !== undefined && index.basis !== "default") {
    return items.at(index.value) ?? unknown("there is no such item", range);
  }
  return unknown("an item that is not followed", range);
}

function slice(evaluator: PythonEvaluator, object: Value, place: Syntax, scope: Scope): Value {
  const range = place.range;
  const items = itemsOf(object);
  if (items === undefined) return unknown("a part that is not known", range);
  const parts = [":", ":"].map(() => undefined as number | undefined);
  let index = 0;
  for (const each of place.children) {
    if (each.type === ":") index++;
    else if (index < 2) {
      const bound = numberOf(evaluator.evaluate(each, scope));
      if (!bound.known) return unknown(bound.reason, range);
      parts[index] = bound.value;
    } else return unknown("a part that is not followed", range);
  }
  const part = items.slice(parts[0], parts[1]);
  return object.kind === "tuple" ? tuple(part) : listOf(part);
}

function argumentsOf(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Given {
  const list = node.field("arguments");
  const positional: Value[] = [];
  let named: Map<string, Value> | undefined;
  let open: string | undefined = list === undefined ? unparsed : undefined;
  const given = list === undefined ? [] : list.type === "argument_list" ? list.namedChildren : [list];
  for (const each of given) {
    if (each.type === "comment") continue;
    if (each.type === "ERROR") open = unparsed;
    else if (each.type === "keyword_argument") {
      const name = each.field("name")?.text ?? "";
      named ??= new Map();
      named.set(name, each.hasError ? unknown(unparsed, each.range) : evaluator.evaluate(each.field("value"), scope));
    } else if (each.type === "dictionary_splat") {
      const spread = evaluator.evaluate(each.namedChildren[0], scope);
      if (spread instanceof Entries && spread.openness === undefined)
        named = new Map([...(named ?? noNames), ...spread.all]);
      else open ??= "arguments that are not known are put in";
    } else if (each.type === "list_splat") {
      const spread = itemsOf(evaluator.evaluate(each.namedChildren[0], scope));
      if (spread === undefined) open ??= "arguments that are not known are put in";
      else positional.push(...spread);
    } else positional.push(evaluator.evaluate(each, scope));
  }
  // A call without its closing bracket may not have all its arguments yet.
  if (list?.isOpen === true) open = unparsed;
  const user = node.parent;
  const left = user?.type === "assignment" ? user.field("left") : undefined;
  return new Given({
    positional: open === unparsed ? [] : positional,
    named: named ?? noNames,
    open,
    range: node.range,
    statement: statementStart(node),
    assignedTo: left?.type === "identifier" ? left.text : undefined,
  });
}

function call(evaluator: PythonEvaluator, node: Syntax, scope: Scope): Value {
  const callee = node.field("function");
  const range = node.range;
  if (callee === undefined) return unknown(unparsed, range);
  const inherited = superMethod(evaluator, callee, scope);
  if (inherited !== undefined) return inherited === "none" ? nothing : inherited(argumentsOf(evaluator, node, scope));
  const attribute = callee.type === "attribute" ? callee.field("attribute")?.text : undefined;
  const object = attribute === undefined ? undefined : evaluator.evaluate(callee.field("object"), scope);
  const value =
    attribute === undefined || object === undefined
      ? evaluator.evaluate(callee, scope)
      : memberOf(evaluator, object, attribute, callee.range);
  if (object?.kind === "unknown") noteStranger(evaluator, callee.field("object"), scope);
  const given = argumentsOf(evaluator, node, scope);
  if (callee.text === "exec") mayBeSet(evaluator, scope);
  return called(evaluator, value, given, {
    text: callee.text,
    isHarmless: () => harmlessCall(callee),
    followed: () =>
      attribute === undefined || object === undefined
        ? undefined
        : unfollowedMethod(evaluator, attribute, object, given),
  });
}

/** `self.encoder.features(…)`, where it is not known what the encoder is: it works for the object that holds it. */
function noteStranger(evaluator: PythonEvaluator, held: Syntax | undefined, scope: Scope): void {
  const holder = held?.type === "attribute" ? held.field("object") : undefined;
  const owner = holder?.type === "identifier" ? evaluator.evaluate(holder, scope) : undefined;
  const name = held?.field("attribute")?.text;
  if (owner instanceof Instance && name !== undefined) owner.strangers.add(name);
}

function unfollowedMethod(evaluator: PythonEvaluator, name: string, object: Value, given: Given): Value | undefined {
  // `object.__setattr__(self, …)`, or that of another base.
  if (name === "__setattr__" && given.positional.length === 3) return setByName(given.positional);
  return evaluator.library.unfollowedMethod(name, object, given);
}

/** What is executed may give any name of the file another value: `exec(open("settings.py").read())`. */
function mayBeSet({ reading: { memory } }: PythonEvaluator, scope: Scope): void {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.parent) {
    for (const [name, value] of each.all) {
      if (value.kind === "scalar" && value.value !== null)
        memory.write(each.declare(name), { ...value, basis: "default" });
    }
  }
}

/** `super().method`: that of the script's own base class, or `none` where the base is not the script's. */
function superMethod(
  evaluator: PythonEvaluator,
  callee: Syntax,
  scope: Scope,
): "none" | ((given: Given) => Value) | undefined {
  const object = callee.type === "attribute" ? callee.field("object") : undefined;
  if (object?.type !== "call" || object.field("function")?.text !== "super") return undefined;
  const { self } = scope;
  const name = callee.field("attribute")?.text ?? "";
  if (!(self instanceof Instance)) return "none";
  const site = evaluator.reading.callers.at(-1)?.site;
  const { lineage } = self.of;
  const inside = lineage.findIndex(({ making }) => {
    const own = making.members.get(name);
    return own instanceof Closure && own.making.site === site;
  });
  for (const each of lineage.slice(inside + 1)) {
    const found = each.making.members.get(name);
    if (found instanceof Closure) return (given) => found.bind(self).call(given);
  }
  return "none";
}
