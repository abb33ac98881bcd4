/** Reads JavaScript and TypeScript without running it. */
import type { Syntax } from "../interpret/syntax.ts";
import { choose, loop, oneOf, untold, type Completion } from "../interpret/control.ts";
import { Evaluator, unparsed, type Frame } from "../interpret/evaluator.ts";
import type { Reading } from "../interpret/reading.ts";
import { Scope } from "../interpret/scope.ts";
import { anyOf, itemsOf, nothing, truth, unknown, type Value } from "../interpret/value.ts";
import { written } from "../sketch/known.ts";
import { assignTo, declareNames } from "./bindings.ts";
import { classOf, closureOf } from "./closures.ts";
import { evaluateExpression } from "./expressions.ts";
import type { JavaScriptLibrary } from "./javascriptLibrary.ts";
import { countOfLoop } from "./loopCount.ts";

export class JavaScriptEvaluator extends Evaluator {
  readonly library: JavaScriptLibrary;

  constructor(library: (reading: Reading) => JavaScriptLibrary) {
    super();
    this.library = library(this.reading);
  }

  protected expression(node: Syntax, scope: Scope): Value {
    return evaluateExpression(this, node, scope);
  }

  override execute(statements: readonly Syntax[], scope: Scope, frame: Frame): Completion {
    for (const each of statements) this.#hoist(each, scope);
    return super.execute(statements, scope, frame);
  }

  #hoist(node: Syntax, scope: Scope): void {
    if (node.type === "export_statement") {
      const declared = node.field("declaration");
      if (declared !== undefined) this.#hoist(declared, scope);
    } else if (node.type === "function_declaration" || node.type === "generator_function_declaration") {
      const name = node.field("name")?.text;
      if (name !== undefined) this.reading.memory.write(scope.declare(name), closureOf(this, node, scope, name));
    }
  }

  #block(node: Syntax | undefined, scope: Scope, frame: Frame): Completion {
    if (node === undefined) return "goes on";
    if (node.type !== "statement_block") return this.execute([node], scope, frame);
    return this.execute(node.namedChildren, new Scope(scope, false), frame);
  }

  protected statement(node: Syntax, scope: Scope, frame: Frame): Completion {
    switch (node.type) {
      case "expression_statement":
        for (const each of node.namedChildren) this.evaluate(each, scope);
        return "goes on";
      case "lexical_declaration":
      case "variable_declaration":
        for (const each of node.namedChildren) if (each.type === "variable_declarator") this.#declare(each, scope);
        return "goes on";
      case "export_statement": {
        const declared = node.field("declaration");
        if (declared !== undefined) return this.statement(declared, scope, frame);
        this.evaluate(node.field("value"), scope);
        return "goes on";
      }
      case "import_statement":
        declareNames(this, node, scope);
        return "goes on";
      case "enum_declaration":
        declareNames(this, node, scope);
        return "goes on";
      case "class_declaration":
      case "abstract_class_declaration": {
        const name = node.field("name")?.text ?? "";
        this.reading.memory.write(scope.declare(name), classOf(this, node, scope, name));
        return "goes on";
      }
      case "if_statement":
        return this.#if(node, scope, frame);
      case "for_statement":
        return this.#for(node, scope, frame);
      case "for_in_statement":
        return this.#forOf(node, scope, frame);
      case "while_statement":
      case "do_statement": {
        const plan = { range: node.range, items: undefined, count: untold, anyItem: nothing };
        return loop(this.reading, plan, () => {
          this.evaluate(node.field("condition"), scope);
          return this.#block(node.field("body"), scope, frame);
        });
      }
      case "return_statement":
        frame.returned.push(this.evaluate(node.namedChildren[0], scope));
        this.reading.leave("function");
        return "returns";
      case "throw_statement":
        return "fails";
      case "break_statement":
        if (node.namedChildren.length > 0) this.reading.leave("function");
        else if (!endsCase(node)) this.reading.leave("loop");
        return "breaks";
      case "continue_statement":
        return "continues";
      case "try_statement":
        return this.#try(node, scope, frame);
      case "switch_statement":
        return this.#switch(node, scope, frame);
      case "statement_block":
        return this.#block(node, scope, frame);
      case "labeled_statement":
        return this.#block(node.field("body"), scope, frame);
      case "ERROR":
        return this.#broken(node, scope, frame);
      default:
        return "goes on";
    }
  }

  #declare(node: Syntax, scope: Scope): void {
    const name = node.field("name");
    const value = node.field("value");
    if (name === undefined) return;
    const result = node.hasError && value === undefined ? unknown(unparsed, node.range) : this.evaluate(value, scope);
    assignTo(this, name, value === undefined && !node.hasError ? undefined : result, scope, "declare");
  }

  #if(node: Syntax, scope: Scope, frame: Frame): Completion {
    const condition = truth(this.evaluate(node.field("condition"), scope), false);
    const alternative = node.field("alternative");
    return choose(
      this.reading,
      condition,
      () => this.#block(node.field("consequence"), scope, frame),
      () => (alternative === undefined ? "goes on" : this.#block(alternative.namedChildren[0], scope, frame)),
    );
  }

  #for(node: Syntax, scope: Scope, frame: Frame): Completion {
    const inner = new Scope(scope, false);
    const initializer = node.field("initializer");
    if (initializer !== undefined) this.statement(initializer, inner, frame);
    const counted = countOfLoop(this, node, inner);
    const plan = {
      range: node.range,
      items: counted.items,
      count: counted.count,
      anyItem: unknown("differs from round to round", node.range),
    };
    return loop(this.reading, plan, (item) => {
      const variable = counted.variable === undefined ? undefined : inner.find(counted.variable)?.cell;
      if (variable !== undefined) this.reading.memory.write(variable, item);
      const completion = this.#block(node.field("body"), inner, frame);
      if (counted.variable === undefined) this.evaluate(node.field("increment"), inner);
      return completion;
    });
  }

  #forOf(node: Syntax, scope: Scope, frame: Frame): Completion {
    const given = this.evaluate(node.field("right"), scope);
    const left = node.field("left");
    const isOf = node.field("operator")?.text === "of";
    const items = isOf ? itemsOf(given) : undefined;
    const range = node.range;
    const count = items === undefined ? untold : written(items.length, range);
    const anyItem = anyOf(items, range);
    return loop(this.reading, { range, items, count, anyItem, overData: items === undefined }, (item) => {
      const inner = new Scope(scope, false);
      if (left !== undefined) assignTo(this, left, item, inner, "declare");
      return this.#block(node.field("body"), inner, frame);
    });
  }

  /** What is tried is taken to succeed: what is caught is not what the script is for. */
  #try(node: Syntax, scope: Scope, frame: Frame): Completion {
    const completion = this.#block(node.field("body"), scope, frame);
    const handler = node.field("handler");
    const caught = handler?.field("body");
    if (caught !== undefined) {
      const left = oneOf(this.reading, [() => "goes on", () => this.#block(caught, new Scope(scope, false), frame)]);
      if (completion === "fails") return left;
    }
    const finalizer = node.field("finalizer")?.field("body");
    const last = this.#block(finalizer, scope, frame);
    return last === "goes on" ? completion : last;
  }

  #switch(node: Syntax, scope: Scope, frame: Frame): Completion {
    const given = this.evaluate(node.field("value"), scope);
    const body = node.field("body");
    const cases = body === undefined ? [] : body.namedChildren;
    const inside = (each: Syntax): readonly Syntax[] => {
      const value = each.field("value");
      return each.namedChildren.filter(({ id }) => id !== value?.id);
    };
    const chosen = this.#chosenCase(given, cases, scope);
    if (chosen !== undefined) {
      const rest = chosen < 0 ? [] : cases.slice(chosen).flatMap(inside);
      const completion = this.execute(rest, new Scope(scope, false), frame);
      return completion === "breaks" ? "goes on" : completion;
    }
    const ways = cases.map((each) => (): Completion => {
      const completion = this.execute(inside(each), new Scope(scope, false), frame);
      return completion === "breaks" ? "goes on" : completion;
    });
    const complete = cases.some(({ type }) => type === "switch_default");
    return oneOf(this.reading, complete ? ways : [...ways, () => "goes on"]);
  }

  /** The place of the case that is taken, or −1 for none of them; undefined where that is not known. */
  #chosenCase(given: Value, cases: readonly Syntax[], scope: Scope): number | undefined {
    if (given.kind !== "scalar" || given.basis === "default") return undefined;
    for (const [index, each] of cases.entries()) {
      if (each.type === "switch_default") continue;
      const value = this.evaluate(each.field("value"), scope);
      if (value.kind !== "scalar" || value.basis === "default") return undefined;
      if (value.value === given.value) return index;
    }
    return cases.findIndex(({ type }) => type === "switch_default");
  }

  /** Of code that does not parse, what stands between the faults is read; names among them may have been assigned to. */
  #broken(node: Syntax, scope: Scope, frame: Frame): Completion {
    for (const each of node.namedChildren) {
      if (each.type === "identifier") this.lose(each, scope);
      else if (
        each.type.endsWith("_statement") ||
        each.type.endsWith("_declaration") ||
        each.type === "statement_block"
      ) {
        this.execute([each], scope, frame);
      } else if (each.type === "variable_declarator") this.#declare(each, scope);
      else if (each.type === "ERROR") this.#broken(each, scope, frame);
      else this.evaluate(each, scope);
    }
    return "goes on";
  }
}

const breakable: readonly string[] = ["for_statement", "for_in_statement", "while_statement", "do_statement"];

/** Whether a `break` is that of a `switch`. */
function endsCase(node: Syntax): boolean {
  let around = node.parent;
  while (around !== undefined && around.type !== "switch_statement" && !breakable.includes(around.type))
    around = around.parent;
  return around?.type === "switch_statement";
}
