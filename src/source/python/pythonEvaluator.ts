/** Reads Python without running it. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { namedChildren } from "../declarations.ts";
import { choose, inOrder, loop, oneOf, untold, type Completion } from "../interpret/control.ts";
import type { Evaluator, Frame } from "../interpret/frame.ts";
import { Given } from "../interpret/given.ts";
import { handOver } from "../interpret/handOver.ts";
import { Reading } from "../interpret/reading.ts";
import type { Scope } from "../interpret/scope.ts";
import { itemsOf, nothing, truth, unknown, type Value } from "../interpret/value.ts";
import { rangeOf } from "../places.ts";
import { written } from "../sketch/known.ts";
import { assignTo } from "./pythonBindings.ts";
import { classOf, closureOf } from "./pythonClosures.ts";
import { evaluatePython } from "./pythonExpressions.ts";
import type { PythonLibrary } from "./pythonLibrary.ts";
import { isRange, lengthOf } from "./pythonRange.ts";

export class PythonEvaluator implements Evaluator {
  readonly reading: Reading;
  readonly library: PythonLibrary;

  constructor(library: (reading: Reading) => PythonLibrary) {
    this.reading = new Reading((callee, given) => this.invoke(callee, given));
    this.library = library(this.reading);
  }

  invoke(callee: Value, given: Given): Value {
    if (callee.kind === "object" && callee.call !== undefined) return callee.call(given);
    return unknown("a call that is not followed", given.range);
  }

  evaluate(node: Node | null | undefined, scope: Scope): Value {
    if (node === null || node === undefined) return nothing;
    this.reading.count();
    return evaluatePython(this, node, scope);
  }

  execute(statements: readonly Node[], scope: Scope, frame: Frame): Completion {
    return inOrder(
      this.reading,
      statements.map((each) => () => this.#statement(each, scope, frame)),
    );
  }

  /** Calls a function of the script's with values. */
  callback(callee: Value | undefined, positional: readonly Value[], at: Given): Value {
    if (callee === undefined) return unknown("no function", at.range);
    return this.invoke(callee, new Given({ ...at.parts(), positional, named: new Map(), open: undefined }));
  }

  handOver(given: Given, to: string): void {
    handOver(this.reading, given, to);
  }

  #block(node: Node | null, scope: Scope, frame: Frame): Completion {
    return node === null ? "goes on" : this.execute(namedChildren(node), scope, frame);
  }

  #statement(node: Node, scope: Scope, frame: Frame): Completion {
    this.reading.count();
    switch (node.type) {
      case "expression_statement":
        for (const each of namedChildren(node)) this.evaluate(each, scope);
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
        const decorators = namedChildren(node).filter(({ type }) => type === "decorator");
        const definition = node.childForFieldName("definition");
        if (definition !== null) this.#define(definition, scope, decorators);
        return "goes on";
      }
      case "if_statement":
        return this.#if(node, scope, frame);
      case "for_statement":
        return this.#for(node, scope, frame);
      case "while_statement": {
        const plan = { range: rangeOf(node), items: undefined, count: untold, anyItem: nothing };
        return loop(this.reading, plan, () => {
          this.evaluate(node.childForFieldName("condition"), scope);
          return this.#block(node.childForFieldName("body"), scope, frame);
        });
      }
      case "with_statement":
        return this.#with(node, scope, frame);
      case "try_statement":
        return this.#try(node, scope, frame);
      case "match_statement": {
        const body = node.childForFieldName("body");
        const cases = body === null ? [] : namedChildren(body);
        const ways = cases.map((each) => () => this.#block(each.childForFieldName("consequence"), scope, frame));
        return oneOf(this.reading, [...ways, () => "goes on"]);
      }
      case "return_statement":
        frame.returned.push(this.evaluate(namedChildren(node)[0], scope));
        return "returns";
      case "raise_statement":
        return "fails";
      case "break_statement":
        return "breaks";
      case "continue_statement":
        return "continues";
      case "global_statement":
      case "nonlocal_statement":
        for (const each of namedChildren(node)) scope.share(each.text);
        return "goes on";
      case "block":
        return this.#block(node, scope, frame);
      case "ERROR":
        return this.#broken(node, scope, frame);
      default:
        return "goes on";
    }
  }

  #define(node: Node, scope: Scope, decorators: readonly Node[]): void {
    const name = node.childForFieldName("name")?.text;
    if (name === undefined) return;
    const names = decorators.map((each) => (namedChildren(each)[0] ?? each).text);
    const value =
      node.type === "class_definition"
        ? classOf(this, node, scope, name, names)
        : closureOf(this, node, scope, name, names);
    const cell = scope.assignable(name);
    this.reading.memory.write(cell, value);
    cell.assignedAt(node.id);
  }

  #import(node: Node, scope: Scope): void {
    const module = node.childForFieldName("module_name");
    for (const part of namedChildren(node)) {
      if (part.id === module?.id) continue;
      const renamed = part.type === "aliased_import";
      const name = (renamed ? part.childForFieldName("name") : part)?.text;
      const alias = renamed ? part.childForFieldName("alias")?.text : undefined;
      if (name === undefined) continue;
      if (part.type === "wildcard_import") {
        if (module !== null) this.library.openNames(module.text);
        continue;
      }
      const full =
        module === null ? (alias === undefined ? (name.split(".")[0] ?? name) : name) : `${module.text}.${name}`;
      const bound = alias ?? (module === null ? full : name);
      const own = module?.type === "relative_import";
      const value = own ? unknown(`comes from ${module.text}`, rangeOf(node)) : this.library.named(full, rangeOf(node));
      this.reading.memory.write(scope.assignable(bound), value);
    }
  }

  #if(node: Node, scope: Scope, frame: Frame): Completion {
    const parts = namedChildren(node).filter(({ type }) => type === "elif_clause" || type === "else_clause");
    const follow = (condition: Node | null, body: Node | null, rest: readonly Node[]): Completion =>
      choose(
        this.reading,
        truth(this.evaluate(condition, scope), true),
        () => this.#block(body, scope, frame),
        () => {
          const [next, ...others] = rest;
          if (next === undefined) return "goes on";
          if (next.type === "else_clause") return this.#block(next.childForFieldName("body"), scope, frame);
          return follow(next.childForFieldName("condition"), next.childForFieldName("consequence"), others);
        },
      );
    return follow(node.childForFieldName("condition"), node.childForFieldName("consequence"), parts);
  }

  #for(node: Node, scope: Scope, frame: Frame): Completion {
    const given = this.evaluate(node.childForFieldName("right"), scope);
    const left = node.childForFieldName("left");
    const range = rangeOf(node);
    const items = itemsOf(given);
    const data = this.library.dataOf(given);
    const count = isRange(given) ? lengthOf(given) : items === undefined ? untold : written(items.length, range);
    const plan = {
      range,
      items,
      count,
      batch: data?.batch,
      examples: data?.examples,
      overData: data !== undefined || (items === undefined && !isRange(given)),
      anyItem: data?.item ?? unknown("differs from round to round", range),
    };
    return loop(this.reading, plan, (item) => {
      if (left !== null) assignTo(this, left, item, scope);
      return this.#block(node.childForFieldName("body"), scope, frame);
    });
  }

  #with(node: Node, scope: Scope, frame: Frame): Completion {
    const clause = namedChildren(node).find(({ type }) => type === "with_clause");
    for (const item of clause === undefined ? [] : namedChildren(clause)) {
      const value = item.childForFieldName("value");
      const entered = value?.type === "as_pattern" ? namedChildren(value)[0] : value;
      const result = this.evaluate(entered, scope);
      const target = value?.type === "as_pattern" ? namedChildren(value)[1] : undefined;
      const name = target === undefined ? undefined : (namedChildren(target)[0] ?? target);
      if (name !== undefined) assignTo(this, name, result, scope);
    }
    return this.#block(node.childForFieldName("body"), scope, frame);
  }

  /** What is tried is taken to succeed: what is caught is not what the script is for. */
  #try(node: Node, scope: Scope, frame: Frame): Completion {
    const completion = this.#block(node.childForFieldName("body"), scope, frame);
    const ways: (() => Completion)[] = [() => "goes on"];
    for (const each of namedChildren(node)) {
      const inner = namedChildren(each).find(({ type }) => type === "block") ?? null;
      if (each.type.startsWith("except")) ways.push(() => this.#block(inner, scope, frame));
      else if (each.type === "finally_clause") this.#block(inner, scope, frame);
    }
    const left = oneOf(this.reading, ways);
    return completion === "fails" ? left : completion;
  }

  /** Of code that does not parse, what stands between the faults is read; names among them may have been assigned to. */
  #broken(node: Node, scope: Scope, frame: Frame): Completion {
    for (const each of namedChildren(node)) {
      if (each.type === "identifier") {
        const cell = scope.find(each.text)?.cell ?? scope.declare(each.text);
        this.reading.memory.write(cell, unknown("code that does not parse", rangeOf(each)));
      } else if (each.type === "ERROR") this.#broken(each, scope, frame);
      else if (each.type.endsWith("_statement") || each.type.endsWith("_definition") || each.type === "block") {
        this.execute([each], scope, frame);
      } else this.evaluate(each, scope);
    }
    return "goes on";
  }
}
