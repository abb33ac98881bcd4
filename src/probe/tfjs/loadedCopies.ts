import Module from "node:module";

/** Exports of a package, as CommonJS has them; ES modules that import these packages share them. */
export type PackageExports = Readonly<Record<string, unknown>>;

interface ModuleCache {
  readonly _cache: Readonly<Record<string, { readonly exports: PackageExports; readonly loaded: boolean } | undefined>>;
}

/** The copies of tfjs-core and tfjs-layers that this process has finished loading, by what they export. */
export function loadedCopies(): {
  readonly cores: readonly PackageExports[];
  readonly layers: readonly PackageExports[];
} {
  const cache = (Module as unknown as ModuleCache)._cache;
  const cores: PackageExports[] = [];
  const layers: PackageExports[] = [];
  for (const [file, loaded] of Object.entries(cache)) {
    if (loaded === undefined || !mayHoldTensorFlow.test(file)) continue;
    if (isCore(loaded.exports)) cores.push(loaded.exports);
    if (isLayers(loaded.exports)) layers.push(loaded.exports);
  }
  return { cores, layers };
}

/** The package's own files, and the copy that the extension carries. */
const mayHoldTensorFlow = /[/\\](tf-core[^/\\]*|tf-layers[^/\\]*|tensorflow)\.c?js$/;

function isCore(exports: PackageExports): boolean {
  return typeof exports["Optimizer"] === "function" && "SGDOptimizer" in exports;
}

function isLayers(exports: PackageExports): boolean {
  return "Sequential" in exports && typeof exports["layers"] === "object";
}
