/** What speaks for an expression's value coming from TensorFlow.js, read off the code around it. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { namedChildren, stringValue, type Declaration, type Declarations } from "./declarations.ts";
import { packageScope } from "./scope.ts";

/**
 * `namespace`: TensorFlow.js itself. `tensorflow`: something that came out of it. `foreign`: something of another package, a
 * literal, an instance of a class that has nothing to do with it. `unknown`: nothing speaks for it or against it.
 */
export type Provenance = "namespace" | "tensorflow" | "unknown" | "foreign";

/** Deeper chains of names than this are cycles (`a = b; b = a`) or not worth following. */
const longestChain = 12;

const literals = new Set([
  "string",
  "template_string",
  "number",
  "regex",
  "array",
  "true",
  "false",
  "null",
  "undefined",
]);

export class Provenances {
  readonly #declarations: Declarations;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  of(expression: Node | null | undefined, depth = 0): Provenance {
    if (expression === null || expression === undefined || depth > longestChain) return "unknown";
    const next = depth + 1;
    switch (expression.type) {
      case "await_expression":
      case "parenthesized_expression":
      case "non_null_expression":
        return this.of(namedChildren(expression)[0], next);
      case "as_expression":
      case "satisfies_expression": {
        const [value, type] = namedChildren(expression);
        const stated = this.ofType(type, next);
        return stated === "unknown" ? this.of(value, next) : stated;
      }
      case "identifier":
        return this.#ofDeclaration(this.#declarations.find(expression.text, expression), next);
      case "member_expression":
        return this.#ofMember(expression, next);
      case "subscript_expression":
        return part(this.of(expression.childForFieldName("object"), next));
      case "call_expression":
        return this.#ofCall(expression, next);
      case "new_expression":
        return part(this.of(expression.childForFieldName("constructor"), next));
      case "ternary_expression":
        return either(
          this.of(expression.childForFieldName("consequence"), next),
          this.of(expression.childForFieldName("alternative"), next),
        );
      case "binary_expression":
        return either(
          this.of(expression.childForFieldName("left"), next),
          this.of(expression.childForFieldName("right"), next),
        );
      case "assignment_expression":
        return this.of(expression.childForFieldName("right"), next);
      default:
        return literals.has(expression.type) ? "foreign" : "unknown";
    }
  }

  /** Of the values of a type as written: `tf.LayersModel`, `Sequential`, `Promise<tf.Optimizer>`. */
  ofType(type: Node | null | undefined, depth = 0): Provenance {
    if (type === null || type === undefined || depth > longestChain) return "unknown";
    const names = type.descendantsOfType(["type_identifier", "nested_type_identifier"]);
    let sum: Provenance = "unknown";
    for (const node of names) {
      if (node === null) continue;
      const root = node.type === "nested_type_identifier" ? node.childForFieldName("module") : node;
      const declaration = root === null ? undefined : this.#declarations.find(root.text, root);
      const found = declaration === undefined ? "unknown" : part(this.#ofDeclaration(declaration, depth + 1));
      if (found === "tensorflow") return found;
      if (found === "foreign") sum = found;
    }
    return sum;
  }

  /** The name under which TensorFlow.js exports what `callee` means: `sequential` of `tf.sequential` or of a renamed import. */
  exportedName(callee: Node): string | undefined {
    if (callee.type === "member_expression") {
      const ofNamespace = this.of(callee.childForFieldName("object")) === "namespace";
      return ofNamespace ? callee.childForFieldName("property")?.text : undefined;
    }
    if (callee.type !== "identifier") return undefined;
    const declaration = this.#declarations.find(callee.text, callee);
    if (declaration?.kind === "import") return fromTensorFlow(declaration.module) ? declaration.imported : undefined;
    if (declaration?.kind !== "variable" || declaration.property === undefined) return undefined;
    return this.of(declaration.initial) === "namespace" ? declaration.property : undefined;
  }

  #ofDeclaration(declaration: Declaration | undefined, depth: number): Provenance {
    switch (declaration?.kind) {
      case "import":
        if (fromTensorFlow(declaration.module)) return declaration.imported === "*" ? "namespace" : "tensorflow";
        return isLocal(declaration.module) ? "unknown" : "foreign";
      case "variable": {
        const stated = this.ofType(declaration.type, depth);
        if (stated !== "unknown") return stated;
        const value = this.of(declaration.initial, depth);
        return declaration.property === undefined ? value : part(value);
      }
      case "parameter":
        return this.ofType(declaration.type, depth);
      case "class":
        return declaration.parent === undefined ? "foreign" : this.of(declaration.parent, depth);
      case "type":
      case "function":
      case undefined:
        return "unknown";
    }
  }

  #ofMember(expression: Node, depth: number): Provenance {
    const object = this.of(expression.childForFieldName("object"), depth);
    const property = expression.childForFieldName("property")?.text;
    return object === "namespace" && property === "default" ? "namespace" : part(object);
  }

  #ofCall(expression: Node, depth: number): Provenance {
    const callee = expression.childForFieldName("function");
    const module = loadedModule(expression);
    if (module !== undefined) {
      if (fromTensorFlow(module)) return "namespace";
      return isLocal(module) ? "unknown" : "foreign";
    }
    return part(this.of(callee, depth));
  }
}

/** The module that `require("…")` or `import("…")` loads; undefined for any other call. */
export function loadedModule(call: Node): string | undefined {
  const callee = call.childForFieldName("function");
  const loads = callee?.type === "import" || (callee?.type === "identifier" && callee.text === "require");
  const given = loads ? call.childForFieldName("arguments") : null;
  return given === null ? undefined : stringValue(namedChildren(given)[0]);
}

function fromTensorFlow(module: string): boolean {
  return module.startsWith(packageScope);
}

/** A relative import is the user's own code, which may well hand out a model. */
function isLocal(module: string): boolean {
  return module.startsWith(".") || module.startsWith("/") || module.startsWith("#");
}

/** What is taken out of a value, or returned by it. */
function part(whole: Provenance): Provenance {
  return whole === "namespace" ? "tensorflow" : whole;
}

function either(first: Provenance, second: Provenance): Provenance {
  if (first === "tensorflow" || second === "tensorflow") return "tensorflow";
  return first === second ? first : "unknown";
}
