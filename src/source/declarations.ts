/** Where a name in a script comes from. Scopes are read once, when a name is first looked for in them. */
import type { Node } from "@vscode/tree-sitter-wasm";

export type Declaration =
  /** `imported` is the exported name, `*` for the whole module. */
  | { readonly kind: "import"; readonly module: string; readonly imported: string }
  /** Declared with `initial`; `property` is set where it was destructured out of that value. */
  | {
      readonly kind: "variable";
      readonly initial: Node | undefined;
      readonly type: Node | undefined;
      readonly property: string | undefined;
    }
  | { readonly kind: "parameter"; readonly type: Node | undefined }
  | { readonly kind: "function" }
  | { readonly kind: "class"; readonly parent: Node | undefined }
  | { readonly kind: "type" };

type Scope = Map<string, Declaration>;

const scopeTypes = new Set([
  "program",
  "statement_block",
  "switch_case",
  "switch_default",
  "class_static_block",
  "for_statement",
  "for_in_statement",
  "catch_clause",
  "function_declaration",
  "function_expression",
  "generator_function_declaration",
  "generator_function",
  "arrow_function",
  "method_definition",
  // Code that does not parse yet still declares names.
  "ERROR",
]);

export const functionTypes: ReadonlySet<string> = new Set([
  "function_declaration",
  "function_expression",
  "generator_function_declaration",
  "generator_function",
  "arrow_function",
  "method_definition",
]);

/** The text of a plain string literal; undefined for anything else. */
export function stringValue(node: Node | null | undefined): string | undefined {
  if (node?.type !== "string") return undefined;
  return namedChildren(node)
    .map((part) => part.text)
    .join("");
}

export function namedChildren(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}

/** Names of one parsed file. Lives no longer than the tree whose nodes it holds. */
export class Declarations {
  readonly #scopes = new Map<number, Scope>();

  /** The declaration that `name` means at `place`; undefined where none is seen. */
  find(name: string, place: Node): Declaration | undefined {
    for (let node: Node | null = place.parent; node !== null; node = node.parent) {
      if (!scopeTypes.has(node.type)) continue;
      const declaration = this.#scope(node).get(name);
      if (declaration !== undefined) return declaration;
    }
    return undefined;
  }

  /** The names that a file, at its top level, gives to what is exported or destructured under one of `names`. */
  aliasesOf(names: readonly string[], root: Node): string[] {
    const declared = [...this.#scope(root)];
    return declared
      .filter(([alias, each]) => names.includes(originalName(each)) && !names.includes(alias))
      .map(([alias]) => alias);
  }

  #scope(node: Node): Scope {
    let scope = this.#scopes.get(node.id);
    if (scope === undefined) {
      scope = new Map();
      this.#scopes.set(node.id, scope);
      if (functionTypes.has(node.type)) declareParameters(scope, node);
      else for (const child of namedChildren(node)) declare(scope, child);
    }
    return scope;
  }
}

function originalName(declaration: Declaration): string {
  if (declaration.kind === "import") return declaration.imported;
  return declaration.kind === "variable" ? (declaration.property ?? "") : "";
}

function declare(scope: Scope, node: Node): void {
  switch (node.type) {
    case "import_statement":
      declareImports(scope, node);
      break;
    case "export_statement":
    case "ambient_declaration":
    case "ERROR":
      for (const child of namedChildren(node)) declare(scope, child);
      break;
    case "lexical_declaration":
    case "variable_declaration":
      for (const child of namedChildren(node)) if (child.type === "variable_declarator") declareVariable(scope, child);
      break;
    case "variable_declarator":
      declareVariable(scope, node);
      break;
    case "expression_statement":
      for (const child of namedChildren(node)) if (child.type === "assignment_expression") assign(scope, child);
      break;
    case "function_declaration":
    case "generator_function_declaration":
      setName(scope, node, { kind: "function" });
      break;
    case "class_declaration":
    case "abstract_class_declaration":
      setName(scope, node, { kind: "class", parent: parentClass(node) });
      break;
    case "interface_declaration":
    case "type_alias_declaration":
    case "enum_declaration":
      setName(scope, node, { kind: "type" });
      break;
    default:
      break;
  }
}

function setName(scope: Scope, node: Node, declaration: Declaration): void {
  const name = node.childForFieldName("name")?.text;
  if (name !== undefined) scope.set(name, declaration);
}

/** `let model; … model = tf.sequential()`: the first assignment in the same scope stands for the missing initial value. */
function assign(scope: Scope, node: Node): void {
  const left = node.childForFieldName("left");
  const known = left?.type === "identifier" ? scope.get(left.text) : undefined;
  if (left === null || known?.kind !== "variable" || known.initial !== undefined) return;
  scope.set(left.text, { ...known, initial: node.childForFieldName("right") ?? undefined });
}

function parentClass(node: Node): Node | undefined {
  const heritage = namedChildren(node).find((child) => child.type === "class_heritage");
  if (heritage === undefined) return undefined;
  const clause = namedChildren(heritage)[0];
  return clause?.type === "extends_clause" ? (clause.childForFieldName("value") ?? undefined) : clause;
}

function declareVariable(scope: Scope, node: Node): void {
  const name = node.childForFieldName("name");
  if (name === null) return;
  const initial = node.childForFieldName("value") ?? undefined;
  const type = node.childForFieldName("type") ?? undefined;
  if (name.type === "identifier") scope.set(name.text, { kind: "variable", initial, type, property: undefined });
  else
    forEachBound(name, (bound, property) => scope.set(bound, { kind: "variable", initial, type: undefined, property }));
}

function declareParameters(scope: Scope, node: Node): void {
  const single = node.childForFieldName("parameter");
  if (single !== null) scope.set(single.text, { kind: "parameter", type: undefined });
  const parameters = node.childForFieldName("parameters");
  for (const parameter of parameters === null ? [] : namedChildren(parameters)) {
    const pattern = parameter.childForFieldName("pattern") ?? parameter.childForFieldName("left") ?? parameter;
    const type = parameter.childForFieldName("type") ?? undefined;
    if (pattern.type === "identifier") scope.set(pattern.text, { kind: "parameter", type });
    else forEachBound(pattern, (bound) => scope.set(bound, { kind: "parameter", type: undefined }));
  }
}

/** Calls back for every name that a destructuring pattern binds, with the property that it is taken from. */
function forEachBound(pattern: Node, found: (name: string, property: string) => void): void {
  for (const part of namedChildren(pattern)) {
    if (part.type === "shorthand_property_identifier_pattern") found(part.text, part.text);
    else if (part.type === "identifier") found(part.text, "");
    else if (part.type === "object_assignment_pattern") {
      const left = part.childForFieldName("left");
      if (left !== null) found(left.text, left.text);
    } else if (part.type === "pair_pattern") {
      const key = part.childForFieldName("key")?.text ?? "";
      const value = part.childForFieldName("value");
      if (value?.type === "identifier") found(value.text, key);
      else if (value !== null) forEachBound(value, found);
    }
  }
}

function declareImports(scope: Scope, node: Node): void {
  const module = stringValue(node.childForFieldName("source"));
  for (const clause of namedChildren(node)) {
    if (clause.type === "import_require_clause") {
      // `import tf = require("…")`
      const required = stringValue(clause.childForFieldName("source"));
      const name = namedChildren(clause)[0]?.text;
      if (required !== undefined && name !== undefined) set(name, required, "*");
    } else if (clause.type === "import_clause" && module !== undefined) {
      for (const part of namedChildren(clause)) {
        if (part.type === "identifier") set(part.text, module, "*");
        else if (part.type === "namespace_import") set(namedChildren(part)[0]?.text ?? "", module, "*");
        else for (const each of namedChildren(part)) declareNamed(each, module);
      }
    }
  }

  function declareNamed(specifier: Node, from: string): void {
    const imported = specifier.childForFieldName("name")?.text ?? "";
    set(specifier.childForFieldName("alias")?.text ?? imported, from, imported === "default" ? "*" : imported);
  }

  function set(name: string, from: string, imported: string): void {
    scope.set(name, { kind: "import", module: from, imported });
  }
}
