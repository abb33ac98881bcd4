/** Finds where a script trains with TensorFlow.js and where it defines its model. */
import { Query, type Language, type Node, type Tree } from "@vscode/tree-sitter-wasm";
import { Declarations, functionTypes, namedChildren, stringValue } from "./declarations.ts";
import { loadedModule, packageScope, Provenances } from "./provenance.ts";

/** Lines and columns count from 0, columns in UTF-16 code units, as editors count. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

interface SourceRange {
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

type TrainingCall = "fit" | "fitDataset" | "trainOnBatch" | "minimize" | "applyGradients";
type ModelCall = "sequential" | "model";

export type CodeSite =
  /** `statement` is where the statement that the call belongs to begins. */
  | {
      readonly kind: "training";
      readonly call: TrainingCall;
      readonly range: SourceRange;
      readonly statement: SourcePosition;
    }
  | {
      readonly kind: "model";
      readonly call: ModelCall;
      readonly range: SourceRange;
      readonly statement: SourcePosition;
    };

/** Fewest arguments that TensorFlow.js takes: `scaler.fit(data)` and `window.minimize()` are other people's. */
const fewestArguments: Record<TrainingCall, number> = {
  fit: 2,
  fitDataset: 2,
  trainOnBatch: 2,
  minimize: 1,
  applyGradients: 1,
};

const calls = `
(import_statement) @import
(call_expression function: [(identifier) (import)] @callee) @plain
(call_expression
  function: (member_expression property: (property_identifier) @callee)
  (#any-of? @callee "fit" "fitDataset" "trainOnBatch" "minimize" "applyGradients" "sequential" "model")) @method
`;

const queries = new WeakMap<Language, Query>();

function queryFor(language: Language): Query {
  let query = queries.get(language);
  if (query === undefined) {
    query = new Query(language, calls);
    queries.set(language, query);
  }
  return query;
}

/** In the order of the text; nothing in a file that takes nothing from TensorFlow.js. Code that does not parse is read as far as it does. */
export function codeSites(tree: Tree): CodeSite[] {
  const captures = queryFor(tree.language).captures(tree.rootNode);
  const nodes = (name: string) => captures.filter((capture) => capture.name === name).map((capture) => capture.node);
  const plain = nodes("plain");
  const imports = nodes("import").map(importedModule);
  const loads = plain.map(loadedModule);
  if (![...imports, ...loads].some((module) => module?.startsWith(packageScope))) return [];

  const provenances = new Provenances(new Declarations());
  const sites: CodeSite[] = [];
  for (const node of [...plain, ...nodes("method")].sort((one, other) => one.startIndex - other.startIndex)) {
    const site = modelSite(node, provenances) ?? trainingSite(node, provenances);
    if (site !== undefined && !sites.some((outer) => outer.kind === site.kind && encloses(outer.range, site.range))) {
      sites.push(site);
    }
  }
  return sites;
}

function importedModule(statement: Node): string | undefined {
  const clause = namedChildren(statement).find((child) => child.type === "import_require_clause");
  return stringValue((clause ?? statement).childForFieldName("source"));
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

function positionOf(point: { readonly row: number; readonly column: number }): SourcePosition {
  return { line: point.row, column: point.column };
}

function rangeOf(node: Node): SourceRange {
  return { start: positionOf(node.startPosition), end: positionOf(node.endPosition) };
}

function encloses(outer: SourceRange, inner: SourceRange): boolean {
  return !before(inner.start, outer.start) && !before(outer.end, inner.end);
}

function before(one: SourcePosition, other: SourcePosition): boolean {
  return one.line < other.line || (one.line === other.line && one.column < other.column);
}
