/** Reads Python without running it. */
import type { Syntax } from "../interpret/syntax.ts";
import { choose, loop, oneOf, untold, type Completion } from "../interpret/control.ts";
import { batchesPerPass } from "../interpret/batches.ts";
import { Evaluator, type Frame } from "../interpret/evaluator.ts";
import type { Reading } from "../interpret/reading.ts";
import type { Scope } from "../interpret/scope.ts";
import { anyOf, itemsOf, nothing, truth, unknown, type Value } from "../interpret/value.ts";
import { written } from "../sketch/known.ts";
import { assignTo } from "./pythonBindings.ts";
import { classOf, closureOf } from "./pythonClosures.ts";
import { evaluatePython } from "./pythonExpressions.ts";
import type { PythonLibrary } from "./pythonLibrary.ts";
import { isRange, lengthOf } from "./pythonRange.ts";

export class PythonEvaluator extends Evaluator {
  readonly library: PythonLibrary;

  constructor(library: (reading: Reading) => PythonLibrary) {
    super();
    this.library = library(this.reading);
  }

  protected expression(node: Syntax, scope: Scope): Value {
    return evaluatePython(this, node, scope);
  }

  #block(node: Syntax | undefined, scope: Scope, frame: Frame): Completion {
    return node === undefined ? "goes on" : this.execute(node.namedChildren, scope, frame);
  }

  protected statement(node: Syntax, scope: Scope, frame: Frame): Completion {
    switch (node.type) {
      case "expression_statement":
        for (const each of node.namedChildren) this.evaluate(each, scope);
        return "goes on";
      case "import_statement":
      case "import_from_statement":
        this.#import(node, scope);
        return "goes on";
      case "function_definition":
      case "class_definition":
        this.#define(node, scope, []);
        return "goes on";
      case "decorated_definition": {
        const decorators = node.namedChildren.filter(({ type }) => type === "decorator");
        const definition = node.field("definition");
        if (definition !== undefined) this.#define(definition, scope, decorators);
        return "goes on";
      }
      case "if_statement":
        return this.#if(node, scope, frame);
      case "for_statement":
        return this.#for(node, scope, frame);
      case "while_statement": {
        const plan = { range: node.range, items: undefined, count: untold, anyItem: nothing };
        return loop(this.reading, plan, () => {
          this.evaluate(node.field("condition"), scope);
          return this.#block(node.field("body"), scope, frame);
        });
      }
      case "with_statement":
        return this.#with(node, scope, frame);
      case "try_statement":
        return this.#try(node, scope, frame);
      case "match_statement": {
        const body = node.field("body");
        const cases = body === undefined ? [] : body.namedChildren;
        const ways = cases.map((each) => () => this.#block(each.field("consequence"), scope, frame));
        return oneOf(this.reading, [...ways, () => "goes on"]);
      }
      case "return_statement":
        frame.returned.push(this.evaluate(node.namedChildren[0], scope));
        this.reading.leave("function");
        return "returns";
      case "raise_statement":
        return "fails";
      case "break_statement":
        this.reading.leave("loop");
        return "breaks";
      case "continue_statement":
        return "continues";
      case "global_statement":
      case "nonlocal_statement":
        for (const each of node.namedChildren) scope.share(each.text);
        return "goes on";
      case "delete_statement":
        for (const each of node.namedChildren) {
          if (each.type !== "identifier") assignTo(this, each, unknown("it is deleted", each.range), scope);
        }
        return "goes on";
      case "block":
        return this.#block(node, scope, frame);
      case "ERROR":
        return this.#broken(node, scope, frame);
      default:
        return "goes on";
    }
  }

  #define(node: Syntax, scope: Scope, decorators: readonly Syntax[]): void {
    const name = node.field("name")?.text;
    if (name === undefined) return;
    const names = decorators.map((each) => (each.namedChildren[0] ?? each).text);
    const value =
      node.type === "class_definition"
        ? classOf(this, node, scope, name, names)
        : closureOf(this, node, scope, name, names);
    const cell = scope.assignable(name);
    this.reading.memory.write(cell, value);
    cell.assignedAt(node.id);
  }

  #import(node: Syntax, scope: Scope): void {
    const module = node.field("module_name");
    for (const part of node.namedChildren) {
      if (part.id === module?.id) continue;
      const renamed = part.type === "aliased_import";
      const name = (renamed ? part.field("name") : part)?.text;
      const alias = renamed ? part.field("alias")?.text : undefined;
      if (name === undefined) continue;
      if (part.type === "wildcard_import") {
        if (module !== undefined) this.library.openNames(module.text);
        continue;
      }
      const full =
        module === undefined ? (alias === undefined ? (name.split(".")[0] ?? name) : name) : `${module.text}.${name}`;
      const bound = alias ?? (module === undefined ? full : name);
      const own = module?.type === "relative_import";
      const value = own ? unknown(`comes from ${module.text}`, node.range) : this.library.named(full, node.range);
      this.reading.memory.write(scope.assignable(bound), value);
    }
  }

  #if(node: Syntax, scope: Scope, frame: Frame): Completion {
    const parts = node.namedChildren.filter(({ type }) => type === "elif_clause" || type === "else_clause");
    const follow = (condition: Syntax | undefined, body: Syntax | undefined, rest: readonly Syntax[]): Completion =>
      choose(
        this.reading,
        truth(this.evaluate(condition, scope), true),
        () => this.#block(body, scope, frame),
        () => {
          const [next, ...others] = rest;
          if (next === undefined) return "goes on";
          if (next.type === "else_clause") return this.#block(next.field("body"), scope, frame);
          return follow(next.field("condition"), next.field("consequence"), others);
        },
      );
    return follow(node.field("condition"), node.field("consequence"), parts);
  }

  #for(node: Syntax, scope: Scope, frame: Frame): Completion {
    const given = this.evaluate(node.field("right"), scope);
    const left = node.field("left");
    const range = node.range;
    const items = itemsOf(given);
    const data = this.library.dataOf(given);
    const rounds = data === undefined ? untold : batchesPerPass(data.batches);
    const count = isRange(given) ? lengthOf(given) : items === undefined ? rounds : written(items.length, range);
    const plan = {
      range,
      items,
      count,
      batches: data?.batches,
      overData: data !== undefined || (items === undefined && !isRange(given)),
      anyItem: data?.item ?? anyOf(isRange(given) ? undefined : items, range),
    };
    return loop(this.reading, plan, (item) => {
      if (left !== undefined) assignTo(this, left, item, scope);
      return this.#block(node.field("body"), scope, frame);
    });
  }

  #with(node: Syntax, scope: Scope, frame: Frame): Completion {
    const clause = node.namedChildren.find(({ type }) => type === "with_clause");
    for (const item of clause === undefined ? [] : clause.namedChildren) {
      const value = item.field("value");
      const entered = value?.type === "as_pattern" ? value.namedChildren[0] : value;
      const result = this.evaluate(entered, scope);
      const target = value?.type === "as_pattern" ? value.namedChildren[1] : undefined;
      const name = target === undefined ? undefined : (target.namedChildren[0] ?? target);
      if (name !== undefined) assignTo(this, name, result, scope);
    }
    return this.#block(node.field("body"), scope, frame);
  }

  /** What is tried is taken to succeed: what is caught is not what the script is for. */
  #try(node: Syntax, scope: Scope, frame: Frame): Completion {
    const completion = this.#block(node.field("body"), scope, frame);
    const ways: (() => Completion)[] = [() => "goes on"];
    for (const each of node.namedChildren) {
      const inner = each.namedChildren.find(({ type }) => type === "block");
      if (each.type.startsWith("except")) ways.push(() => this.#block(inner, scope, frame));
      else if (each.type === "finally_clause") this.#block(inner, scope, frame);
    }
    const left = oneOf(this.reading, ways);
    return completion === "fails" ? left : completion;
  }

  /** Of code that does not parse, what stands between the faults is read; names among them may have been assigned to. */
  #broken(node: Syntax, scope: Scope, frame: Frame): Completion {
    for (const each of node.namedChildren) {
      if (each.type === "identifier") this.lose(each, scope);
      else if (each.type === "ERROR") this.#broken(each, scope, frame);
      else if (each.type.endsWith("_statement") || each.type.endsWith("_definition") || each.type === "block") {
        this.execute([each], scope, frame);
      } else this.evaluate(each, scope);
    }
    return "goes on";
  }
}
