import Module from "node:module";

/** Exports of a package, as CommonJS has them; ES modules that import these packages share them. */
export type PackageExports = Readonly<Record<string, unknown>>;

interface ModuleCache {
  readonly _cache: Readonly<Record<string, { readonly exports: PackageExports } | undefined>>;
}

interface LoadedCopy {
  readonly file: string;
  readonly exports: PackageExports;
}

export interface LoadedCopies {
  readonly cores: readonly LoadedCopy[];
  readonly layers: readonly LoadedCopy[];
}

/** The package's own files, and the copy that the extension carries. */
const mayHoldTensorFlow = /[/\\](tf-core[^/\\]*|tf-layers[^/\\]*|tensorflow)\.c?js$/;

/** The copies of tfjs-core and tfjs-layers that this process has loaded. */
export function loadedCopies(): LoadedCopies {
  const cache = (Module as unknown as ModuleCache)._cache;
  const loaded = Object.entries(cache).flatMap(([file, each]) =>
    each !== undefined && mayHoldTensorFlow.test(file) ? [{ file, exports: each.exports }] : [],
  );
  return {
    cores: loaded.filter(({ exports }) => typeof exports["Optimizer"] === "function" && "SGDOptimizer" in exports),
    layers: loaded.filter(({ exports }) => "Sequential" in exports && typeof exports["layers"] === "object"),
  };
}
