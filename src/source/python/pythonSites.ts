/** Finds where a Python script trains with PyTorch and where it defines its model. */
import type { Node, Tree } from "@vscode/tree-sitter-wasm";
import type { CodeSite } from "../codeSite.ts";
import { namedChildren } from "../declarations.ts";
import { before, placesOf, positionOf, rangeOf, type SourcePosition } from "../places.ts";
import { trainingPackages } from "../scope.ts";
import { PythonNames, rootOf } from "./pythonNames.ts";

/** What trains in the script's own loop, and what trains in a loop of a framework's own. */
const loopCalls: readonly string[] = ["backward", "manual_backward", "step"];
const trainerCalls: readonly string[] = ["fit", "train"];

const loops: readonly string[] = ["for_statement", "while_statement"];
const functions: readonly string[] = ["function_definition", "lambda"];

/** What statements stand in, in code that parses and in code that does not yet. */
const bodies: readonly string[] = ["block", "module", "ERROR"];

/** Names of classes whose children are models, with the packages that give them. */
const modelClasses: readonly (readonly [packageName: string, className: RegExp])[] = [
  ["torch", /^torch\.nn\./],
  ["lightning", /\.LightningModule$/],
  ["pytorch_lightning", /\.LightningModule$/],
  ["transformers", /\.(PreTrainedModel|\w+(Model|For\w+))$/],
];

/**
 * In the order of the text; nothing in a file that imports nothing that trains. Of a loop, only the first call that trains;
 * code that does not parse is read as far as it does.
 */
export function pythonSites(tree: Tree, text: string): CodeSite[] {
  const root = tree.rootNode;
  const names = new PythonNames(root);
  if (!names.trains) return [];
  const models = modelSites(root, text, names);
  return [...models, ...trainingSites(root, text, names)].sort((one, other) =>
    before(one.range.start, other.range.start) ? -1 : 1,
  );
}

function trainingSites(root: Node, text: string, names: PythonNames): CodeSite[] {
  const sites: CodeSite[] = [];
  const seen = new Set<number>();
  for (const call of callsOf([...loopCalls, ...trainerCalls], root, text)) {
    const callee = call.childForFieldName("function");
    const object = callee?.childForFieldName("object");
    const name = callee?.childForFieldName("attribute")?.text;
    if (object === null || object === undefined || name === undefined) continue;
    const inLoop = loopCalls.includes(name);
    if (inLoop ? !trainsInLoop(name, object, call, names) : !isTrainer(object, names)) continue;
    const place = inLoop ? loopAround(call) : call;
    if (seen.has(place.id)) continue;
    seen.add(place.id);
    sites.push({ kind: "training", call: name, range: rangeOf(call), statement: statementOf(call) });
  }
  return sites;
}

function modelSites(root: Node, text: string, names: PythonNames): CodeSite[] {
  const classes = names.classes.filter((each) => isModelClass(each, names));
  const inside = (node: Node) =>
    classes.some((each) => each.startIndex <= node.startIndex && node.endIndex <= each.endIndex);
  const stacks = callsOf(["Sequential"], root, text)
    .filter((call) => names.imported(call.childForFieldName("function")) === "torch.nn.Sequential")
    .filter((call) => !inside(call));
  return [
    ...classes.map((each): CodeSite => ({ ...siteOf(each), call: baseNames(each).at(0) ?? "Module" })),
    // One within another belongs to the same model.
    ...stacks
      .filter(
        (call) =>
          !stacks.some(
            (other) => other.id !== call.id && other.startIndex <= call.startIndex && call.endIndex <= other.endIndex,
          ),
      )
      .map((call): CodeSite => ({ ...siteOf(call), call: "Sequential" })),
  ];
}

function siteOf(node: Node): Omit<CodeSite, "call"> {
  return { kind: "model", range: rangeOf(node), statement: statementOf(node) };
}

/** The calls of these names, in the order of the text. Names are looked up in the text, which spares a walk of the tree. */
function callsOf(called: readonly string[], root: Node, text: string): Node[] {
  const calls: Node[] = [];
  const places = called.flatMap((name) => placesOf(name, text));
  for (const place of places.sort((one, other) => one - other)) {
    const name = root.namedDescendantForIndex(place);
    if (name?.startIndex !== place || !called.includes(name.text)) continue;
    const callee = name.parent?.type === "attribute" ? name.parent : name;
    const call = callee.parent;
    if (call?.type === "call" && call.childForFieldName("function")?.id === callee.id) calls.push(call);
  }
  return calls;
}

function trainsInLoop(name: string, object: Node, call: Node, names: PythonNames): boolean {
  if (name !== "step") return true;
  const given = call.childForFieldName("arguments");
  // `scaler.step(optimizer)` steps the optimizer; schedulers, profilers and environments have steps of their own.
  return [object, ...(given === null ? [] : namedChildren(given))].some((each) => isOptimizer(each, names));
}

function isOptimizer(expression: Node, names: PythonNames): boolean {
  const maker = names.maker(expression);
  const imported = names.imported(maker);
  if (imported?.startsWith("torch.optim.lr_scheduler") === true) return false;
  if (imported?.startsWith("torch.optim") === true) return true;
  return /optim|(^|_)opt($|_|\d)/i.test(lastName(expression)) || lastName(maker).endsWith("Optimizer");
}

/** Whether `fit` or `train` of it trains: not so of an estimator's `fit`, nor of `model.train()`. */
function isTrainer(object: Node, names: PythonNames): boolean {
  const maker = names.maker(object);
  if (maker === undefined) return /trainer/i.test(lastName(object));
  const imported = names.imported(maker);
  if (lastName(maker).endsWith("Trainer")) return true;
  const own = maker.type === "identifier" ? names.classNamed(maker.text) : undefined;
  if (own !== undefined) return baseNames(own).some((each) => each.endsWith("Trainer"));
  return imported !== undefined && trainingPackages.includes(rootOf(imported)) && /trainer/i.test(lastName(object));
}

function isModelClass(definition: Node, names: PythonNames, depth = 0): boolean {
  if (depth > 8) return false;
  return basesOf(definition).some((base) => {
    const imported = names.imported(base);
    if (imported !== undefined)
      return modelClasses.some(([from, name]) => rootOf(imported) === from && name.test(imported));
    const own = base.type === "identifier" ? names.classNamed(base.text) : undefined;
    return own !== undefined && isModelClass(own, names, depth + 1);
  });
}

function basesOf(definition: Node): Node[] {
  const bases = definition.childForFieldName("superclasses");
  return bases === null ? [] : namedChildren(bases).filter(({ type }) => type === "identifier" || type === "attribute");
}

function baseNames(definition: Node): string[] {
  return basesOf(definition).map(lastName);
}

/** `optimizer` of `self.optimizer`; empty for what has no name. */
function lastName(expression: Node | undefined): string {
  if (expression?.type === "attribute") return expression.childForFieldName("attribute")?.text ?? "";
  return expression?.type === "identifier" ? expression.text : "";
}

/** The outermost loop around a call (a closure in a loop is run by it), else the function around it, else the file. */
function loopAround(call: Node): Node {
  let loop: Node | undefined;
  let around: Node | undefined;
  for (let node = call.parent; node !== null; node = node.parent) {
    if (loops.includes(node.type)) loop = node;
    if (functions.includes(node.type) || node.parent === null) around ??= node;
  }
  return loop ?? around ?? call;
}

/** Where the statement begins that a call or a class belongs to, decorators included. */
function statementOf(node: Node): SourcePosition {
  let statement = node;
  while (statement.parent !== null && !bodies.includes(statement.parent.type)) statement = statement.parent;
  return positionOf(statement.startPosition);
}
