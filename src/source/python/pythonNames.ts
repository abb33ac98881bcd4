/** What names in a Python file stand for, read off its imports, classes and assignments. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { namedChildren } from "../declarations.ts";
import { trainingPackages } from "../scope.ts";

/** Deeper chains of names than this are cycles (`a = b; b = a`) or not worth following. */
const longestChain = 8;

/**
 * Names of one parsed file. Python's scopes are not followed: one name rarely means two things in one script. Lives no
 * longer than the tree whose nodes it holds.
 */
export class PythonNames {
  readonly #root: Node;
  readonly #imports = new Map<string, string>();
  readonly #classes = new Map<string, Node>();
  #assigned: Map<string, Node> | undefined;

  constructor(root: Node) {
    this.#root = root;
    for (const node of descendants(root, ["import_statement", "import_from_statement"])) this.#import(node);
    for (const node of descendants(root, ["class_definition"])) {
      const name = node.childForFieldName("name")?.text;
      if (name !== undefined) this.#classes.set(name, node);
    }
  }

  /** Whether the file takes anything from a package that trains with PyTorch. */
  get trains(): boolean {
    return [...this.#imports.values()].some((name) => trainingPackages.includes(rootOf(name)));
  }

  get classes(): readonly Node[] {
    return [...this.#classes.values()];
  }

  /** The class of this name that the file itself defines. */
  classNamed(name: string): Node | undefined {
    return this.#classes.get(name);
  }

  /** The full name of what is imported, as `torch.nn.Module`, however the file abbreviates it; undefined for all else. */
  imported(expression: Node | null | undefined): string | undefined {
    if (expression?.type === "identifier") return this.#imports.get(expression.text);
    if (expression?.type !== "attribute") return undefined;
    const object = this.imported(expression.childForFieldName("object"));
    const attribute = expression.childForFieldName("attribute")?.text;
    return object === undefined || attribute === undefined ? undefined : `${object}.${attribute}`;
  }

  /**
   * What an expression's value was made by: the function or the class that was called, itself or on the way to the variable.
   * Undefined where that is not in the file.
   */
  maker(expression: Node | null | undefined, depth = 0): Node | undefined {
    if (expression === null || expression === undefined || depth > longestChain) return undefined;
    if (expression.type === "call") return expression.childForFieldName("function") ?? undefined;
    if (expression.type !== "identifier" && expression.type !== "attribute") return undefined;
    return this.maker(this.#assignments().get(expression.text), depth + 1);
  }

  #assignments(): ReadonlyMap<string, Node> {
    if (this.#assigned === undefined) {
      this.#assigned = new Map();
      for (const node of descendants(this.#root, ["assignment"])) {
        const [left, right] = [node.childForFieldName("left")?.text, node.childForFieldName("right")];
        // The first one says what a thing is; `optimizer = accelerator.prepare(optimizer)` comes after it.
        if (left !== undefined && right !== null && !this.#assigned.has(left)) this.#assigned.set(left, right);
      }
    }
    return this.#assigned;
  }

  #import(node: Node): void {
    const module = node.childForFieldName("module_name");
    // A relative import is the user's own code.
    if (module?.type === "relative_import") return;
    for (const part of namedChildren(node)) {
      if (part.id === module?.id) continue;
      const renamed = part.type === "aliased_import";
      const name = (renamed ? part.childForFieldName("name") : part)?.text;
      const alias = renamed ? part.childForFieldName("alias")?.text : undefined;
      if (part.type === "wildcard_import" && module !== null) this.#imports.set(`${module.text}.*`, module.text);
      else if (name === undefined) continue;
      else if (module !== null) this.#imports.set(alias ?? name, `${module.text}.${name}`);
      else if (alias !== undefined) this.#imports.set(alias, name);
      // `import torch.nn` binds `torch`.
      else this.#imports.set(rootOf(name), rootOf(name));
    }
  }
}

function descendants(root: Node, types: string[]): Node[] {
  return root.descendantsOfType(types).filter((node) => node !== null);
}

/** The package that a full name begins with. */
export function rootOf(name: string): string {
  return name.split(".")[0] ?? name;
}
