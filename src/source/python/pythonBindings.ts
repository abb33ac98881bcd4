/** How names get their values in Python: assignments, and patterns that take values apart. */
import type { Syntax } from "../interpret/syntax.ts";
import { Entries } from "../interpret/entries.ts";
import type { Scope } from "../interpret/scope.ts";
import { itemsOf, listOf, tuple, unknown, type Value } from "../interpret/value.ts";
import type { PythonEvaluator } from "./pythonEvaluator.ts";

export function assignTo(evaluator: PythonEvaluator, target: Syntax, value: Value, scope: Scope): void {
  const { memory } = evaluator.reading;
  switch (target.type) {
    case "identifier": {
      const cell = scope.assignable(target.text);
      memory.write(cell, value);
      cell.assignedAt(target.id);
      return;
    }
    case "pattern_list":
    case "tuple_pattern":
    case "list_pattern":
    case "tuple":
    case "list":
      assignParts(evaluator, target.namedChildren, value, scope);
      return;
    case "list_splat_pattern":
    case "parenthesized_expression": {
      const inner = target.namedChildren[0];
      if (inner !== undefined) assignTo(evaluator, inner, value, scope);
      return;
    }
    case "attribute": {
      const object = evaluator.evaluate(target.field("object"), scope);
      const name = target.field("attribute")?.text;
      if (object.kind === "object" && name !== undefined) object.assign?.(name, value);
      else if (object.kind === "unknown" && (value.kind === "object" || name === "requires_grad")) {
        evaluator.reading.modelsChanged ??= `${name ?? "an attribute"} of something that is not followed is assigned to`;
      }
      return;
    }
    case "subscript": {
      const object = evaluator.evaluate(target.field("value"), scope);
      const index = evaluator.evaluate(target.field("subscript"), scope);
      assignItem(evaluator, object, index, value);
      return;
    }
    default:
      return;
  }
}

function assignItem(evaluator: PythonEvaluator, object: Value, index: Value, value: Value): void {
  const { memory } = evaluator.reading;
  if (object.kind === "list") {
    const items = itemsOf(object);
    const place = index.kind === "scalar" && typeof index.value === "number" ? index.value : undefined;
    const known = items !== undefined && place !== undefined && place >= 0 && place < items.length;
    memory.write(object.content, known ? tuple(items.with(place, value)) : unknown("its items are assigned to"));
  } else if (object.kind === "object") {
    if (index.kind === "scalar" && index.value !== null) object.assign?.(String(index.value), value);
    else if (object instanceof Entries) object.lose("assigned to by a name that is not known");
  }
}

function assignParts(evaluator: PythonEvaluator, parts: readonly Syntax[], value: Value, scope: Scope): void {
  const items = itemsOf(value);
  const splat = parts.findIndex(({ type }) => type === "list_splat_pattern");
  for (const [index, part] of parts.entries()) {
    let item: Value = value.kind === "unknown" ? value : unknown("a part of a value that is not known", part.range);
    if (items !== undefined && splat < 0) {
      item =
        items.length === parts.length ? (items[index] ?? item) : unknown("not as many values as names", part.range);
    } else if (items !== undefined) {
      const after = parts.length - 1 - splat;
      if (index < splat) item = items[index] ?? item;
      else if (index === splat) item = listOf(items.slice(splat, items.length - after));
      else item = items.at(index - parts.length) ?? item;
    }
    assignTo(evaluator, part, item, scope);
  }
}
