/** Finds where a script trains with TensorFlow.js and where it defines its model. */
import type { Node, Tree } from "@vscode/tree-sitter-wasm";
import type { CodeSite } from "./codeSite.ts";
import { Declarations, functionTypes, namedChildren } from "./declarations.ts";
import { before, encloses, placesOf, positionOf, rangeOf, type SourcePosition } from "./places.ts";
import { loadedModule, Provenances } from "./provenance.ts";
import { packageScope } from "./scope.ts";

type TrainingCall = "fit" | "fitDataset" | "trainOnBatch" | "minimize" | "applyGradients";
type ModelCall = "sequential" | "model";

/** Fewest arguments that TensorFlow.js takes: `scaler.fit(data)` and `window.minimize()` are other people's. */
const fewestArguments: Record<TrainingCall, number> = {
  fit: 2,
  fitDataset: 2,
  trainOnBatch: 2,
  minimize: 1,
  applyGradients: 1,
};

const modelCalls: readonly string[] = ["sequential", "model"] satisfies ModelCall[];

/**
 * In the order of the text; nothing in a file that takes nothing from TensorFlow.js. Code that does not parse is read as
 * far as it does. Names are looked up in the text and then judged by where they stand in the tree: walking a whole tree
 * takes ten times as long.
 */
export function codeSites(tree: Tree, text: string): CodeSite[] {
  const root = tree.rootNode;
  if (!placesOf(packageScope, text).some((place) => isLoaded(root.namedDescendantForIndex(place)))) return [];

  const declarations = new Declarations();
  const provenances = new Provenances(declarations);
  const names = [...Object.keys(fewestArguments), ...modelCalls, ...declarations.aliasesOf(modelCalls, root)];
  const called = names.flatMap((name) => placesOf(name, text).filter((place) => isCalled(name, place, text)));
  const sites: CodeSite[] = [];
  for (const place of called.sort((one, other) => one - other)) {
    const call = callOf(root.namedDescendantForIndex(place), place);
    const site = call && (modelSite(call, provenances) ?? trainingSite(call, provenances));
    if (site !== undefined && !sites.some((outer) => outer.kind === site.kind && encloses(outer.range, site.range))) {
      sites.push(site);
    }
  }
  return sites.sort((one, other) => (before(one.range.start, other.range.start) ? -1 : 1));
}

/** A quick look that spares the tree most occurrences of a name: does something like an argument list follow? */
function isCalled(name: string, place: number, text: string): boolean {
  return ["(", "<", "?"].includes(text.slice(place + name.length, place + name.length + 40).trimStart()[0] ?? "");
}

/** Whether a package's name, as found in the text, is what an `import` or a `require` loads. */
function isLoaded(fragment: Node | null): boolean {
  const string = fragment?.type === "string" ? fragment : fragment?.parent;
  const user = string?.parent ?? null;
  if (string?.type !== "string" || user === null) return false;
  if (user.type === "import_statement" || user.type === "import_require_clause") return true;
  return user.type === "arguments" && user.parent !== null && loadedModule(user.parent) !== undefined;
}

/** The call whose callee's last name begins at `place`. */
function callOf(name: Node | null, place: number): Node | undefined {
  if (name?.startIndex !== place) return undefined;
  const callee = name.type === "property_identifier" ? name.parent : name;
  const call = callee?.parent;
  const isCallee = call?.type === "call_expression" && call.childForFieldName("function")?.id === callee?.id;
  return isCallee ? call : undefined;
}

function modelSite(call: Node, provenances: Provenances): CodeSite | undefined {
  const callee = call.childForFieldName("function");
  const name = callee === null ? undefined : provenances.exportedName(callee);
  if (name !== "sequential" && name !== "model") return undefined;
  return { kind: "model", call: name, range: rangeOf(call), statement: statementOf(call) };
}

function trainingSite(call: Node, provenances: Provenances): CodeSite | undefined {
  const callee = call.childForFieldName("function");
  const name = callee?.childForFieldName("property")?.text;
  if (callee === null || name === undefined || !isTrainingCall(name)) return undefined;
  const given = call.childForFieldName("arguments");
  const count = given === null ? 0 : namedChildren(given).filter((argument) => argument.type !== "comment").length;
  if (count < fewestArguments[name]) return undefined;
  if (provenances.of(callee.childForFieldName("object")) === "foreign") return undefined;
  return { kind: "training", call: name, range: rangeOf(call), statement: statementOf(call) };
}

function isTrainingCall(name: string): name is TrainingCall {
  return Object.hasOwn(fewestArguments, name);
}

/** Start of the outermost expression or statement that the call belongs to, within its own function. */
function statementOf(call: Node): SourcePosition {
  let outermost = call;
  for (let node = call.parent; node !== null && !isBoundary(node); node = node.parent) {
    outermost = node;
    if (node.type.endsWith("_statement") || node.type.endsWith("_declaration")) {
      if (node.parent?.type === "export_statement") outermost = node.parent;
      break;
    }
  }
  return positionOf(outermost.startPosition);
}

function isBoundary(node: Node): boolean {
  return (
    node.type === "program" || node.type === "ERROR" || node.type === "statement_block" || functionTypes.has(node.type)
  );
}
