/** How names get their values in JavaScript: imports, declarations, assignments, and patterns that take values apart. */
import type { Syntax } from "../interpret/syntax.ts";
import { Entries } from "../interpret/entries.ts";
import type { Scope } from "../interpret/scope.ts";
import { isNothing, itemsOf, listOf, nothing, scalar, unbound, unknown, type Value } from "../interpret/value.ts";
import { encloses } from "../places.ts";
import { memberOf } from "./builtins.ts";
import type { JavaScriptEvaluator } from "./javascriptEvaluator.ts";

/** Binds what an `import` or an `enum` declares. */
export function declareNames(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): void {
  if (node.type === "enum_declaration") declareEnum(evaluator, node, scope);
  else declareImports(evaluator, node, scope);
}

function declareImports(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): void {
  const module = node.field("source")?.stringValue;
  for (const clause of node.namedChildren) {
    if (clause.type === "import_require_clause") {
      bind(clause.namedChildren[0]?.text, clause.field("source")?.stringValue, "*");
    } else if (clause.type === "import_clause") {
      for (const part of clause.namedChildren) {
        if (part.type === "identifier") bind(part.text, module, "*");
        else if (part.type === "namespace_import") bind(part.namedChildren[0]?.text, module, "*");
        else for (const each of part.namedChildren) bindNamed(each);
      }
    }
  }

  function bindNamed(specifier: Syntax): void {
    const imported = specifier.field("name")?.text ?? "";
    bind(specifier.field("alias")?.text ?? imported, module, imported === "default" ? "*" : imported);
  }

  function bind(name: string | undefined, from: string | undefined, imported: string): void {
    if (name === undefined || from === undefined) return;
    const value = evaluator.library.load(from, imported) ?? unknown(`comes from ${from}`, node.range);
    evaluator.reading.memory.write(scope.declare(name), value);
  }
}

function declareEnum(evaluator: JavaScriptEvaluator, node: Syntax, scope: Scope): void {
  const name = node.field("name")?.text;
  const body = node.field("body");
  if (name === undefined || body === undefined) return;
  const members: [string, Value][] = [];
  for (const each of body.namedChildren) {
    if (each.type !== "enum_assignment") continue;
    members.push([each.field("name")?.text ?? "", evaluator.evaluate(each.field("value"), scope)]);
  }
  const entries = new Entries(evaluator.reading.memory, members);
  if (members.length < body.namedChildren.length) entries.open("a member of an enumeration without a value");
  evaluator.reading.memory.write(scope.declare(name), entries);
}

/**
 * Binds a value to a name, a member or a pattern. `declare` makes new variables in the scope, else the ones that there are are
 * assigned to. Without a value, variables stay unbound.
 */
export function assignTo(
  evaluator: JavaScriptEvaluator,
  target: Syntax,
  value: Value | undefined,
  scope: Scope,
  how: "declare" | "assign",
): void {
  const { memory } = evaluator.reading;
  switch (target.type) {
    case "identifier":
    case "shorthand_property_identifier_pattern": {
      const cell = how === "declare" ? scope.declare(target.text) : scope.find(target.text)?.cell;
      const written = cell ?? scope.function.declare(target.text);
      memory.write(written, value ?? unbound);
      if (value !== undefined) written.assignedAt(target.id);
      return;
    }
    case "lexical_declaration":
    case "variable_declaration":
      for (const each of target.namedChildren) assignTo(evaluator, each, value, scope, "declare");
      return;
    case "variable_declarator": {
      const name = target.field("name");
      if (name !== undefined) assignTo(evaluator, name, value, scope, how);
      return;
    }
    case "assignment_pattern":
    case "object_assignment_pattern": {
      const left = target.field("left");
      if (left !== undefined)
        assignTo(evaluator, left, orDefault(evaluator, value, target.field("right"), scope), scope, how);
      return;
    }
    case "array_pattern": {
      const items = value === undefined ? undefined : itemsOf(value);
      const parts = target.namedChildren;
      for (const [index, part] of parts.entries()) {
        const item = items === undefined ? partOf(value, part) : (items[index] ?? nothing);
        const rest = part.type === "rest_pattern";
        const inner = rest ? part.namedChildren[0] : part;
        const taken = rest && items !== undefined ? listOf(items.slice(index)) : item;
        if (inner !== undefined) assignTo(evaluator, inner, taken, scope, how);
      }
      return;
    }
    case "object_pattern":
      for (const part of target.namedChildren) assignProperty(evaluator, part, value, scope, how);
      return;
    case "member_expression": {
      const object = evaluator.evaluate(target.field("object"), scope);
      const name = target.field("property")?.text;
      if (object.kind === "object" && name !== undefined) object.assign?.(name, value ?? nothing);
      else if (object.kind === "list") memory.write(object.content, unknown("its length is assigned to"));
      else if (object.kind === "unknown" && name !== undefined) evaluator.library.unfollowedAssignment(name);
      return;
    }
    case "subscript_expression": {
      const object = evaluator.evaluate(target.field("object"), scope);
      const index = evaluator.evaluate(target.field("index"), scope);
      if (object.kind === "list") memory.write(object.content, unknown("its items are assigned to"));
      else if (object.kind === "object") {
        if (index.kind === "scalar" && typeof index.value === "string") object.assign?.(index.value, value ?? nothing);
        else if (object instanceof Entries) object.lose("assigned to by a name that is not known");
      }
      return;
    }
    default:
      return;
  }
}

function assignProperty(
  evaluator: JavaScriptEvaluator,
  part: Syntax,
  value: Value | undefined,
  scope: Scope,
  how: "declare" | "assign",
): void {
  const given = value ?? nothing;
  if (part.type === "pair_pattern") {
    const inner = part.field("value");
    const name = part.field("key")?.text ?? "";
    if (inner !== undefined) assignTo(evaluator, inner, memberOf(evaluator, given, name, part.range), scope, how);
  } else if (part.type === "rest_pattern") {
    const inner = part.namedChildren[0];
    if (inner !== undefined) assignTo(evaluator, inner, unknown("the rest of an object", part.range), scope, how);
  } else {
    const name = (part.field("left") ?? part).text;
    assignTo(evaluator, part, memberOf(evaluator, given, name, part.range), scope, how);
  }
}

/** A value, or its default where it is missing. */
function orDefault(
  evaluator: JavaScriptEvaluator,
  value: Value | undefined,
  fallback: Syntax | undefined,
  scope: Scope,
): Value {
  if (value === undefined || isNothing(value)) return evaluator.evaluate(fallback, scope);
  if (value.kind !== "unknown" || value.made) return value;
  // Nobody is seen to call the function: its default is what the text says for the case that nobody says otherwise.
  const own = value.reason === parameterReason && value.range !== undefined && fallback !== undefined;
  const standing = own && encloses(value.range, fallback.range) ? evaluator.evaluate(fallback, scope) : value;
  return standing.kind === "scalar" ? scalar(standing.value, standing.range, "default") : standing;
}

/** Why a parameter of a function is not known that nobody in the file calls. */
export const parameterReason = "a parameter";

function partOf(whole: Value | undefined, place: Syntax): Value {
  return whole?.kind === "unknown" ? whole : unknown("a part of a value that is not known", place.range);
}
