import type { ModelRecord, ModuleFacts, SourceSite } from "../record.ts";
import type { Variable } from "./engine.ts";
import type { Layer, LayersModel } from "./layersHook.ts";

export type ModelFacts = Omit<ModelRecord, "t" | "time" | "step">;
type SiteOf = (layer: Layer) => SourceSite | undefined;

/** What a model of tfjs-layers consists of: its layers in order, those of nested models under the nested model's name. */
export function layersModelFacts(model: LayersModel, siteOf: SiteOf): ModelFacts {
  const modules = modulesOf(model, "", siteOf);
  const weighted = modules.filter(hasMatrix);
  const widths = weighted.slice(0, -1).map((module) => module.parameterShapes[0]?.at(-1) ?? 0);
  const source = siteOf(model);
  return {
    id: model.name,
    name: model.name,
    modules,
    parameters: sum(modules.map((module) => module.parameters)),
    ...(widths.length > 0 && { width: Math.max(...widths) }),
    depth: weighted.length,
    ...(source !== undefined && { source }),
  };
}

/** What is known of a model that the script has built from variables: nothing but these. */
export function variablesFacts(variables: readonly Variable[]): ModelFacts {
  const modules = variables.map((variable) => ({
    path: variable.name,
    kind: "Variable",
    parameterShapes: [[...variable.shape]],
    parameters: variable.size,
  }));
  const matrices = variables.filter((variable) => variable.shape.length >= 2).map((variable) => variable.shape);
  const chained = matrices.every((shape, index) => index === 0 || shape.at(-2) === matrices[index - 1]?.at(-1));
  const widths = matrices.slice(0, -1).map((shape) => shape.at(-1) ?? 0);
  return {
    id: "variables",
    modules,
    parameters: sum(modules.map((module) => module.parameters)),
    ...(chained && widths.length > 0 && { width: Math.max(...widths) }),
    depth: matrices.length,
  };
}

/** The variables that a layer, or a model, trains. */
export function variablesOf(layer: Layer): Variable[] {
  return layer.trainableWeights.flatMap(({ val }) => (val === undefined ? [] : [val]));
}

/** Every layer of a model, nested ones with their path. */
export function layersOf(model: LayersModel, above = ""): { readonly path: string; readonly layer: Layer }[] {
  return model.layers.flatMap((layer) => {
    const path = `${above}${layer.name}`;
    return isModel(layer) ? layersOf(layer, `${path}/`) : [{ path, layer }];
  });
}

function isModel(layer: Layer): layer is LayersModel {
  return "layers" in layer && Array.isArray(layer.layers);
}

function modulesOf(model: LayersModel, above: string, siteOf: SiteOf): ModuleFacts[] {
  return layersOf(model, above).map(({ path, layer }) => {
    const shapes = variablesOf(layer).map((variable) => [...variable.shape]);
    const activation = layer.activation?.getClassName?.() ?? cutRectifier(layer);
    const source = siteOf(layer);
    return {
      path,
      kind: layer.getClassName(),
      parameterShapes: shapes,
      parameters: sum(shapes.map((shape) => shape.reduce((product, size) => product * size, 1))),
      ...(activation !== undefined && { activation }),
      ...(source !== undefined && { source }),
    };
  });
}

/** A rectifier that is cut off is another function than the one that its class is called after. */
function cutRectifier({ maxValue }: Layer): string | undefined {
  return typeof maxValue === "number" ? `relu${maxValue}` : undefined;
}

function hasMatrix(module: ModuleFacts): boolean {
  return module.parameterShapes.some((shape) => shape.length >= 2);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
