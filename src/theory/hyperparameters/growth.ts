import type { ModelFacts } from "../facts.ts";
import type { RunView } from "../runView.ts";

type Module = ModelFacts["modules"][number];

/** What a layer's matrix is in a network whose widths grow: between layers that grow, or with data or outputs on one side. */
export type LayerRole = "hidden" | "edge" | "fixed";

export interface WidthGrowth {
  /** Of the one run's widths over the other's. */
  readonly factor: number;
  /** The other's smallest size that grows, in units. */
  readonly narrowest: number;
  /** By the path of each module with one matrix. */
  readonly roles: ReadonlyMap<string, LayerRole>;
}

/**
 * How much wider the model of one run is than that of the other: the same modules, of which every size is the same or grows by one factor.
 * Undefined where their models differ otherwise, or not at all.
 */
export function widthGrowth(one: RunView, other: RunView): WidthGrowth | undefined {
  const [[model, ...more], [base, ...others]] = [one.models, other.models];
  if (model === undefined || base === undefined || more.length + others.length > 0) return undefined;
  if (model.modules.length !== base.modules.length) return undefined;
  const factors = new Set<number>();
  const roles = new Map<string, LayerRole>();
  let narrowest = Infinity;
  for (const [index, module] of model.modules.entries()) {
    const ratios = ratiosOf(module, base.modules[index]);
    if (ratios === undefined) return undefined;
    const sizes = base.modules[index]?.parameterShapes.flat() ?? [];
    for (const [at, ratio] of ratios.flat().entries()) {
      if (ratio === 1) continue;
      factors.add(ratio);
      narrowest = Math.min(narrowest, sizes[at] ?? Infinity);
    }
    const [matrix, ...further] = ratios.filter(({ length }) => length >= 2);
    if (matrix === undefined || further.length > 0) continue;
    const grown = matrix.filter((ratio) => ratio !== 1).length;
    roles.set(module.path, grown === 0 ? "fixed" : grown === 1 ? "edge" : "hidden");
  }
  const [factor, ...unlike] = factors;
  return factor === undefined || unlike.length > 0 ? undefined : { factor, narrowest, roles };
}

/** Of each size of each parameter; undefined where the modules are not alike. */
function ratiosOf(module: Module, base: Module | undefined): readonly (readonly number[])[] | undefined {
  if (base?.kind !== module.kind || base.path !== module.path) return undefined;
  if (base.parameterShapes.length !== module.parameterShapes.length) return undefined;
  const ratios = module.parameterShapes.map((shape, index) => {
    const before = base.parameterShapes[index];
    return before?.length === shape.length ? shape.map((size, axis) => size / (before[axis] ?? NaN)) : [NaN];
  });
  return ratios.flat().every((ratio) => ratio > 0 && ratio < Infinity) ? ratios : undefined;
}

/** Paths of modules with a matrix, of one run and of the other. */
interface Paths {
  readonly now: readonly string[];
  readonly then: readonly string[];
}

export interface DepthGrowth {
  /** Of how many blocks the one run's model has, over the other's. */
  readonly factor: number;
  /** Smallest side of a block's matrices, in units. */
  readonly narrowest: number;
  readonly within: Paths;
  readonly outside: Paths;
}

/** Factors on the depth nearer to one than this tell nothing. */
const leastDeeper = 1.5;

/**
 * How much deeper the model of one run is than that of the other: more, or fewer, modules of the kinds and shapes that both are made of, so that
 * those whose number grows by one factor are the blocks. Undefined where their models differ otherwise, or by too little.
 */
export function depthGrowth(one: RunView, other: RunView): DepthGrowth | undefined {
  const [[model, ...more], [base, ...others]] = [one.models, other.models];
  if (model === undefined || base === undefined || more.length + others.length > 0) return undefined;
  const [now, before] = [byShape(model), byShape(base)];
  if (now.size !== before.size) return undefined;
  const ratios = new Map([...now].map(([shape, all]) => [shape, all.length / (before.get(shape)?.length ?? NaN)]));
  const [factor, ...unlike] = new Set([...ratios.values()].filter((ratio) => ratio !== 1));
  if (factor === undefined || unlike.length > 0) return undefined;
  if (!(factor >= leastDeeper || factor <= 1 / leastDeeper)) return undefined;
  const paths = (modules: ReadonlyMap<string, readonly Module[]>, grown: boolean) =>
    [...modules].flatMap(([shape, all]) => ((ratios.get(shape) === 1) === grown ? [] : all.filter(hasMatrix)));
  const side = (grown: boolean): Paths => {
    const [here, there] = [now, before].map((modules) => paths(modules, grown).map(({ path }) => path));
    return { now: here ?? [], then: there ?? [] };
  };
  const sizes = paths(now, true).flatMap(({ parameterShapes }) =>
    parameterShapes.filter(({ length }) => length >= 2).flatMap((shape) => shape.slice(-2)),
  );
  return { factor, narrowest: Math.min(...sizes), within: side(true), outside: side(false) };
}

function hasMatrix({ parameterShapes }: Module): boolean {
  return parameterShapes.some(({ length }) => length >= 2);
}

/** Modules with weights, by their kinds and shapes. */
function byShape({ modules }: ModelFacts): ReadonlyMap<string, readonly Module[]> {
  const groups = new Map<string, Module[]>();
  for (const module of modules) {
    if (module.parameterShapes.length === 0) continue;
    const name = JSON.stringify([module.kind, module.parameterShapes]);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [module]);
    else known.push(module);
  }
  return groups;
}
